// VMAs left behind, protocol by protocol: one line a workload and driver, a mark a protocol.

import type { Results, ScenarioRecord } from "../../record/schema.js";
import { integer } from "../format.js";
import { renderPng } from "./canvas.js";
import { groupScenarios, protocolsOf } from "./groups.js";
import {
  FAINT,
  heightFor,
  INK,
  powersOfTen,
  protocolStyle,
  rowAxis,
  ticksAt,
  titles,
  WIDTH,
} from "./style.js";

interface Item {
  datasetIndex: number;
}

/** The dumbbell plot of VMAs; null for a result with a single protocol. */
export function layoutChart(results: Results): Uint8Array | null {
  const protocols = protocolsOf(results);
  if (protocols.length < 2) return null;
  const groups = groupScenarios(results);
  const vmas = (scenario: ScenarioRecord | undefined) => scenario?.final.vmas;

  const marks = protocols.map((protocol, i) => ({
    type: "scatter",
    label: protocol,
    data: groups.flatMap((group, y) => {
      const x = vmas(group.of.get(protocol));
      return x === undefined ? [] : [{ x: Math.max(x, 1), y }];
    }),
    pointStyle: protocolStyle(i).shape,
    radius: i === 0 ? 7 : 6,
    borderWidth: 2,
    // the baseline hollow, so that an equal candidate shows inside it
    backgroundColor: i === 0 ? "white" : protocolStyle(i).colour,
    borderColor: protocolStyle(i).colour,
    order: protocols.length - i,
  }));
  const joins = groups.flatMap((group, y) => {
    const all = [...group.of.values()].map((scenario) => Math.max(scenario.final.vmas, 1));
    const [low, high] = [Math.min(...all), Math.max(...all)];
    if (low === high) return [];
    const data = [
      { x: low, y },
      { x: high, y },
    ];
    return [
      {
        type: "line",
        label: "",
        data,
        pointRadius: 0,
        borderColor: "#bbbbbb",
        borderWidth: 3,
        order: 99,
      },
    ];
  });
  const numbers = groups.map((group) => {
    const all = protocols.map((protocol) => vmas(group.of.get(protocol)));
    const texts = all.map((value) => (value === undefined ? "–" : integer(value)));
    return new Set(texts).size === 1 ? texts[0]! : texts.join(" → ");
  });

  const counts = groups.flatMap(({ of }) => [...of.values()].map((s) => Math.max(s.final.vmas, 1)));
  const powers = powersOfTen(Math.min(...counts), Math.max(...counts));

  return renderPng(WIDTH, heightFor(groups.length), {
    type: "scatter",
    data: { datasets: [...marks, ...joins] },
    options: {
      layout: { padding: { left: 8, right: 8 } },
      scales: {
        x: {
          type: "logarithmic",
          min: powers[0],
          max: Math.max(...counts) * 1.3,
          title: { display: true, text: "VMAs after the last operation" },
          grid: { color: FAINT },
          afterBuildTicks: ticksAt(powers),
          ticks: {
            color: INK,
            maxRotation: 0,
            callback: (value: string | number) => integer(Number(value)),
          },
        },
        y: rowAxis(groups.map((group) => group.label)),
        numbers: rowAxis(numbers, "right"),
      },
      plugins: {
        ...titles(finding(results), protocols.join(" → ")),
        legend: {
          position: "bottom",
          labels: {
            usePointStyle: true,
            color: INK,
            filter: (item: { text: string }) => item.text !== "",
            sort: (a: Item, b: Item) => a.datasetIndex - b.datasetIndex,
          },
        },
      },
    },
  } as never);
}

function finding(results: Results): string {
  const most = [...results.comparisons].sort(
    (a, b) => factor(b.final.vmas) - factor(a.final.vmas),
  )[0];
  if (!most || factor(most.final.vmas) === 1)
    return "Every protocol leaves the same number of VMAs";
  const [base, candidate] = most.final.vmas;
  const [less, more] =
    base < candidate ? [most.baseline, most.candidate] : [most.candidate, most.baseline];
  return (
    `${more} leaves ${integer(Math.max(base, candidate))} VMAs where ${less} leaves ` +
    `${integer(Math.min(base, candidate))}: ${most.workload} / ${most.driver}`
  );
}

function factor([base, candidate]: [number, number]): number {
  return Math.max(base, candidate, 1) / Math.max(Math.min(base, candidate), 1);
}
