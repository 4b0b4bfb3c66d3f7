// A letter in every segment of a stacked bar that is wide enough, the same as in the legend: colour alone is
// not enough for every eye.

import type { Plugin } from "chart.js";
import { colour } from "./theme.js";

export const LETTERS = "ABCDEFGHI";
const LEAST_WIDTH = 13;

export const letters: Plugin = {
  id: "letters",
  afterDatasetsDraw(chart) {
    const { ctx } = chart;
    ctx.save();
    ctx.font = `bold 10px ${getComputedStyle(document.body).fontFamily}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (const [d, { label = "", backgroundColor }] of chart.data.datasets.entries()) {
      ctx.fillStyle = readableOn(String(backgroundColor));
      for (const segment of chart.getDatasetMeta(d).data) {
        const { x, base, y } = segment as unknown as { x: number; base: number; y: number };
        if (Math.abs(x - base) > LEAST_WIDTH)
          ctx.fillText(label.charAt(0), (x + base) / 2, y + 0.5);
      }
    }
    ctx.restore();
  },
};

/** Ink or paper, whichever stands out from `#rrggbb`. */
function readableOn(background: string): string {
  const [ink, paper] = [colour("ink"), colour("paper")];
  const distance = (text: string) => Math.abs(brightness(text) - brightness(background));
  return distance(ink) > distance(paper) ? ink : paper;
}

function brightness(text: string): number {
  const digits = text.slice(1);
  const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits;
  const [r, g, b] = [0, 2, 4].map((i) => Number.parseInt(full.slice(i, i + 2), 16));
  return 0.299 * r! + 0.587 * g! + 0.114 * b!;
}
