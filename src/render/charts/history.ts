// Time of each scenario from commit to commit, against the reference build; scenarios whose level changed in colour,
// the others in grey behind them.

import type { Series } from "../../judge/history.js";
import { finding } from "../history.js";
import { renderPng } from "./canvas.js";
import { FAINT, INK, PROTOCOL_STYLE, ticksAt, titles, WIDTH } from "./style.js";

/** Scenarios in colour: more cannot be told apart. */
const COLOURED = 4;
const TICKS = [0.2, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 1, 1.03, 1.05, 1.1, 1.2, 1.5, 2, 3, 5];

/** Null without two commits. `commits`: of every entry, in order. */
export function historyChart(
  series: readonly Series[],
  commits: readonly string[],
): Uint8Array | null {
  if (commits.length < 2) return null;
  const ratios = series.flatMap(({ points }) => points.map(({ ratio }) => ratio));
  const [low, high] = [Math.min(1 / 1.05, ...ratios) / 1.01, Math.max(1.05, ...ratios) * 1.01];
  const changed = series.filter(({ steps }) => steps.length > 0).slice(0, COLOURED);
  const quiet = series.filter((one) => !changed.includes(one));
  const place = new Map(commits.map((commit, i) => [commit, i]));
  const data = ({ points }: Series) =>
    points.map(({ commit, ratio }) => ({ x: place.get(commit)!, y: ratio }));

  const datasets = [
    ...changed.map((one, i) => {
      const { colour, shape } = PROTOCOL_STYLE[i + 1]!;
      const steps = new Set(one.steps.map(({ commit }) => commit));
      return {
        label: one.id,
        data: data(one),
        borderColor: colour,
        backgroundColor: colour,
        borderWidth: 2,
        pointStyle: shape,
        // a mark where the level changes
        pointRadius: one.points.map(({ commit }) => (steps.has(commit) ? 6 : 0)),
      };
    }),
    ...quiet.map((one) => ({
      label: "other scenarios",
      data: data(one),
      borderColor: "rgba(119,119,119,0.45)",
      backgroundColor: "#777777",
      borderWidth: 1,
      pointStyle: "line",
      pointRadius: 0,
    })),
  ];
  const every = Math.max(1, Math.ceil(commits.length / 12));
  const labelled = commits.map((_, i) => i).filter((i) => i % every === 0);

  return renderPng(WIDTH, 480, {
    type: "line",
    data: { datasets },
    options: {
      layout: { padding: { left: 8, right: 24 } },
      scales: {
        x: {
          type: "linear",
          min: 0,
          max: commits.length - 1,
          grid: { color: FAINT },
          afterBuildTicks: ticksAt(labelled),
          ticks: {
            color: INK,
            autoSkip: false,
            maxRotation: 45,
            callback: (value: string | number) => (commits[Number(value)] ?? "").slice(0, 8),
          },
        },
        y: {
          type: "logarithmic",
          min: low,
          max: high,
          title: { display: true, text: "time, commit ÷ reference" },
          grid: { color: FAINT },
          afterBuildTicks: ticksAt(TICKS.filter((tick) => tick >= low && tick <= high)),
          ticks: {
            color: INK,
            callback: (value: string | number) => String(Number(Number(value).toFixed(2))),
          },
        },
      },
      plugins: {
        ...titles(
          finding(series),
          `${commits.length} commits, each measured in the same processes as the reference build; grey band: ±3 %`,
        ),
        legend: {
          position: "bottom",
          labels: {
            usePointStyle: true,
            color: INK,
            filter: ({ datasetIndex }: { datasetIndex?: number }) =>
              (datasetIndex ?? 0) <= changed.length,
          },
        },
        annotation: {
          annotations: {
            band: {
              type: "box",
              yMin: 1 / 1.03,
              yMax: 1.03,
              backgroundColor: "rgba(0,0,0,0.06)",
              borderWidth: 0,
              drawTime: "beforeDatasetsDraw",
            },
          },
        },
      },
    },
  } as never);
}
