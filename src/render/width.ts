// What text takes on a terminal, and text cut to what there is.

import stringWidth from "string-width";

/** Columns of a terminal, or what a pipe gets. */
export const PIPE_COLUMNS = 100;

export function columnsOf(stream: { isTTY?: boolean; columns?: number }): number {
  return stream.isTTY && stream.columns ? Math.max(stream.columns, 20) : PIPE_COLUMNS;
}

/** Columns that a text takes, colours not counted. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Plain text in at most `width` columns: the middle is left out, since names differ at both ends. */
export function cutMiddle(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const parts = [...graphemes.segment(text)].map(({ segment }) => segment);
  const tail = taken(parts.toReversed(), Math.floor((width - 1) / 2)).toReversed();
  const head = taken(parts, width - 1 - widthOf(tail.join("")));
  return `${head.join("")}…${tail.join("")}`;
}

/** As many parts from the start as fit. */
function taken(parts: readonly string[], width: number): string[] {
  let left = width;
  let count = 0;
  for (const part of parts) {
    left -= widthOf(part);
    if (left < 0) break;
    count++;
  }
  return parts.slice(0, count);
}
