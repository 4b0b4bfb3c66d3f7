// What came of a hook: the address space before and after, compared with what mmap promises.

import { type Protocol, whyNoPtes } from "../catalogue/kernels.js";
import * as abi from "../core/abi.js";
import type { VmaView } from "../core/core.js";
import {
  CLASS_IDS,
  type ClassId,
  FINDINGS,
  type FindingId,
  OF_ALARM,
  type ReactionId,
} from "./findings.js";
import type { Look } from "./run.js";
import { PAGE, type World } from "./world.js";

export interface Evidence {
  world: World;
  protocol: Protocol;
  before: Look;
  after: Look;
  /** What mmap returned. */
  value: number;
  /** The first broken invariant, 0 = none. */
  rule: number;
  /** ALARM_* */
  alarms: number;
  hookCalls: number;
  lateFailures: number;
  ptesSet: number;
  corruptions: number;
}

export interface Judged {
  /** An address or -errno. */
  value: number;
  rule: number;
  classes: readonly ClassId[];
  findings: readonly FindingId[];
  reactions: readonly ReactionId[];
}

// Numbers of invariants, docs/model.md.
const RULE_VMA_RANGE = 20;
const RULE_COMMITTED = 26;
const RULE_ATTACHED = 24;
const RULE_ANON_OFFSET = 27;
/** Below 20 it is the tree; after these too the list of VMAs is not to be trusted. */
const STRUCTURE = [RULE_VMA_RANGE, 21, RULE_ATTACHED, 28, 29, 30, 31];
const ACCOUNTS = [22, 23, 25];

export function judge(evidence: Evidence): Judged {
  const { value, rule, alarms, world } = evidence;
  const findings: FindingId[] = [];
  const sound = rule === 0 || (rule >= RULE_VMA_RANGE && !STRUCTURE.includes(rule));
  if (sound) findings.push(...books(evidence));
  if (lostPages(evidence)) findings.push("old-mapping");
  if (alarms & abi.ALARM_ZAPPED_ELSEWHERE) findings.push("neighbour-pages");
  if (value >= 0 && evidence.hookCalls === 0 && changesSomething(world)) {
    findings.push("hook-skipped");
  }
  if (sound && altersNeighbour(evidence)) findings.push("neighbour-altered");
  if (value < 0 && evidence.lateFailures > 0) findings.push("undone-late");
  if (value >= 0 && sound) findings.push(...bypassed(evidence));
  if (rule !== 0 && rule !== RULE_COMMITTED) findings.push(brokenBy(rule));
  else if (reverseMapIsWrong(evidence)) findings.push("reverse-map");
  return {
    value,
    rule,
    classes: classesOf(findings, value),
    findings,
    reactions: reactionsTo(evidence, findings),
  };
}

function classesOf(findings: readonly FindingId[], value: number): ClassId[] {
  if (findings.length === 0) return [value >= 0 ? "clean" : "refused"];
  const found = new Set<ClassId>(findings.map((id) => FINDINGS[id].class));
  return CLASS_IDS.filter((id) => found.has(id));
}

function brokenBy(rule: number): FindingId {
  if (rule === RULE_ANON_OFFSET) return "anon-offset";
  return ACCOUNTS.includes(rule) ? "accounts" : "tree";
}

const has = (flags: number, bit: number) => Math.floor(flags / bit) % 2 === 1;
const pagesOf = ({ start, end }: VmaView) => (end - start) / PAGE;

/** References and charges against what the mappings own; only what the call has changed counts. */
function books({ before, after }: Evidence): FindingId[] {
  const found: FindingId[] = [];
  const balances = (look: Look) =>
    look.files.map(({ refs }, i) => refs - look.layout.filter((vma) => vma.file === i + 1).length);
  const was = balances(before);
  const changes = balances(after).map((balance, i) => balance - (was[i] ?? 0));
  if (changes.some((change) => change > 0)) found.push("file-leak");
  if (changes.some((change) => change < 0)) found.push("file-overput");
  const excess = chargeExcess(after) - chargeExcess(before);
  if (excess > 0) found.push("charge-leak");
  if (excess < 0) found.push("undercharge");
  return found;
}

function chargeExcess({ layout, account }: Look): number {
  let owned = 0;
  for (const vma of layout) if (has(vma.flags, abi.VM_ACCOUNT)) owned += pagesOf(vma);
  return account.committed - owned;
}

/** i_mmap of each file against the VMAs that should be in it. */
function reverseMapIsWrong({ after }: Evidence): boolean {
  return after.files.some(({ mapped, writable }, i) => {
    const own = after.layout.filter((vma) => vma.file === i + 1);
    const writers = own.filter(
      ({ flags }) => has(flags, abi.VM_SHARED) && has(flags, abi.VM_MAYWRITE),
    );
    return mapped !== own.length || writable !== writers.length;
  });
}

/** The range that the call has mapped; nothing when it failed. */
function mappedRange({ value, world }: Evidence): { start: number; end: number } {
  if (value < 0) return { start: 0, end: 0 };
  return { start: value, end: value + Math.ceil(Number(world.call.len) / PAGE) * PAGE };
}

/** Whether memory that was mapped is not any more, outside the range that the call has mapped. */
function lostPages(evidence: Evidence): boolean {
  const range = mappedRange(evidence);
  return evidence.before.layout.some((vma) =>
    outside(vma, range).some(([start, end]) => !isCovered(evidence.after.layout, start, end)),
  );
}

/** The parts of a VMA outside a range. */
function outside(
  { start, end }: VmaView,
  range: { start: number; end: number },
): (readonly [number, number])[] {
  if (range.end <= start || range.start >= end) return [[start, end]];
  const parts: (readonly [number, number])[] = [];
  if (start < range.start) parts.push([start, range.start]);
  if (end > range.end) parts.push([range.end, end]);
  return parts;
}

function isCovered(layout: readonly VmaView[], start: number, end: number): boolean {
  let at = start;
  for (const vma of layout) {
    if (vma.start <= at && vma.end > at) at = vma.end;
    if (at >= end) return true;
  }
  return false;
}

function altersNeighbour(evidence: Evidence): boolean {
  const range = mappedRange(evidence);
  return evidence.before.layout.some((old) =>
    outside(old, range).some(([start]) => {
      const now = evidence.after.layout.find((vma) => vma.start <= start && vma.end > start);
      return now !== undefined && !isAlike(old, now);
    }),
  );
}

function isAlike(old: VmaView, now: VmaView): boolean {
  return (
    plain(old.flags) === plain(now.flags) &&
    old.file === now.file &&
    old.ops === now.ops &&
    old.privateData === now.privateData &&
    old.pgoff - old.start / PAGE === now.pgoff - now.start / PAGE
  );
}

/** The flags without the marks that the kernel itself sets and drops in a merge. */
function plain(flags: number): number {
  return [abi.VM_SOFTDIRTY, abi.VM_MAYBE_GUARD].reduce(
    (rest, bit) => (has(rest, bit) ? rest - bit : rest),
    flags,
  );
}

/** Whether the hook would have done more than install its ops. */
function changesSomething({ driver, writes }: World): boolean {
  const { flagsSet, flagsCleared, eager, failPoint, behaviour, swapFile } = driver;
  const ordinary = [flagsSet, flagsCleared, eager, failPoint, behaviour, swapFile];
  return writes.length > 0 || ordinary.some((field) => (field ?? 0) !== 0);
}

/** Checks that mmap makes, on what has come of it. */
function bypassed({ world, before, after, value }: Evidence): FindingId[] {
  const found: FindingId[] = [];
  const { settings, files } = world;
  const vma = after.layout.find(({ start, end }) => start <= value && end > value);
  if (vma) {
    const [writes, executes] = [has(vma.flags, abi.VM_WRITE), has(vma.flags, abi.VM_EXEC)];
    if (settings.mdwe && writes && executes) found.push("write-execute");
    const mode = files[vma.file - 1]?.mode ?? abi.FILE_MODE_WRITE;
    const shared = has(vma.flags, abi.VM_SHARED) && has(vma.flags, abi.VM_MAYWRITE);
    if (shared && (mode & abi.FILE_MODE_WRITE) === 0) found.push("read-only-file");
  }
  const over = (name: "lockedVm" | "dataVm", limit: number | undefined) =>
    limit !== undefined &&
    after.account[name] * PAGE > limit &&
    after.account[name] > before.account[name];
  if (over("lockedVm", settings.limitMemlock)) found.push("locked-limit");
  if (over("dataVm", settings.limitData)) found.push("data-limit");
  return found;
}

function reactionsTo(evidence: Evidence, findings: readonly FindingId[]): ReactionId[] {
  const { alarms, rule, after, value, corruptions } = evidence;
  const found: ReactionId[] = [];
  for (const [bit, id] of OF_ALARM) if (alarms & bit) found.push(id);
  if (rule === RULE_ATTACHED || (rule === RULE_VMA_RANGE && keepsReplaced(evidence))) {
    found.push("freed-in-tree");
  }
  if (findings.includes("file-overput")) found.push("file-freed");
  if (corruptions > 0) found.push("merge-swapped");
  if (value >= 0 && hookSetSpecialPtes(evidence)) {
    const vma = after.layout.find(({ start, end }) => start <= value && end > value);
    const special = vma && (has(vma.flags, abi.VM_PFNMAP) || has(vma.flags, abi.VM_MIXEDMAP));
    if (vma && !special) found.push("bad-page-map");
  }
  return found;
}

/** Whether the hook has remapped PFNs; a locked mapping is populated besides, which sets PTEs too. */
function hookSetSpecialPtes({ world, protocol, hookCalls, ptesSet }: Evidence): boolean {
  const { driver, call } = world;
  const locked = (Number(call.flags) & abi.MAP_LOCKED) !== 0;
  const remaps = driver.eager === abi.EAGER_REMAP_PFN && whyNoPtes(protocol) === null;
  return remaps && hookCalls > 0 && ptesSet > 0 && !locked;
}

/** Whether the tree still holds a VMA that lay in the range and was therefore freed. */
function keepsReplaced(evidence: Evidence): boolean {
  const range = mappedRange(evidence);
  const replaced = evidence.before.layout.filter(
    ({ start, end }) => start >= range.start && end <= range.end,
  );
  return replaced.some((old) => evidence.after.layout.some(({ id }) => id === old.id));
}
