export { execute } from "./commands";
export { mapleDigest } from "./maple/digest";
export { layout, pageTablePages, regionAt, regions, reset, shape, usedBytes } from "./space";
export { startCpus } from "./tlb/cpu";
export { accessRecorded } from "./tlb/stream";
export { checkSpace as check } from "./vma/check";
