// Colour for a terminal, none for anything else.

import picocolors from "picocolors";

export type Colors = ReturnType<typeof picocolors.createColors>;

/** Colours for a stream: only on a terminal, and never under NO_COLOR. */
export function colorsFor(stream: { isTTY?: boolean }): Colors {
  const wanted = stream.isTTY === true && !process.env.NO_COLOR;
  return picocolors.createColors(wanted);
}

/**
 * Of the 256 colours those that read on light and on dark ground, and are told apart by the colour-blind; terminals
 * show yellow and blue of the sixteen as they like.
 */
const READABLE = { orange: 166, blue: 32, purple: 133 } as const;

/** The text in that colour, where `colors` has any. */
export function paint(color: keyof typeof READABLE, text: string, colors: Colors): string {
  return colors.isColorSupported ? `\u001b[38;5;${READABLE[color]}m${text}\u001b[39m` : text;
}
