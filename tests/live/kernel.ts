// Whether this machine can run calls of its own kernel.

import { openLibc } from "../../src/live/libc.js";

/** Why it cannot; null when it can. */
export function reasonToSkip(): string | null {
  try {
    openLibc();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Name of a group of tests that need the kernel. */
export function onKernel(name: string): string {
  const reason = reasonToSkip();
  return reason === null ? name : `${name} (skipped: ${reason})`;
}
