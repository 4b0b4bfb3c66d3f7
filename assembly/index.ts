export { execute } from "./commands";
export { mapleDigest } from "./maple/digest";
export { layout, pageTablePages, regionAt, regions, reset, shape, usedBytes } from "./space";
export { checkSpace as check } from "./vma/check";
