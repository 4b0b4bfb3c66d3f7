// results.ndjson read back, a line at a time, with the coordinates of each scenario's point.

import { closeSync, openSync } from "node:fs";
import type { FailedLine, ScenarioLine } from "./execute.js";
import { type Coordinates, coordinatesOf, type Grid } from "./grid.js";
import { linesOf } from "./log.js";
import type { TimeLine } from "./time.js";

export interface Result {
  line: ScenarioLine | FailedLine;
  at: Coordinates;
}

export function isFailed(line: ScenarioLine | FailedLine): line is FailedLine {
  return "error" in line;
}

/** Every ratio of a file of times, in order of the points. Points that could not be timed have none. */
export function* timesIn(path: string): Generator<TimeLine> {
  const file = openSync(path, "r");
  try {
    for (const { text } of linesOf(file)) {
      const line = JSON.parse(text) as TimeLine | { error: string };
      if (!("error" in line)) yield line;
    }
  } finally {
    closeSync(file);
  }
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
