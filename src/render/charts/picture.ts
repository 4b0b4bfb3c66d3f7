// A chart before it is drawn: what it says, and how to draw it on either paper.

import type { PagePlot } from "../../page/data.js";
import type { Theme } from "./theme.js";

export interface Picture {
  /** File name without folder and ending. */
  name: string;
  /** The finding. */
  title: string;
  /** What a reader who does not see it is told: what is shown, and the finding. */
  alt: string;
  /** The numbers, of charts that the page draws itself. */
  plot?: Omit<PagePlot, "title">;
  /** PNG bytes, the same for the same result. */
  draw(theme: Theme): Uint8Array;
}

/** `charts/time.png`, and `charts/time-dark.png` beside it. */
export function pictureFile({ name }: Picture, theme: Theme): string {
  return `charts/${name}${theme.name === "dark" ? "-dark" : ""}.png`;
}
