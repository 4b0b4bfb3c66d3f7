// Histories made by hand.

import { Random } from "../../src/catalogue/random.js";
import type { HistoryEntry } from "../../src/record/history.js";

const hash = (i: number) => i.toString(16).padStart(40, "0");

/** `count` commits, one a day; `levels` gives each scenario's true ratio at each of them. */
export function historyOf(
  count: number,
  levels: Readonly<Record<string, (commit: number) => number | null>>,
): HistoryEntry[] {
  const random = new Random(6, "history");
  return Array.from({ length: count }, (_, i): HistoryEntry => {
    const scenarios: HistoryEntry["scenarios"] = {};
    for (const [id, level] of Object.entries(levels)) {
      const truth = level(i);
      if (truth === null) continue;
      const ratio = truth * (1 + (random.below(1000) - 500) / 100_000);
      scenarios[id] = { ratio, low: ratio * 0.995, high: ratio * 1.005, processes: 11 };
    }
    return {
      schema: "vmabench/history@1",
      commit: hash(i + 1),
      date: new Date(Date.UTC(2026, 0, 1 + i)).toISOString(),
      reference: { commit: hash(0), codeSha256: "r" },
      codeSha256: "c",
      machine: { cpu: "Example CPU", node: "20.19.0", ci: null },
      settings: { suite: "gate", seed: 1, processes: 11, sittings: 6, rounds: 20 },
      scenarios,
    };
  });
}
