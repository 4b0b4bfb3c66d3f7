// What an address space starts with: kernel profile, hook, limits, layout.

import {
  HOOK_MMAP,
  NO_LIMIT,
  OVERCOMMIT_GUESS,
  PROFILE_7_3,
  THP_MADVISE,
  TOUCH_NONE,
} from "./abi.js";

export interface Settings {
  /** PROFILE_* */
  profile: number;
  /** HOOK_* */
  hook: number;
  /** TOUCH_* */
  touch: number;
  /** Bytes. With an 8 MiB stack limit and no randomisation: 0x7ffff7fff000. */
  mmapBase: number;
  mmapLegacyBase: number;
  startBrk: number;
  brk: number;
  defFlags: number;
  /** vm.max_map_count */
  maxMapCount: number;
  /** RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_MEMLOCK in bytes. */
  limitAs: number;
  limitData: number;
  limitStack: number;
  limitMemlock: number;
  /** Bytes. */
  stackGuardGap: number;
  mmapMinAddr: number;
  ramPages: number;
  commitLimit: number;
  /** OVERCOMMIT_* */
  overcommit: number;
  /** Transparent huge pages built into the kernel. */
  thp: boolean;
  /** THP_*: which anonymous memory gets them at a fault. */
  thpEnabled: number;
  /** Levels of page tables: 4 or 5. */
  levels: number;
  mdwe: boolean;
  /** PR_SET_MEMORY_MERGE is on. */
  mergeAny: boolean;
  readImpliesExec: boolean;
  /** CAP_IPC_LOCK: RLIMIT_MEMLOCK does not apply. */
  ipcLock: boolean;
  softDirty: boolean;
  /** The CPU has protection keys: the kernel makes PROT_EXEC alone mean execute only. */
  protectionKeys: boolean;
}

export const DEFAULT_SETTINGS: Readonly<Settings> = {
  profile: PROFILE_7_3,
  hook: HOOK_MMAP,
  touch: TOUCH_NONE,
  mmapBase: 0x7ffff7fff000,
  mmapLegacyBase: 0x2aaaaaaab000,
  startBrk: 0x555555600000,
  brk: 0x555555600000,
  defFlags: 0,
  maxMapCount: 65530,
  limitAs: NO_LIMIT,
  limitData: NO_LIMIT,
  limitStack: 8 * 1024 * 1024,
  limitMemlock: 8 * 1024 * 1024,
  stackGuardGap: 256 * 4096,
  mmapMinAddr: 65536,
  ramPages: NO_LIMIT,
  commitLimit: NO_LIMIT,
  overcommit: OVERCOMMIT_GUESS,
  thp: true,
  thpEnabled: THP_MADVISE,
  levels: 4,
  mdwe: false,
  mergeAny: false,
  readImpliesExec: false,
  ipcLock: false,
  softDirty: false,
  protectionKeys: false,
};

export function withDefaults(settings: Partial<Settings>): Settings {
  return { ...DEFAULT_SETTINGS, ...settings };
}
