// A document of sections whose rows are cut so that the whole stays below a number of characters.

export interface Section {
  /** What comes before the rows. */
  head: string[];
  /** What may be left out, the most important first. */
  rows: string[];
  tail: string[];
  /** Said where rows were left out: `... and 12 more`. */
  more?: (left: number) => string;
}

export function fixed(...lines: string[]): Section {
  return { head: lines, rows: [], tail: [] };
}

/** The sections, an empty line between them. Rows are given room in the order of the sections. */
export function bounded(sections: readonly Section[], limit: number): string {
  const size = (lines: readonly string[]) => lines.reduce((sum, line) => sum + line.length + 1, 0);
  const reserve = 120; // of each section: the line that says how many rows are left out
  let room = limit;
  for (const { head, tail } of sections) room -= size(head) + size(tail) + reserve;
  const texts = sections.map(({ head, rows, tail, more }) => {
    const shown: string[] = [];
    for (const row of rows) {
      if (row.length + 1 > room) break;
      room -= row.length + 1;
      shown.push(row);
    }
    const left = rows.length - shown.length;
    const note = left > 0 ? ["", more?.(left) ?? `... and ${left} more.`] : [];
    return [...head, ...shown, ...note, ...tail].join("\n");
  });
  return `${texts.filter((text) => text !== "").join("\n\n")}\n`;
}
