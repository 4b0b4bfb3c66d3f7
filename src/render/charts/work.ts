// Work per operation by group of events, baseline above candidate.

import type { Chart } from "chart.js";
import { groupWork, totalWork, WORK_GROUPS } from "../../core/work-groups.js";
import type { Results, ScenarioRecord } from "../../record/schema.js";
import { number } from "../format.js";
import { FONT, renderPng } from "./canvas.js";
import { type Group, groupScenarios, protocolsOf } from "./groups.js";
import type { Picture } from "./picture.js";
import { axis, rowAxis, titles, WIDTH } from "./style.js";
import type { Theme } from "./theme.js";

const LETTERS = "ABCDEFGHI";

/** Bars drawn at most; with more groups those where the protocols differ most are shown. */
const MOST_GROUPS = 16;

/** Stacked bars, the baseline's work being 100 %; null for a result with a single protocol. */
export function workChart(results: Results): Picture | null {
  const protocols = protocolsOf(results);
  const baseline = protocols[0]!;
  if (protocols.length < 2) return null;
  const all = groupScenarios(results).filter((group) => group.of.has(baseline));
  const groups = [...all]
    .sort((a, b) => change(b.of, baseline) - change(a.of, baseline))
    .slice(0, MOST_GROUPS);
  if (groups.length === 0) return null;
  const title = finding(results);
  const shown =
    groups.length < all.length ? ` (the ${groups.length} of ${all.length} that differ most)` : "";
  return {
    name: "work",
    title,
    alt: `Events per operation by group, one bar a protocol. ${title}`,
    draw: (theme) => draw(theme, groups, protocols, title, shown),
  };
}

function draw(
  theme: Theme,
  groups: readonly Group[],
  protocols: readonly string[],
  title: string,
  shown: string,
): Uint8Array {
  const baseline = protocols[0]!;
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
    label: `${LETTERS[i]}  ${name}`,
    letter: LETTERS[i],
    data: bars.map((bar) => ({ x: groupWork(bar.scenario.work, events) * bar.share, y: bar.y })),
    backgroundColor: theme.groups[i],
    borderColor: theme.paper,
    borderWidth: { right: 1 },
    barThickness: 15,
    stack: "work",
  })).filter(({ data }) => data.some(({ x }) => x > 0));

  return renderPng(WIDTH, 200 + 19 * (groups.length * pitch), theme, {
    type: "bar",
    data: { datasets },
    plugins: [letters(theme)],
    options: {
      indexAxis: "y",
      layout: { padding: { left: 8, right: 8 } },
      scales: {
        x: {
          ...axis(theme, `events per operation, ${baseline} = 100 %`),
          stacked: true,
          ticks: { color: theme.ink, callback: (value: string | number) => `${value} %` },
        },
        y: {
          ...rowAxis(
            theme,
            groups.map((group) => group.label),
            "left",
            groups.map((_, g) => g * pitch + (protocols.length - 1) / 2),
            range,
          ),
          stacked: true,
          grid: { display: false },
        },
        numbers: rowAxis(
          theme,
          bars.map((bar) => number(totalWork(bar.scenario.work))),
          "right",
          bars.map((bar) => bar.y),
          range,
        ),
      },
      plugins: {
        ...titles(
          theme,
          title,
          `bars from top to bottom: ${protocols.join(", ")}; right: events per operation, counted exactly; ` +
            `an event of any kind counts one here, whatever time it takes${shown}`,
        ),
        legend: { position: "bottom", labels: { color: theme.ink, boxWidth: 14 } },
      },
    },
  } as never);
}

/** A letter in every segment that is wide enough: the same as in the legend. */
function letters(theme: Theme) {
  return {
    id: "letters",
    afterDatasetsDraw(chart: Chart) {
      const { ctx } = chart;
      ctx.save();
      ctx.font = `bold 10px "${FONT}"`;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      chart.data.datasets.forEach((dataset, d) => {
        ctx.fillStyle = readableOn(String(dataset.backgroundColor), theme);
        for (const element of chart.getDatasetMeta(d).data) {
          const { x, base, y } = element as unknown as { x: number; base: number; y: number };
          const { letter } = dataset as unknown as { letter: string };
          if (Math.abs(x - base) > 13) ctx.fillText(letter, (x + base) / 2, y + 0.5);
        }
      });
      ctx.restore();
    },
  };
}

/** Black or white, whichever stands out from a colour. */
function readableOn(colour: string, theme: Theme): string {
  const [r, g, b] = [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16));
  const light = 0.299 * r! + 0.587 * g! + 0.114 * b! > 125;
  const [bright, deep] =
    theme.name === "light" ? [theme.paper, theme.ink] : [theme.ink, theme.paper];
  return light ? deep : bright;
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
