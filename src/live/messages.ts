// What the command and its child process say to each other. Structured clone carries it, bigints included.

import type { Word } from "../core/operation.js";

/** Addresses [start, end) in bytes, for nothing but the calls compared. */
export interface Window {
  start: number;
  end: number;
}

/** How the address space is set up before the calls of an episode. */
export interface Conditions {
  /** RLIMIT_MEMLOCK in pages, with CAP_IPC_LOCK dropped; null: as the process was started. */
  memlock: number | null;
  /** Personality READ_IMPLIES_EXEC. */
  readImpliesExec: boolean;
  /** PR_SET_MEMORY_MERGE */
  mergeAny: boolean;
  /** So many VMAs more than there are before vm.max_map_count is reached; null: plenty. */
  room: number | null;
}

export const ORDINARY: Conditions = {
  memlock: null,
  readImpliesExec: false,
  mergeAny: false,
  room: null,
};

/** What to look at once a step is done. */
export const LOOK_AT_NOTHING = 0;
export const LOOK_AT_MAPS = 1;
export const LOOK_AT_SMAPS = 2;

/** A system call: its number and its arguments. */
export interface SystemCall {
  number: number;
  args: Word[];
  /** Index of the file whose descriptor is argument 4. */
  file?: number;
  /** Text whose address is argument 4. */
  text?: string;
}

/** One access to each page: the answer is how many there were, or -errno of the first that failed. */
export interface Accesses {
  addr: number;
  pages: number;
  write: boolean;
}

/** A limit in force for the length of one call: so many pages more than there are. */
export interface Limit {
  resource: "as" | "data";
  /** May be negative. */
  headroom: number;
}

/** A step of an episode: each call gives one answer. */
export interface ChildStep {
  calls: (SystemCall | Accesses)[];
  limit?: Limit;
  look: number;
}

export interface EpisodeRequest {
  windows: readonly Window[];
  conditions: Conditions;
  steps: readonly ChildStep[];
}

/** What the kernel showed of the windows after a step. */
export interface Shown {
  step: number;
  /** Lines of maps or smaps. */
  text: string;
  /** Pages locked, compared with the beginning of the episode. */
  locked: number;
}

export interface EpisodeReply {
  kind: "episode";
  /** Addresses, counts or -errno of all calls, in order. */
  values: Float64Array;
  shown: Shown[];
  /** Pages that count as locked now that the windows are empty again. */
  lockedLeft: number;
  /** The process itself has mapped or unmapped something where that mattered: the answers say nothing. */
  disturbed: boolean;
}

/** How the child is started. */
export interface ChildOptions {
  /** Folder on a file system whose files are to be mapped; null: none. The child gets an empty one in it. */
  folder: string | null;
}

/** A file that the child has open. */
export interface OpenFile {
  name: FileName;
  /** `MAJ:MIN:INODE` as maps shows it; null where it cannot be mapped. */
  inode: string | null;
  /** The file system refuses PROT_EXEC. */
  noexec: boolean;
}

export type FileName =
  | "memfd"
  | "memfd-again"
  | "memfd-read-only"
  | "memfd-sealed"
  | "dev-zero"
  | "file"
  | "file-again"
  | "file-read-only"
  | "file-write-only"
  | "second-file"
  | "folder";

/** Pages of every file that has a size. */
export const FILE_PAGES = 4096;

/** What the child found out about the kernel and itself. */
export interface Ready {
  kind: "ready";
  files: OpenFile[];
  /** Free ranges to work in, lowest first; each is far from everything else. */
  bases: number[];
  /** MAP_32BIT places from 0x40000000 up, and nothing else is there. */
  low: boolean;
  ipcLock: boolean;
  /** RLIMIT_MEMLOCK in bytes, Infinity for none. */
  memlock: { soft: number; hard: number };
  /** Whether mseal(2), MAP_DROPPABLE, PR_SET_VMA, PR_SET_MEMORY_MERGE are there. */
  mseal: boolean;
  droppable: boolean;
  names: boolean;
  mergeAny: boolean;
  /** madvise(MADV_GUARD_INSTALL): not there, or whether its VMA gets VM_MAYBE_GUARD. */
  guards: "none" | "unmarked" | "marked";
  /** The address space can be filled with VMAs up to vm.max_map_count. */
  fillable: boolean;
  softDirty: boolean;
  protectionKeys: boolean;
}

export type Reply = Ready | EpisodeReply;
