// What a gate record says: recomputed from its raw times, so that a replay and the run itself agree.

import type { GateProcess, GateRecord } from "../record/gate.js";
import { median } from "../stats/median.js";
import { acceptedFor, byExpiry } from "./accepted.js";
import { type GateScenario, judgeTimes, type ScenarioVerdict } from "./gate.js";
import { coveredChanges, isRise, type WorkChange } from "./work.js";

export interface GateOutcome {
  exitCode: 0 | 1 | 3 | 4;
  /** One line: why this exit code. */
  reason: string;
  work: WorkChange[];
  /** Changes of work that fail the gate. */
  failing: WorkChange[];
  times: ScenarioVerdict[];
  noise: string | null;
  controlBeyond: number;
}

/** Scenarios of a record as the judge takes them. */
export function gateScenarios(
  record: Pick<GateRecord, "timed" | "processes" | "accepted" | "settings">,
): GateScenario[] {
  const { valid } = byExpiry(record.accepted, record.settings.day);
  return record.timed.map((id) => ({
    id,
    effect: (acceptedFor(valid, id, "time")?.limit ?? record.settings.maxSlowdown) / 100,
    first: processMedians(
      record.processes.filter(({ look }) => look === 1),
      id,
    ),
    second: processMedians(
      record.processes.filter(({ look }) => look === 2),
      id,
    ),
  }));
}

/** What each process says: the median of its sittings, each of which is the median of its rounds. */
export function processMedians(
  processes: readonly Pick<GateProcess, "scenarios">[],
  id: string,
): GateScenario["first"] {
  const times = processes.flatMap(({ scenarios }) => scenarios.filter((s) => s.id === id));
  return {
    // base and control are the same code: two references have less luck than one
    head: times.map(({ base, head, control, sittings }) => {
      const [one, other] = [
        sittingMedians(base, head, sittings),
        sittingMedians(control, head, sittings),
      ];
      return median(one.map((value, i) => (value + other[i]!) / 2));
    }),
    control: times.map(({ base, control, sittings }) =>
      median(sittingMedians(base, control, sittings)),
    ),
  };
}

/** The median of ln(variant / reference) over the rounds of each sitting; the clock may have seen no time at all. */
function sittingMedians(
  reference: readonly number[],
  variant: readonly number[],
  sittings: number,
): number[] {
  const rounds = reference.length / sittings;
  const ratios = reference.map((time, i) => Math.log(Math.max(1, variant[i]!) / Math.max(1, time)));
  return Array.from({ length: sittings }, (_, i) =>
    median(ratios.slice(i * rounds, (i + 1) * rounds)),
  );
}

/** The verdicts of a record and the exit code they lead to. */
export function outcomeOf(record: GateRecord): GateOutcome {
  const { valid } = byExpiry(record.accepted, record.settings.day);
  const work = coveredChanges(record.work.changes, valid);
  const times = judgeTimes(gateScenarios(record), record.settings.alpha, record.settings.family);
  const wrong = work.filter(({ measure }) => measure === "results" || measure === "operations");
  const failing = work.filter((change) => isRise(change) && !change.accepted);
  const slower = times.scenarios.filter(({ verdict }) => verdict === "slower");
  const seen = { work, failing, times: times.scenarios, noise: times.noise };
  const end = (exitCode: GateOutcome["exitCode"], reason: string): GateOutcome => ({
    exitCode,
    reason,
    ...seen,
    controlBeyond: times.controlBeyond,
  });

  if (wrong.length > 0) return end(4, `different results: ${ids(wrong)}`);
  if (record.disagreement) return end(4, `different results: ${record.disagreement}`);
  if (failing.length > 0) return end(1, `more work than the base: ${ids(failing)}`);
  if (record.identical) return end(0, "the cores run the same code");
  if (record.timed.length === 0) return end(3, "no scenario could be timed on both cores");
  if (record.processes.length === 0)
    return end(0, "no more work than the base; time not asked for");
  if (times.noise !== null) return end(3, `too noisy: ${times.noise}`);
  if (slower.length > 0) return end(1, `slower: ${ids(slower)}`);
  if (times.scenarios.every(({ verdict }) => verdict === "undecided")) {
    return end(3, "every scenario is undecided");
  }
  const open = times.scenarios.filter(({ verdict }) => verdict === "undecided");
  if (open.length > 0) return end(0, `nothing is found slower; undecided: ${ids(open)}`);
  return end(0, "nothing is slower");
}

function ids(of: readonly { id: string }[]): string {
  const names = [...new Set(of.map(({ id }) => id))];
  const rest = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return names.slice(0, 3).join(", ") + rest;
}
