// Slow drift: ten commits of one per cent each pass every gate. Here a whole series is looked at.

import type { HistoryEntry } from "../record/history.js";
import { changePoints } from "../stats/change-points.js";

export interface Step {
  /** The first commit of the new level. */
  commit: string;
  date: string;
  /** Index in the series. */
  at: number;
  /** After / before. */
  ratio: number;
  p: number;
}

export interface Series {
  id: string;
  /** Commits that have it, with their ratio to the reference. */
  points: { commit: string; date: string; ratio: number }[];
  steps: Step[];
}

/** Levels that differ by less are not worth a line. */
const MAGNITUDE = Math.log1p(0.01);

/** The series of every scenario that the entries of one reference have, those that changed most first. */
export function seriesOf(entries: readonly HistoryEntry[]): Series[] {
  const ids = [...new Set(entries.flatMap(({ scenarios }) => Object.keys(scenarios)))];
  return ids.map((id) => oneSeries(id, entries)).sort((a, b) => largest(b) - largest(a));
}

function oneSeries(id: string, entries: readonly HistoryEntry[]): Series {
  const points = entries.flatMap(({ commit, date, scenarios }) => {
    const found = scenarios[id];
    return found ? [{ commit, date, ratio: found.ratio }] : [];
  });
  const logs = points.map(({ ratio }) => Math.log(ratio));
  const steps = changePoints(logs, { magnitude: MAGNITUDE }).map(({ at, before, after, p }) => {
    const { commit, date } = points[at]!;
    return { commit, date, at, ratio: Math.exp(after - before), p };
  });
  return { id, points, steps };
}

const largest = ({ steps }: Series) =>
  Math.max(0, ...steps.map(({ ratio }) => Math.abs(Math.log(ratio))));

/** The entries that belong to the reference of the newest one: a new reference begins a new series. */
export function currentEntries(entries: readonly HistoryEntry[]): HistoryEntry[] {
  const reference = entries.at(-1)?.reference.commit;
  return entries.filter((entry) => entry.reference.commit === reference);
}
