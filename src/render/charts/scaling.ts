// What an operation costs in address spaces of different sizes: the tree workloads.

import type { Results, ScenarioRecord } from "../../record/schema.js";
import { integer, number } from "../format.js";
import { renderPng } from "./canvas.js";
import { groupScenarios, protocolsOf } from "./groups.js";
import { FAINT, INK, protocolStyle, ticksAt, titles, WIDTH } from "./style.js";

const TREE = /^tree-(\d+)$/;

interface Point {
  x: number;
  y: number;
  yMin: number;
  yMax: number;
}

/**
 * Time against the number of VMAs, or maple nodes visited where nothing was timed; null without two sizes.
 * Shows the first driver that has them.
 */
export function scalingChart(results: Results): Uint8Array | null {
  const trees = groupScenarios(results).filter((group) => TREE.test(group.workload));
  const driver = trees[0]?.driver;
  const groups = trees.filter((group) => group.driver === driver);
  if (new Set(groups.map((group) => group.workload)).size < 2) return null;
  const timed = groups.every((group) => [...group.of.values()].every(({ time }) => time !== null));

  const protocols = protocolsOf(results);
  const datasets = protocols.map((protocol, i) => ({
    label: protocol,
    showLine: true,
    data: groups
      .flatMap((group) => {
        const scenario = group.of.get(protocol);
        const vmas = Number(TREE.exec(group.workload)?.[1]);
        return scenario ? [{ x: vmas, ...value(scenario, timed) }] : [];
      })
      .sort((a, b) => a.x - b.x),
    pointStyle: protocolStyle(i).shape,
    radius: 6,
    borderWidth: 2,
    borderColor: protocolStyle(i).colour,
    backgroundColor: protocolStyle(i).colour,
    errorBarColor: protocolStyle(i).colour,
    errorBarWhiskerColor: protocolStyle(i).colour,
  }));
  const sizes = [...new Set(datasets.flatMap(({ data }) => data.map(({ x }) => x)))].sort(
    (a, b) => a - b,
  );

  return renderPng(WIDTH, 460, {
    type: "scatterWithErrorBars",
    data: { datasets },
    options: {
      layout: { padding: { left: 8, right: 24 } },
      scales: {
        x: {
          type: "logarithmic",
          min: sizes[0]! / 1.3,
          max: sizes.at(-1)! * 1.3,
          title: { display: true, text: "VMAs in the address space" },
          grid: { color: FAINT },
          afterBuildTicks: ticksAt(sizes),
          ticks: { color: INK, callback: (tick: string | number) => integer(Number(tick)) },
        },
        y: {
          type: "linear",
          beginAtZero: true,
          title: {
            display: true,
            text: timed ? "nanoseconds per operation" : "maple nodes visited per operation",
          },
          grid: { color: FAINT },
          ticks: { color: INK },
        },
      },
      plugins: {
        ...titles(
          finding(datasets, timed),
          `map and unmap of a ${driver} file at random places${timed ? "; whiskers: 95 % intervals" : ""}`,
        ),
        legend: { position: "bottom", labels: { usePointStyle: true, color: INK } },
      },
    },
  } as never);
}

function value({ time, work }: ScenarioRecord, timed: boolean): Omit<Point, "x"> {
  if (timed && time) return { y: time.median, yMin: time.low, yMax: time.high };
  const visits = ["maple.nodeReads", "maple.writeWalkReads", "maple.gapWalkReads"] as const;
  const y = visits.reduce((sum, name) => sum + (work[name] ?? 0), 0);
  return { y, yMin: y, yMax: y };
}

function finding(datasets: readonly { label: string; data: Point[] }[], timed: boolean): string {
  const [first, last] = [datasets[0]!.data[0]!, datasets[0]!.data.at(-1)!];
  const factors = datasets.map(
    ({ label, data }) => `${label} ${number(data.at(-1)!.y / data[0]!.y)}×`,
  );
  const what = timed ? "the time" : "the node visits";
  return `From ${integer(first.x)} to ${integer(last.x)} VMAs ${what} of a call: ${factors.join(", ")}`;
}
