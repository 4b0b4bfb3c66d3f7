// The charts of a report.

import type { Results } from "../../record/schema.js";
import { batchesChart } from "./batches.js";
import { forestChart } from "./forest.js";
import { layoutChart } from "./layout.js";
import { lifeChart } from "./life.js";
import type { Picture } from "./picture.js";
import { scalingChart } from "./scaling.js";
import { unwindingChart } from "./unwinding.js";
import { workChart } from "./work.js";

/** Every chart that the result has data for, the most important first. */
export function picturesOf(results: Results): Picture[] {
  const { minimumEffect } = results.settings;
  const effect = typeof minimumEffect === "number" ? minimumEffect : 0.03;
  return [
    forestChart(results, effect),
    workChart(results),
    layoutChart(results),
    lifeChart(results),
    scalingChart(results),
    unwindingChart(results),
    batchesChart(results),
  ].filter((picture) => picture !== null);
}
