// A ratio with its interval as a small picture on one axis for the whole table: the table is the forest plot.

import type { Verdict } from "../render/rows.js";
import { svg } from "./dom.js";

export interface Scale {
  low: number;
  high: number;
  effect: number;
}

export const WIDTH = 180;
const HEIGHT = 20;
const EDGE = 7;

/** An axis that all ratios fit on; single extremes are cut off rather than flattening all others. */
export function scaleOf(ratios: readonly { low: number; high: number }[], effect: number): Scale {
  const reach = (values: number[]) => {
    const sorted = values.sort((a, b) => a - b);
    return Math.max(1.1, sorted[Math.ceil(sorted.length * 0.995) - 1] ?? 1.1);
  };
  return {
    low: 1 / reach(ratios.map(({ low }) => 1 / low)),
    high: reach(ratios.map(({ high }) => high)),
    effect,
  };
}

function place({ low, high }: Scale, ratio: number): number {
  const share = Math.log(ratio / low) / Math.log(high / low);
  return EDGE + Math.min(1, Math.max(0, share)) * (WIDTH - 2 * EDGE);
}

const SHAPES: Readonly<Record<Verdict, (x: number) => string>> = {
  slower: (x) => `M${x} 4.6 l5.6 10 h-11.2z`,
  faster: (x) => `M${x} 4 l6 6 l-6 6 l-6 -6z`,
  same: (x) => `M${x - 4} 10 a4 4 0 1 0 8 0 a4 4 0 1 0 -8 0z`,
  unclear: (x) => `M${x - 4} 6 l8 8 M${x + 4} 6 l-8 8`,
};

/** Band, line at 1, interval and mark. Says nothing to a screen reader: the number stands beside it. */
export function intervalPicture(
  scale: Scale,
  { ratio, low, high }: { ratio: number; low: number; high: number },
  verdict: Verdict,
): SVGSVGElement {
  const at = (value: number) => Math.round(place(scale, value) * 10) / 10;
  const band = [at(1 / (1 + scale.effect)), at(1 + scale.effect)] as const;
  return svg(
    "svg",
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      width: WIDTH,
      height: HEIGHT,
      class: `interval ${verdict}`,
      "aria-hidden": "true",
    },
    svg("rect", { class: "band", x: band[0], y: 0, width: band[1] - band[0], height: HEIGHT }),
    svg("line", { class: "one", x1: at(1), x2: at(1), y1: 0, y2: HEIGHT }),
    svg("line", { class: "whisker", x1: at(low), x2: at(high), y1: 10, y2: 10 }),
    svg("path", { d: SHAPES[verdict](at(ratio)) }),
  );
}

/** The axis: its ends and 1. */
export function axisPicture(scale: Scale): SVGSVGElement {
  const text = (value: number, anchor: string) =>
    svg(
      "text",
      {
        x: anchor === "middle" ? place(scale, value) : anchor === "start" ? 0 : WIDTH,
        y: 12,
        "text-anchor": anchor,
      },
      value === 1 ? "1" : value.toFixed(2),
    );
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} 16`, width: WIDTH, height: 16, class: "axis", "aria-hidden": "true" },
    text(scale.low, "start"),
    text(1, "middle"),
    text(scale.high, "end"),
  );
}
