// results.ndjson read back, a line at a time, with the coordinates of each scenario's point.

import { closeSync, openSync } from "node:fs";
import type { FailedLine, ScenarioLine } from "./execute.js";
import { type Coordinates, coordinatesOf, type Grid } from "./grid.js";
import { linesOf } from "./log.js";

export interface Result {
  line: ScenarioLine | FailedLine;
  at: Coordinates;
}

export function isFailed(line: ScenarioLine | FailedLine): line is FailedLine {
  return "error" in line;
}

/** Every result of a file, in order. */
export function* resultsIn(path: string, grid: Grid): Generator<Result> {
  const file = openSync(path, "r");
  try {
    for (const { text } of linesOf(file)) {
      const line = JSON.parse(text) as ScenarioLine | FailedLine;
      yield { line, at: coordinatesOf(grid, line.point).at };
    }
  } finally {
    closeSync(file);
  }
}
