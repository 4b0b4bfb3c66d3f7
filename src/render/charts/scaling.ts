// What an operation costs in address spaces of different sizes: the tree workloads.

import type { Results, ScenarioRecord } from "../../record/schema.js";
import { integer, number } from "../format.js";
import { type Curve, drawCurves, orders, type Point } from "./curves.js";
import { groupScenarios, protocolsOf } from "./groups.js";
import type { Picture } from "./picture.js";

const TREE = /^tree-(\d+)$/;

/**
 * Time against the number of VMAs, or maple nodes visited where nothing was timed; null without two sizes.
 * Shows the first driver that has them.
 */
export function scalingChart(results: Results): Picture | null {
  const trees = groupScenarios(results).filter((group) => TREE.test(group.workload));
  const driver = trees[0]?.driver;
  const groups = trees.filter((group) => group.driver === driver);
  if (new Set(groups.map((group) => group.workload)).size < 2) return null;
  const timed = groups.every((group) => [...group.of.values()].every(({ time }) => time !== null));
  const curves = protocolsOf(results)
    .map((protocol): Curve => {
      const points = groups.flatMap((group) => {
        const scenario = group.of.get(protocol);
        const vmas = Number(TREE.exec(group.workload)?.[1]);
        return scenario ? [{ x: vmas, ...cost(scenario, timed) }] : [];
      });
      return { protocol, points: points.sort((a, b) => a.x - b.x) };
    })
    .filter(({ points }) => points.length > 0);

  const title = `${finding(curves, timed)}: ${orders(curves)}`;
  const what = timed ? "nanoseconds per operation" : "maple nodes visited per operation";
  const explanation = `map and unmap of a ${driver} file at random places${timed ? "; whiskers: 95 % intervals" : ""}; dashed: the order that fits`;
  const axes = { x: "VMAs in the address space", y: what, logarithmic: false };
  return {
    name: "scaling",
    title,
    alt: `Cost of a call against the number of VMAs. ${title}`,
    plot: { ...axes, explanation, curves },
    draw: (theme) => drawCurves(theme, curves, axes, title, explanation),
  };
}

function cost({ time, work }: ScenarioRecord, timed: boolean): Omit<Point, "x"> {
  if (timed && time) return { y: time.median, yMin: time.low, yMax: time.high };
  const visits = ["maple.nodeReads", "maple.writeWalkReads", "maple.gapWalkReads"] as const;
  const y = visits.reduce((sum, name) => sum + (work[name] ?? 0), 0);
  return { y, yMin: y, yMax: y };
}

function finding(curves: readonly Curve[], timed: boolean): string {
  const [first, last] = [curves[0]!.points[0]!, curves[0]!.points.at(-1)!];
  const factors = curves.map(
    ({ protocol, points }) => `${protocol} ${number(points.at(-1)!.y / points[0]!.y)}×`,
  );
  const what = timed ? "the time" : "the node visits";
  return `From ${integer(first.x)} to ${integer(last.x)} VMAs ${what} of a call: ${factors.join(", ")}`;
}
