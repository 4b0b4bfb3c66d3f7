// What this kernel and this process can do, found out by trying.

import * as abi from "../core/abi.js";
import { NO_INODE } from "../trace/layout.js";
import { isFillable } from "./filler.js";
import {
  type Libc,
  PR_SET_MEMORY_MERGE,
  PR_SET_VMA,
  PR_SET_VMA_ANON_NAME,
  RLIMIT,
  SYS,
} from "./libc.js";
import { parseMaps } from "./maps.js";
import type { Ready } from "./messages.js";
import type { Opened } from "./open.js";
import { has } from "./vmflags.js";
import type { MapsReader } from "./windows.js";

const PAGE = 4096;
const NO_FILE = 0xffffffffffffffffn;
const GUARD_INSTALL = 102;
/** Where windows may begin, and how much must be free around each. */
const FIRST_BASE = 0x10000000;
const BASE_STEP = 0x400000;
const BASE_LIMIT = 0x40000000;
const MARGIN = 0x2000000;
const LOW_START = 0x40000000;
const LOW_END = 0x80000000;

/** What the probes work with. */
export interface Tools {
  libc: Libc;
  maps: MapsReader;
  files: readonly Opened[];
  scratch: number;
}

/** Tries everything out in the first free place. */
export function probe({ libc, maps, files, scratch }: Tools): Ready {
  const bases = freeBases(maps);
  const at = bases[0] as number;
  const unmap = () => libc.call(SYS.munmap, at, 4 * PAGE);
  const map = (prot: number, flags: number, file: number | bigint = NO_FILE, pages = 1) =>
    libc.call(SYS.mmap, at, pages * PAGE, prot, flags | abi.MAP_FIXED, file, 0);
  const anonymous = abi.MAP_PRIVATE | abi.MAP_ANONYMOUS;
  const succeeds = (value: number) => {
    unmap();
    return value >= 0;
  };

  const shown = files.map(({ name, descriptor }) => {
    const mapped = map(abi.PROT_READ, abi.MAP_PRIVATE, descriptor) >= 0;
    const vma = mapped ? parseMaps(maps.mapsOf([{ start: at, end: at + PAGE }]))[0] : undefined;
    const noexec = map(abi.PROT_EXEC, abi.MAP_PRIVATE, descriptor) === -abi.EPERM;
    unmap();
    return { name, inode: vma && vma.inode !== NO_INODE ? vma.inode : null, noexec };
  });
  const shownFlags = () =>
    parseMaps(maps.smapsOf([{ start: at, end: at + PAGE }]))[0]?.flags?.flags ?? 0;
  map(abi.PROT_READ, anonymous);
  const guarded = libc.call(SYS.madvise, at, PAGE, GUARD_INSTALL) === 0;
  const marked = has(shownFlags(), abi.VM_MAYBE_GUARD);
  unmap();
  map(abi.PROT_READ, anonymous);
  const softDirty = has(shownFlags(), abi.VM_SOFTDIRTY);
  const names = succeeds(
    libc.callWithText(SYS.prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, PAGE, "probe"),
  );
  const droppable = succeeds(map(abi.PROT_READ, abi.MAP_DROPPABLE | abi.MAP_ANONYMOUS));
  map(abi.PROT_EXEC, anonymous);
  const protectionKeys = !succeeds(libc.call(SYS.pwrite, scratch, at, 1, 0));
  const mergeAny = succeeds(libc.call(SYS.prctl, PR_SET_MEMORY_MERGE, 1));
  if (mergeAny) libc.call(SYS.prctl, PR_SET_MEMORY_MERGE, 0);
  return {
    kind: "ready",
    files: shown,
    bases,
    low: placesLow(libc, maps),
    ipcLock: libc.hasIpcLock(),
    memlock: libc.limits(RLIMIT.memlock),
    mseal: libc.call(SYS.mseal, at, 0) === 0,
    droppable,
    names,
    mergeAny,
    guards: guarded ? (marked ? "marked" : "unmarked") : "none",
    fillable: isFillable(maps),
    softDirty,
    protectionKeys,
  };
}

/** Places below 1 GiB with nothing near them, lowest first. Error when there is none. */
function freeBases(maps: MapsReader): number[] {
  const vmas = parseMaps(maps.all());
  const bases: number[] = [];
  for (let base = FIRST_BASE; base < BASE_LIMIT; base += BASE_STEP) {
    const [low, high] = [base - MARGIN, base + BASE_STEP + MARGIN];
    if (!vmas.some(({ start, end }) => start < high && end > low)) bases.push(base);
  }
  if (bases.length === 0) throw new Error("no free place in the child's address space");
  return bases;
}

/** Whether MAP_32BIT takes the lowest place, as it does without address-space randomisation. */
function placesLow(libc: Libc, maps: MapsReader): boolean {
  const flags = abi.MAP_PRIVATE | abi.MAP_ANONYMOUS | abi.MAP_32BIT;
  const places = [1, 2].map(() => libc.call(SYS.mmap, 0, PAGE, 0, flags, NO_FILE, 0));
  for (const place of places) if (place >= 0) libc.call(SYS.munmap, place, PAGE);
  const empty = maps.mapsOf([{ start: LOW_START, end: LOW_END }]) === "";
  return empty && places[0] === LOW_START && places[1] === LOW_START + PAGE;
}
