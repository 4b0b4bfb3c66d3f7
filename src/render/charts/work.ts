// Work per operation by group of events, baseline above candidate.

import { groupWork, totalWork, WORK_GROUPS } from "../../core/work-groups.js";
import type { Results, ScenarioRecord } from "../../record/schema.js";
import { number } from "../format.js";
import { renderPng } from "./canvas.js";
import { groupScenarios, protocolsOf } from "./groups.js";
import { FAINT, INK, rowAxis, titles, WIDTH } from "./style.js";

const COLOURS = [
  "#0072b2",
  "#56b4e9",
  "#009e73",
  "#d55e00",
  "#e69f00",
  "#cc79a7",
  "#f0e442",
  "#999999",
  "#222222",
];

/** Bars drawn at most; with more groups those where the protocols differ most are shown. */
const MOST_GROUPS = 16;

/** Stacked bars, the baseline's work being 100 %; null for a result with a single protocol. */
export function workChart(results: Results): Uint8Array | null {
  const protocols = protocolsOf(results);
  const baseline = protocols[0]!;
  if (protocols.length < 2) return null;
  const all = groupScenarios(results).filter((group) => group.of.has(baseline));
  const groups = [...all]
    .sort((a, b) => change(b.of, baseline) - change(a.of, baseline))
    .slice(0, MOST_GROUPS);
  if (groups.length === 0) return null;

  // the bars of a group stand together, with a gap to the next group
  const pitch = protocols.length + 0.7;
  const bars = groups.flatMap((group, g) => {
    const whole = totalWork(group.of.get(baseline)!.work);
    return protocols.flatMap((protocol, i) => {
      const scenario = group.of.get(protocol);
      return scenario ? [{ y: g * pitch + i, scenario, share: whole > 0 ? 100 / whole : 0 }] : [];
    });
  });
  const range = { min: -0.8, max: groups.length * pitch - 0.9 };
  const datasets = WORK_GROUPS.map(({ name, events }, i) => ({
    label: name,
    data: bars.map((bar) => ({ x: groupWork(bar.scenario.work, events) * bar.share, y: bar.y })),
    backgroundColor: COLOURS[i],
    barThickness: 15,
    stack: "work",
  })).filter(({ data }) => data.some(({ x }) => x > 0));

  const shown =
    groups.length < all.length ? ` (the ${groups.length} of ${all.length} that differ most)` : "";
  return renderPng(WIDTH, 200 + 19 * (groups.length * pitch), {
    type: "bar",
    data: { datasets },
    options: {
      indexAxis: "y",
      layout: { padding: { left: 8, right: 8 } },
      scales: {
        x: {
          stacked: true,
          title: { display: true, text: `events per operation, ${baseline} = 100 %` },
          grid: { color: FAINT },
          ticks: { color: INK, callback: (value: string | number) => `${value} %` },
        },
        y: {
          ...rowAxis(
            groups.map((group) => group.label),
            "left",
            groups.map((_, g) => g * pitch + (protocols.length - 1) / 2),
            range,
          ),
          stacked: true,
          grid: { display: false },
        },
        numbers: rowAxis(
          bars.map((bar) => number(totalWork(bar.scenario.work))),
          "right",
          bars.map((bar) => bar.y),
          range,
        ),
      },
      plugins: {
        ...titles(
          finding(results),
          `bars from top to bottom: ${protocols.join(", ")}; right: events per operation, counted exactly; ` +
            `an event of any kind counts one here, whatever time it takes${shown}`,
        ),
        legend: { position: "bottom", labels: { color: INK, boxWidth: 14 } },
      },
    },
  } as never);
}

/** How far the protocols of a group lie apart, as a logarithm. */
function change(of: ReadonlyMap<string, ScenarioRecord>, baseline: string): number {
  const base = totalWork(of.get(baseline)!.work);
  return Math.max(
    ...[...of.values()].map((scenario) =>
      Math.abs(Math.log((totalWork(scenario.work) + 1e-9) / (base + 1e-9))),
    ),
  );
}

function finding(results: Results): string {
  const protocols = protocolsOf(results);
  const baseline = protocols[0]!;
  const parts = protocols.slice(1).map((protocol) => {
    const pairs = groupScenarios(results).flatMap(({ of }) => {
      const [base, candidate] = [of.get(baseline), of.get(protocol)];
      return base && candidate ? [totalWork(candidate.work) / totalWork(base.work)] : [];
    });
    const less = pairs.filter((ratio) => ratio < 0.995).length;
    const more = pairs.filter((ratio) => ratio > 1.005).length;
    return `${protocol} does less work in ${less}, more in ${more} of ${pairs.length}`;
  });
  return `Against ${baseline}, ${parts.join("; ")}`;
}
