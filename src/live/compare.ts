// The kernel's answers and layouts against the model's: the first difference.

import * as abi from "../core/abi.js";
import type { VmaView } from "../core/core.js";
import { errnoText } from "../replay/errno.js";
import { NO_INODE } from "../trace/layout.js";
import type { Expectation, ExpectedLayout } from "./expectation.js";
import { type LiveVma, parseMaps } from "./maps.js";
import type { EpisodeReply, Shown } from "./messages.js";
import { PAGE } from "./steps.js";
import { flagLetters, has, sameFlags } from "./vmflags.js";

/** `died`: the child process, before it could answer. */
export type DifferenceKind = "result" | "layout" | "flags" | "locked" | "died";

/** The first thing that differs. */
export interface Difference {
  /** Index of the step after which it was seen. */
  step: number;
  kind: DifferenceKind;
  /** One number each for a result or the pages locked; the VMAs for the rest. */
  kernel: string[];
  model: string[];
}

export interface ComparisonOptions {
  /** `MAJ:MIN:INODE` of file id n at n - 1; null where it cannot be mapped. */
  inodes: readonly (string | null)[];
  /** The kernel keeps SOFTDIRTY. */
  softDirty: boolean;
}

/** Compares an episode; null when everything is the same. Error when the reply is not one to the expectation. */
export function firstDifference(
  expected: Expectation,
  reply: EpisodeReply,
  options: ComparisonOptions,
): Difference | null {
  const inodes = new Inodes(options.inodes);
  const shown = new Map(reply.shown.map((moment) => [moment.step, moment]));
  let at = 0;
  for (const [step, { values, layout }] of expected.steps.entries()) {
    for (const value of values) {
      const kernel = reply.values[at++];
      if (kernel !== value) {
        return { step, kind: "result", kernel: [answerText(kernel)], model: [answerText(value)] };
      }
    }
    if (layout === null) continue;
    const moment = shown.get(step);
    if (!moment) throw new Error("the child did not look where it was told to");
    const difference = layoutDifference(layout, moment, inodes, options.softDirty);
    if (difference) return { step, ...difference };
  }
  return null;
}

function layoutDifference(
  { vmas, locked }: ExpectedLayout,
  moment: Shown,
  inodes: Inodes,
  softDirty: boolean,
): Omit<Difference, "step"> | null {
  const live = parseMaps(moment.text);
  const lines = (kind: DifferenceKind) => ({
    kind,
    kernel: live.map(liveLine),
    model: vmas.map((vma) => modelLine(vma, inodes)),
  });
  if (live.length !== vmas.length) return lines("layout");
  for (const [i, vma] of vmas.entries()) {
    if (!sameVma(live[i] as LiveVma, vma, inodes)) return lines("layout");
  }
  for (const [i, vma] of vmas.entries()) {
    const { flags } = live[i] as LiveVma;
    if (flags && !sameFlags(flags, vma.flags, softDirty)) return lines("flags");
  }
  if (moment.locked !== locked) {
    return { kind: "locked", kernel: [`${moment.locked} pages`], model: [`${locked} pages`] };
  }
  return null;
}

function sameVma(live: LiveVma, vma: VmaView, inodes: Inodes): boolean {
  if (live.start !== vma.start || live.end !== vma.end) return false;
  if (live.perms !== permsOf(vma.flags)) return false;
  if (vma.file === 0) return live.inode === NO_INODE;
  return live.offset === vma.pgoff * PAGE && inodes.same(vma.file, live.inode);
}

/** The four letters that maps shows. */
function permsOf(flags: number): string {
  const letter = (bit: number, yes: string, no = "-") => (has(flags, bit) ? yes : no);
  return (
    letter(abi.VM_READ, "r") +
    letter(abi.VM_WRITE, "w") +
    letter(abi.VM_EXEC, "x") +
    letter(abi.VM_MAYSHARE, "s", "p")
  );
}

/** Which inode each file of the model is. Those that the model made itself are decided at first sight. */
class Inodes {
  private readonly of = new Map<number, string>();
  private readonly taken = new Set<string>([NO_INODE]);

  constructor(known: readonly (string | null)[]) {
    known.forEach((inode, i) => {
      if (inode === null) return;
      this.of.set(i + 1, inode);
      this.taken.add(inode);
    });
  }

  same(file: number, inode: string): boolean {
    const known = this.of.get(file);
    if (known !== undefined) return known === inode;
    if (this.taken.has(inode)) return false;
    this.taken.add(inode);
    this.of.set(file, inode);
    return true;
  }

  text(file: number): string {
    return this.of.get(file) ?? `file ${file}`;
  }
}

const range = (start: number, end: number) => `${start.toString(16)}-${end.toString(16)}`;

function liveLine({ start, end, perms, inode, offset, flags }: LiveVma): string {
  const file = inode === NO_INODE ? "-" : `${inode}+${(offset / PAGE).toString(16)}`;
  const line = `${range(start, end)} ${perms} ${file}`;
  return flags ? `${line} ${flagLetters(flags.flags)}${flags.unnamed ? " ??" : ""}` : line;
}

function modelLine(vma: VmaView, inodes: Inodes): string {
  const file = vma.file === 0 ? "-" : `${inodes.text(vma.file)}+${vma.pgoff.toString(16)}`;
  return `${range(vma.start, vma.end)} ${permsOf(vma.flags)} ${file} ${flagLetters(vma.flags)}`;
}

/** An answer: an address, a count, or an error by its name. */
export function answerText(value: number | undefined): string {
  if (value === undefined) return "nothing";
  if (value >= PAGE) return `0x${value.toString(16)}`;
  if (value >= 0) return String(value);
  return errnoText(value);
}
