// What a page is given: the result, arranged for a reader who filters and sorts. Written by
// src/render/page/data.ts into the page, read by the scripts beside this file.

import type { FilmRecord, LifeRecord } from "../record/schema.js";
import type { RunSettings } from "../render/command.js";
import type { Verdict } from "../render/rows.js";

export interface PageData {
  settings: RunSettings;
  /** Ratios closer to 1 than this say nothing: 0.03. */
  effect: number;
  protocols: string[];
  /** Names of the events that `work` counts by index. */
  events: string[];
  /** Names of groups of events, and the indices of their events. */
  groups: { name: string; events: number[] }[];
  scenarios: PageScenario[];
  rows: PageRow[];
  plots: PagePlot[];
  films: FilmRecord[];
  /** What vm_flags mean, for every value that the films have: `rw-s DONTDUMP`. */
  flags: Record<string, string>;
}

/** One scenario: a workload with a driver under a protocol. */
export interface PageScenario {
  id: string;
  protocol: string;
  operations: number;
  /** Median and interval in nanoseconds per operation, rounds; null where not timed. */
  time: { median: number; low: number; high: number; rounds: number } | null;
  /** Index of an event, events per operation, index, events, ... without those that did not happen. */
  work: number[];
  /** Estimated from the work, per operation; null without a table of costs. */
  cycles: number | null;
  vmas: number;
  nodes: number;
  /** 5, 10, ..., 95 % of the batches, nanoseconds per operation. */
  quantiles?: number[];
  life?: LifeRecord;
}

/** A line of the table: two scenarios compared, or one by itself. */
export interface PageRow {
  /** What stands behind the # of the page's address. */
  key: string;
  /** With its parameters. */
  workload: string;
  driver: string;
  /** Indices of scenarios; the baseline is null for one by itself. */
  baseline: number | null;
  candidate: number;
  ratio: { ratio: number; low: number; high: number } | null;
  verdict: Verdict | null;
}

/** Cost against size, a curve a protocol. */
export interface PagePlot {
  title: string;
  explanation: string;
  x: string;
  y: string;
  logarithmic: boolean;
  curves: { protocol: string; points: { x: number; y: number; yMin: number; yMax: number }[] }[];
}
