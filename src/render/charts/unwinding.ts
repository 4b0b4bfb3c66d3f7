// What it costs that a hook fails after it has installed some PTEs.

import type { Results, ScenarioRecord } from "../../record/schema.js";
import { integer, number } from "../format.js";
import { type Curve, drawCurves, orders, type Point } from "./curves.js";
import { type Group, groupScenarios, protocolsOf } from "./groups.js";
import type { Picture } from "./picture.js";

/** Cost against `fail-after`; null without two values of it for one workload and driver. */
export function unwindingChart(results: Results): Picture | null {
  const failing = groupScenarios(results).filter(({ of }) => failAfter([...of.values()][0]) > 0);
  const kinds = new Map<string, Group[]>();
  for (const group of failing) {
    const kind = `${group.workload} / ${group.driver}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), group]);
  }
  const [kind, groups] = [...kinds].sort(([, a], [, b]) => b.length - a.length)[0] ?? ["", []];
  if (groups.length < 2) return null;
  const timed = groups.every(({ of }) => [...of.values()].every(({ time }) => time !== null));
  const curves = protocolsOf(results)
    .map((protocol): Curve => {
      const points = groups.flatMap(({ of }) => {
        const scenario = of.get(protocol);
        return scenario ? [{ x: failAfter(scenario), ...cost(scenario, timed) }] : [];
      });
      return { protocol, points: points.sort((a, b) => a.x - b.x), rises: true };
    })
    .filter(({ points }) => points.length > 0);

  const title = `${finding(curves)}; what comes on top of the first: ${orders(curves)}`;
  const explanation = `${kind}; the whole call, installing included; dashed: the order that fits`;
  const y = timed
    ? "nanoseconds per failing call"
    : "PTEs set and cleared, and single things undone";
  const axes = { x: "PTEs installed when the hook fails", y, logarithmic: true };
  return {
    name: "unwinding",
    title,
    alt: `Cost of a hook that fails, against PTEs it had installed. ${title}`,
    plot: { ...axes, explanation, curves },
    draw: (theme) => drawCurves(theme, curves, axes, title, explanation),
  };
}

function failAfter(scenario: ScenarioRecord | undefined): number {
  return Number(scenario?.params["fail-after"] ?? 0);
}

function cost({ time, work }: ScenarioRecord, timed: boolean): Omit<Point, "x"> {
  if (timed && time) return { y: time.median, yMin: time.low, yMax: time.high };
  const names = ["page.ptesSet", "page.ptesCleared", "unwind.steps"] as const;
  const y = names.reduce((sum, name) => sum + (work[name] ?? 0), 0);
  return { y, yMin: y, yMax: y };
}

function finding(curves: readonly Curve[]): string {
  const [baseline, ...candidates] = curves;
  if (!baseline || candidates.length === 0) {
    const { points, protocol } = curves[0]!;
    const [first, last] = [points[0]!, points.at(-1)!];
    return `${protocol}: from ${integer(first.x)} to ${integer(last.x)} PTEs ${number(last.y / first.y)}× the cost`;
  }
  return candidates
    .map(({ protocol, points }) => {
      const ratio = (at: number) => {
        const { x, y } = points.at(at)!;
        const base = baseline.points.find((point) => point.x === x);
        return base
          ? `${number(y / base.y)}× after ${integer(x)}`
          : `not compared after ${integer(x)}`;
      };
      return `A failing hook costs ${protocol} ${ratio(0)}, ${ratio(-1)} PTEs of ${baseline.protocol}`;
    })
    .join("; ");
}
