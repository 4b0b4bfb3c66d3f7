// The address space under two protocols, call by call: what the page of a report lets a reader step through.
// Only what a call changes is kept, and the candidate's part only where it differs from the baseline's.

import { enterScenario, type Scenario } from "../catalogue/scenario.js";
import type { BuiltWorkload } from "../catalogue/workloads.js";
import { callText } from "../core/call-text.js";
import type { Core, Counters, VmaView } from "../core/core.js";
import { totalWork } from "../core/work-groups.js";
import { type FilmRecord, type FilmVma, type LayoutChange, MOST_STEPS } from "../record/schema.js";

/** VMAs that a film may begin with, and changes it may show in all: what a page can hold. */
const MOST_INITIAL = 400;
const MOST_CHANGES = 12_000;
const PAGE = 4096;

interface Take {
  initial: FilmVma[];
  steps: { counts: Counters; change: LayoutChange; value: number }[];
}

/** A film of two scenarios of one workload and driver; null when it would be too large for a page. */
export function filmOf(
  core: Core,
  [baseline, candidate]: readonly [Scenario, Scenario],
  built: BuiltWorkload,
): FilmRecord | null {
  const one = takeOf(core, baseline, built);
  const two = one && takeOf(core, candidate, built);
  if (!one || !two) return null;
  return {
    workload: baseline.workload.id,
    driver: baseline.driver.id,
    params: { ...baseline.params },
    protocols: [baseline.protocol.id, candidate.protocol.id],
    operations: built.operations.length,
    files: built.files.map((_, i) => built.names?.[i] ?? `file ${i + 1}`),
    initial: one.initial,
    steps: one.steps
      .slice(0, two.steps.length)
      .map((step, i) => stepOf(callText(built.operations[i]!, built.names), step, two.steps[i]!)),
  };
}

/** Runs a scenario once, looking at the layout after every call. */
function takeOf(core: Core, scenario: Scenario, built: BuiltWorkload): Take | null {
  enterScenario(core, scenario, built);
  let before = core.layout().map(shown);
  if (before.length > MOST_INITIAL) return null;
  const take: Take = { initial: before, steps: [] };
  let changes = 0;
  for (const operation of built.operations.slice(0, MOST_STEPS)) {
    core.clearCounters();
    const value = core.run([operation])[0]!.value;
    const counts = core.counters();
    const after = core.layout().map(shown);
    const change = difference(before, after);
    changes += change.gone.length + change.came.length;
    if (changes > MOST_CHANGES) break;
    take.steps.push({ counts, change, value });
    before = after;
  }
  return take;
}

function shown({ start, end, flags, pgoff, file }: VmaView): FilmVma {
  return [start, (end - start) / PAGE, flags, pgoff, file];
}

/** Both layouts are in address order, so that one walk over the two finds what only one of them has. */
function difference(before: readonly FilmVma[], after: readonly FilmVma[]): LayoutChange {
  const change: LayoutChange = { gone: [], came: [] };
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, now] = [before[i], after[j]];
    if (old && now && old.every((field, at) => field === now[at])) {
      i++;
      j++;
    } else if (old && !(now && now[0] < old[0])) {
      change.gone.push(old[0]);
      i++;
    } else if (now) {
      change.came.push(now);
      j++;
    }
  }
  return change;
}

type Step = Take["steps"][number];

function stepOf(call: string, base: Step, candidate: Step): FilmRecord["steps"][number] {
  const both = (event: "merge.secondMerged" | "unwind.steps"): [number, number] => [
    base.counts[event],
    candidate.counts[event],
  ];
  const some = ([a, b]: [number, number]) => a > 0 || b > 0;
  const [second, unwound] = [both("merge.secondMerged"), both("unwind.steps")];
  const changes = ({ change }: Step) => change.gone.length + change.came.length > 0;
  const alike = JSON.stringify(base.change) === JSON.stringify(candidate.change);
  return {
    call,
    events: [totalWork(base.counts), totalWork(candidate.counts)],
    ...(some(second) ? { secondMerges: second } : {}),
    ...(some(unwound) ? { unwound } : {}),
    ...(base.value < 0 || candidate.value < 0
      ? { failed: [base.value < 0, candidate.value < 0] }
      : {}),
    ...(changes(base) ? { change: base.change } : {}),
    ...(alike ? {} : { candidate: candidate.change }),
  };
}
