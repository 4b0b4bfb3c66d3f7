// The charts of a report, by file name.

import type { Results } from "../../record/schema.js";
import { forestChart } from "./forest.js";
import { layoutChart } from "./layout.js";
import { scalingChart } from "./scaling.js";
import { workChart } from "./work.js";

export interface Chart {
  file: string;
  /** What a reader who does not see it is told. */
  alt: string;
  png: Uint8Array;
}

/** Every chart that the result has data for. */
export function chartsOf(results: Results): Chart[] {
  const { minimumEffect } = results.settings;
  const effect = typeof minimumEffect === "number" ? minimumEffect : 0.03;
  const candidates: [string, string, Uint8Array | null][] = [
    [
      "charts/time.png",
      "Ratio of times with interval, one line a scenario",
      forestChart(results, effect),
    ],
    ["charts/work.png", "Events per operation by group, one bar a protocol", workChart(results)],
    ["charts/layout.png", "VMAs left behind, one mark a protocol", layoutChart(results)],
    ["charts/scaling.png", "Cost of a call against the number of VMAs", scalingChart(results)],
  ];
  return candidates.flatMap(([file, alt, png]) => (png ? [{ file, alt, png }] : []));
}
