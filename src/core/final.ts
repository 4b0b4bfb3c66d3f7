// What a run leaves behind.

import type { Core } from "./core.js";

export interface FinalState {
  vmas: number;
  treeHeight: number;
  treeLeaves: number;
  treeInner: number;
  pageTablePages: number;
  committedPages: number;
}

export function finalState(core: Core): FinalState {
  const shape = core.shape();
  const account = core.account();
  return {
    vmas: account.mapCount,
    treeHeight: shape.height,
    treeLeaves: shape.leaves,
    treeInner: shape.inner,
    pageTablePages: core.pageTablePages(),
    committedPages: account.committed,
  };
}
