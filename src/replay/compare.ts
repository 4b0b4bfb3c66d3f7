// Comparing a layout of the model with one that the kernel showed. Pure functions.

import { PAGE_SIZE, VM_EXEC, VM_GROWSDOWN, VM_MAYSHARE, VM_READ, VM_WRITE } from "../core/abi.js";
import type { VmaView } from "../core/core.js";
import { NO_INODE, type RecordedLayout } from "../trace/layout.js";
import { hexText } from "../trace/words.js";

export interface LayoutComparison {
  /** Same ranges, permissions, file and offset at every address; the grown part of the stack set aside. */
  coverage: boolean;
  /** The same list of VMAs. */
  exact: boolean;
  /** The first address where they differ in coverage, or else the first VMA that differs; in words. */
  difference: string | null;
}

/** What maps shows of a VMA. Offset in bytes, 0 for memory without a file. */
interface Shown {
  start: number;
  end: number;
  perms: string;
  offset: number;
  /** `MAJ:MIN:INODE`, or `file N` for a file of the model that no inode is known of. */
  file: string;
}

/**
 * Compares the kernel's layout with the model's. `inodes[n - 1]` is the inode of file id n, null or absent
 * for files that the model made or the trace does not name: such a file may be any one recorded inode that
 * is not otherwise known, the same one throughout.
 */
export function compareLayouts(
  recorded: RecordedLayout,
  model: readonly VmaView[],
  inodes: readonly (string | null)[],
): LayoutComparison {
  const kernel = recorded.vmas.map(
    ({ start, end, perms, offset, inode }): Shown => ({
      start,
      end,
      perms,
      offset: inode === NO_INODE ? 0 : offset,
      file: inode,
    }),
  );
  const ours = model.map((vma) => shown(vma, inodes));
  const aside = grownStack(recorded, model);
  const coverage = firstUncovered(cut(kernel, aside), cut(ours, aside), new Files(inodes));
  const exact = firstUnequal(kernel, ours, new Files(inodes));
  return { coverage: coverage === null, exact: exact === null, difference: coverage ?? exact };
}

function shown(vma: VmaView, inodes: readonly (string | null)[]): Shown {
  const letter = (bit: number, yes: string, no = "-") =>
    Math.floor(vma.flags / bit) % 2 === 1 ? yes : no;
  const perms =
    letter(VM_READ, "r") +
    letter(VM_WRITE, "w") +
    letter(VM_EXEC, "x") +
    letter(VM_MAYSHARE, "s", "p");
  const { start, end, file } = vma;
  if (file === 0) return { start, end, perms, offset: 0, file: NO_INODE };
  const offset = vma.pgoff * Number(PAGE_SIZE);
  return { start, end, perms, offset, file: inodes[file - 1] ?? `file ${file}` };
}

/** Which recorded inode each file without a known one stands for, decided at first sight. */
class Files {
  private readonly known: Set<string>;
  private readonly inodeOf = new Map<string, string>();
  constructor(inodes: readonly (string | null)[]) {
    this.known = new Set(inodes.filter((inode) => inode !== null));
    this.known.add(NO_INODE);
  }

  same(recorded: string, model: string): boolean {
    if (!model.startsWith("file ")) return recorded === model;
    const inode = this.inodeOf.get(model);
    if (inode !== undefined) return inode === recorded;
    if (this.known.has(recorded)) return false;
    this.known.add(recorded);
    this.inodeOf.set(model, recorded);
    return true;
  }
}

/** The range by which one stack is larger than the other; empty when neither is or there is no stack. */
function grownStack(recorded: RecordedLayout, model: readonly VmaView[]): [number, number] {
  const kernel = recorded.vmas.find(({ name }) => name === "[stack]");
  const ours = model.find(
    (vma) => Math.floor(vma.flags / VM_GROWSDOWN) % 2 === 1 && vma.end === kernel?.end,
  );
  if (!kernel || !ours) return [0, 0];
  return [Math.min(kernel.start, ours.start), Math.max(kernel.start, ours.start)];
}

/** The list without what lies in a range. */
function cut(vmas: readonly Shown[], [from, to]: [number, number]): Shown[] {
  if (from === to) return [...vmas];
  const part = (vma: Shown, start: number, end: number): Shown[] => {
    if (start >= end) return [];
    const moved = vma.file === NO_INODE ? 0 : start - vma.start;
    return [{ ...vma, start, end, offset: vma.offset + moved }];
  };
  return vmas.flatMap((vma) => [
    ...part(vma, vma.start, Math.min(vma.end, from)),
    ...part(vma, Math.max(vma.start, to), vma.end),
  ]);
}

/** Walks both lists in step and describes the first address where they show different things. */
function firstUncovered(
  kernel: readonly Shown[],
  model: readonly Shown[],
  files: Files,
): string | null {
  let [i, j, at] = [0, 0, 0];
  for (;;) {
    const x = kernel[i];
    const y = model[j];
    if (!x && !y) return null;
    const xStart = x ? Math.max(x.start, at) : Number.POSITIVE_INFINITY;
    const yStart = y ? Math.max(y.start, at) : Number.POSITIVE_INFINITY;
    at = Math.min(xStart, yStart);
    if (!x || !y || xStart !== yStart || !sameAt(x, y, at, files)) {
      const kernelHas = xStart === at ? x : undefined;
      return `at ${hexText(at)}: kernel ${text(kernelHas)}, model ${text(yStart === at ? y : undefined)}`;
    }
    at = Math.min(x.end, y.end);
    if (x.end === at) i++;
    if (y.end === at) j++;
  }
}

function sameAt(x: Shown, y: Shown, at: number, files: Files): boolean {
  if (x.perms !== y.perms || !files.same(x.file, y.file)) return false;
  return x.file === NO_INODE || x.offset + (at - x.start) === y.offset + (at - y.start);
}

function firstUnequal(
  kernel: readonly Shown[],
  model: readonly Shown[],
  files: Files,
): string | null {
  for (let i = 0; i < Math.max(kernel.length, model.length); i++) {
    const [x, y] = [kernel[i], model[i]];
    const same = x && y && x.start === y.start && x.end === y.end && sameAt(x, y, x.start, files);
    if (!same) return `VMA ${i + 1}: kernel ${text(x)}, model ${text(y)}`;
  }
  return null;
}

function text(vma: Shown | undefined): string {
  if (!vma) return "nothing";
  const range = `${hexText(vma.start)}-${hexText(vma.end)} ${vma.perms}`;
  return vma.file === NO_INODE ? range : `${range} ${hexText(vma.offset)} ${vma.file}`;
}
