// Lines of /proc/PID/maps and /proc/PID/smaps, as the kernel writes them.
//
//   10000000-10003000 rw-p 00000000 00:01 2055                               /dev/zero (deleted)
//   ProtectionKey:         0
//   VmFlags: rd wr mr mw me ac

import { VM_PKEY_BIT0 } from "../core/abi.js";
import { addVma, type RecordedLayout, type RecordedVma } from "../trace/layout.js";
import { parseVmFlags, type ShownFlags } from "./vmflags.js";

/** A VMA that the kernel shows; its flags only in smaps. */
export interface LiveVma extends RecordedVma {
  flags: ShownFlags | null;
}

const LINE = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) (\d+) *(.*)$/;
const KEY = /^ProtectionKey: +(\d+)$/;
const FLAGS = /^VmFlags: (.*)$/;

/** The VMAs of a text of maps or smaps lines; other lines of smaps are passed over. Error for a line out of place. */
export function parseMaps(text: string): LiveVma[] {
  const vmas: LiveVma[] = [];
  let key = 0;
  const lines = text.split("\n");
  lines.forEach((line, i) => {
    const flags = FLAGS.exec(line);
    const keyed = KEY.exec(line);
    if (keyed) {
      key = Number(keyed[1]);
    } else if (flags) {
      const shown = parseVmFlags(flags[1] as string);
      const vma = vmas.at(-1);
      if (!vma || !shown) throw new Error(`/proc/self/smaps: unknown line "${line}"`);
      if (key > 0) shown.flags += VM_PKEY_BIT0;
      vma.flags = shown;
    } else if (LINE.test(line)) {
      vmas.push({ ...recordedVma(line, i + 1), flags: null });
    } else if (line !== "" && !/^[A-Za-z_]+:/.test(line)) {
      throw new Error(`/proc/self/maps: unknown line "${line}"`);
    }
  });
  return vmas;
}

/** The line in the form of recorded layouts. */
function recordedVma(line: string, number: number): RecordedVma {
  const [, start, end, perms, offset, device, inode, name] = LINE.exec(line) as RegExpExecArray;
  const bytes = Number.parseInt(offset as string, 16).toString(16);
  const layout: RecordedLayout = { vmas: [], gate: null };
  const text = `0x${start}-0x${end} ${perms} 0x${bytes} ${device}:${inode} ${name}`;
  addVma(layout, text, "/proc/self/maps", number);
  return layout.vmas[0] as RecordedVma;
}
