// VMAs left behind, protocol by protocol: one line a workload and driver, a mark a protocol.

import type { Results, ScenarioRecord } from "../../record/schema.js";
import { integer } from "../format.js";
import { renderPng } from "./canvas.js";
import { type Group, groupScenarios, protocolsOf } from "./groups.js";
import type { Picture } from "./picture.js";
import {
  axis,
  heightFor,
  legend,
  powersOfTen,
  protocolStyle,
  rowAxis,
  ticksAt,
  titles,
  WIDTH,
} from "./style.js";
import type { Theme } from "./theme.js";

/** Lines drawn at most: of more, those whose protocols differ most. */
const MOST_ROWS = 40;

interface Item {
  datasetIndex: number;
}

/** The dumbbell plot of the groups that differ; null where every protocol leaves the same. */
export function layoutChart(results: Results): Picture | null {
  const protocols = protocolsOf(results);
  const groups = groupScenarios(results)
    .filter((group) => spread(group) > 1)
    .sort((a, b) => spread(b) - spread(a))
    .slice(0, MOST_ROWS);
  if (groups.length === 0) return null;
  const title = finding(groups[0]!, protocols);
  return {
    name: "layout",
    title,
    alt: `VMAs left behind, one mark a protocol. ${title}`,
    draw: (theme) => draw(theme, groups, protocols, title),
  };
}

/** How many times as many VMAs the most careless protocol leaves as the best. */
function spread({ of }: Group): number {
  const all = [...of.values()].map(({ final }) => Math.max(final.vmas, 1));
  return Math.max(...all) / Math.min(...all);
}

function draw(
  theme: Theme,
  groups: readonly Group[],
  protocols: readonly string[],
  title: string,
): Uint8Array {
  const vmas = (scenario: ScenarioRecord | undefined) => scenario?.final.vmas;

  const marks = protocols.map((protocol, i) => ({
    type: "scatter",
    label: protocol,
    data: groups.flatMap((group, y) => {
      const x = vmas(group.of.get(protocol));
      return x === undefined ? [] : [{ x: Math.max(x, 1), y }];
    }),
    pointStyle: protocolStyle(theme, i).shape,
    radius: i === 0 ? 7 : 6,
    borderWidth: 2,
    // the baseline hollow, so that an equal candidate shows inside it
    backgroundColor: i === 0 ? theme.paper : protocolStyle(theme, i).colour,
    borderColor: protocolStyle(theme, i).colour,
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
        borderColor: theme.faint,
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

  return renderPng(WIDTH, heightFor(groups.length), theme, {
    type: "scatter",
    data: { datasets: [...marks, ...joins] },
    options: {
      layout: { padding: { left: 8, right: 8 } },
      scales: {
        x: {
          ...axis(theme, "VMAs after the last operation"),
          type: "logarithmic",
          min: powers[0],
          max: Math.max(...counts) * 1.3,
          afterBuildTicks: ticksAt(powers),
          ticks: {
            color: theme.ink,
            maxRotation: 0,
            callback: (value: string | number) => integer(Number(value)),
          },
        },
        y: rowAxis(
          theme,
          groups.map((group) => group.label),
        ),
        numbers: rowAxis(theme, numbers, "right"),
      },
      plugins: {
        ...titles(theme, title, `${protocols.join(" → ")}; only where they differ`),
        legend: {
          position: "bottom",
          labels: {
            ...legend(theme).labels,
            filter: (item: { text: string }) => item.text !== "",
            sort: (a: Item, b: Item) => a.datasetIndex - b.datasetIndex,
          },
        },
      },
    },
  } as never);
}

function finding({ of, label }: Group, protocols: readonly string[]): string {
  const left = protocols
    .flatMap((protocol) => {
      const vmas = of.get(protocol)?.final.vmas;
      return vmas === undefined ? [] : [{ protocol, vmas }];
    })
    .sort((a, b) => a.vmas - b.vmas);
  const [less, more] = [left[0]!, left.at(-1)!];
  return (
    `${more.protocol} leaves ${integer(more.vmas)} VMAs where ${less.protocol} leaves ` +
    `${integer(less.vmas)}: ${label}`
  );
}
