// Layout files: one VMA a line in address order, `START END FLAGS PGOFF FILE`.

import { VM_SOFTDIRTY } from "../core/abi.js";
import type { VmaView } from "../core/core.js";

/**
 * The lines of a layout: addresses and vm_flags hexadecimal without 0x, SOFTDIRTY left out, offset in pages
 * decimal, file a number or -. `fileNumbers[n - 1]` is the number of file id n; files that the model made
 * itself get the numbers above all of those.
 */
export function layoutLines(vmas: readonly VmaView[], fileNumbers: readonly number[]): string[] {
  const above = fileNumbers.reduce((most, number) => Math.max(most, number), 0);
  const numberOf = (file: number) => fileNumbers[file - 1] ?? above + file - fileNumbers.length;
  return vmas.map(({ start, end, flags, pgoff, file }) => {
    const dirty = Math.floor(flags / VM_SOFTDIRTY) % 2 === 1;
    const kept = dirty ? flags - VM_SOFTDIRTY : flags;
    const hex = [start, end, kept].map((word) => word.toString(16)).join(" ");
    return `${hex} ${pgoff} ${file === 0 ? "-" : numberOf(file)}`;
  });
}
