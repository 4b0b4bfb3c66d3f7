// Colour for a terminal, none for anything else.

import picocolors from "picocolors";

export type Colors = ReturnType<typeof picocolors.createColors>;

/** Colours for a stream: only on a terminal, and never under NO_COLOR. */
export function colorsFor(stream: { isTTY?: boolean }): Colors {
  const wanted = stream.isTTY === true && !process.env.NO_COLOR;
  return picocolors.createColors(wanted);
}
