// Interactive charts. Each stands in a figure with its finding as caption, says it again to those who do not
// see it, and is drawn anew when the colours change.

import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  Legend,
  type LegendItem,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  ScatterController,
  Tooltip,
} from "chart.js";
import { integer, number } from "../render/format.js";
import type { PageData, PagePlot, PageRow, PageScenario } from "./data.js";
import { element } from "./dom.js";
import { LETTERS, letters } from "./letters.js";
import { groupWork, sidesOf, totalWork } from "./rows.js";
import { colour, onTheme } from "./theme.js";

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  ScatterController,
  Tooltip,
);

const SHAPES = ["circle", "rectRot", "triangle", "rect", "star"];
const DASHES = [[], [6, 4], [2, 3], [10, 3, 2, 3], [1, 4]];

interface Drawn {
  canvas: HTMLCanvasElement;
  make: () => ChartConfiguration;
  chart: Chart | null;
}

const drawn = new Set<Drawn>();
onTheme(() => {
  for (const entry of drawn) draw(entry);
});

function draw(entry: Drawn): void {
  entry.chart?.destroy();
  entry.chart = null;
  if (!entry.canvas.isConnected) {
    drawn.delete(entry);
    return;
  }
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 12;
  Chart.defaults.color = colour("quiet");
  Chart.defaults.borderColor = colour("rule");
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;
  entry.chart = new Chart(entry.canvas, entry.make());
}

/** A figure whose chart is drawn as soon as it stands in the page. */
function figure(
  title: string,
  height: number,
  make: () => ChartConfiguration,
  ...more: (Node | undefined)[]
): HTMLElement {
  const canvas = element("canvas", { role: "img", "aria-label": title }, title);
  const entry: Drawn = { canvas, make, chart: null };
  const made = element(
    "figure",
    {},
    element("figcaption", {}, title),
    element("div", { class: "canvas", style: `height:${height}px` }, canvas),
    ...more,
  );
  drawn.add(entry);
  queueMicrotask(() => draw(entry));
  return made;
}

/** Colour and shape of the i-th protocol. */
function protocolMark(i: number) {
  const stroke = colour(`protocol-${i % 5}`);
  return {
    borderColor: stroke,
    backgroundColor: stroke,
    pointStyle: SHAPES[i % SHAPES.length]!,
    borderDash: DASHES[i % DASHES.length]!,
    borderWidth: i === 0 ? 3 : 2,
    order: -i, // the baseline underneath
  };
}

const legend = () => ({
  position: "bottom" as const,
  align: "start" as const,
  labels: {
    usePointStyle: true,
    color: colour("ink"),
    boxHeight: 7,
    sort: (a: LegendItem, b: LegendItem) => (a.datasetIndex ?? 0) - (b.datasetIndex ?? 0),
  },
});
const count = (value: string | number) => integer(Number(value));

/** Cost against size, with a table of the same numbers. */
export function drawPlot(plot: PagePlot): HTMLElement {
  const sizes = plot.curves.flatMap(({ points }) => points.map(({ x }) => x));
  const make = (): ChartConfiguration => ({
    type: "scatter",
    data: {
      datasets: plot.curves.map(({ protocol, points }, i) => ({
        label: protocol,
        data: points,
        showLine: true,
        pointRadius: 4,
        ...protocolMark(i),
      })),
    },
    options: {
      scales: {
        x: {
          type: "logarithmic",
          min: Math.min(...sizes) / 1.2,
          max: Math.max(...sizes) * 1.2,
          title: { display: true, text: plot.x },
          ticks: { callback: roundOnly, maxRotation: 0, autoSkip: false },
        },
        y: plot.logarithmic
          ? {
              type: "logarithmic",
              title: { display: true, text: plot.y },
              ticks: { callback: roundOnly },
            }
          : {
              type: "linear",
              beginAtZero: true,
              title: { display: true, text: plot.y },
              ticks: { callback: count },
            },
      },
      plugins: {
        legend: legend(),
        tooltip: {
          callbacks: {
            label: ({ dataset, raw }) => {
              const { x, y, yMin, yMax } = raw as {
                x: number;
                y: number;
                yMin: number;
                yMax: number;
              };
              return `${dataset.label}: ${number(y)} [${number(yMin)}, ${number(yMax)}] at ${integer(x)}`;
            },
          },
        },
      },
    },
  });
  return figure(plot.title, 320, make, numbersOf(plot));
}

/** Powers of ten only: between them a logarithmic axis has more ticks than room. */
function roundOnly(value: string | number): string {
  return Number.isInteger(Math.log10(Number(value))) ? integer(Number(value)) : "";
}

function numbersOf({ x, curves }: PagePlot): HTMLElement {
  const sizes = [...new Set(curves.flatMap(({ points }) => points.map((point) => point.x)))];
  const heads = [x, ...curves.map(({ protocol }) => protocol)].map((text, i) =>
    element("th", { scope: "col", class: i > 0 ? "number" : undefined }, text),
  );
  const lines = sizes.map((size) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, integer(size)),
      ...curves.map(({ points }) => {
        const point = points.find((other) => other.x === size);
        return element("td", { class: "number" }, point ? number(point.y) : "–");
      }),
    ),
  );
  const table = element(
    "table",
    { class: "small" },
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...lines),
  );
  return element(
    "details",
    {},
    element("summary", {}, "The numbers"),
    element("div", { class: "scroll" }, table),
  );
}

/** Distribution of batches: which share of them took at most how long. */
export function drawBatches(sides: readonly PageScenario[]): HTMLElement | null {
  const timed = sides.filter(({ quantiles }) => quantiles);
  if (timed.length === 0) return null;
  const title = "Share of batches that took at most so long";
  return figure(title, 220, () => ({
    type: "scatter",
    data: {
      datasets: timed.map(({ protocol, quantiles = [] }) => ({
        label: protocol,
        data: quantiles.map((x, k) => ({ x, y: 5 * (k + 1) })),
        showLine: true,
        pointRadius: quantiles.map((_, k) => (k === 9 ? 5 : 0)),
        ...protocolMark(
          timed.length === 1 ? 1 : sides.findIndex((side) => side.protocol === protocol),
        ),
      })),
    },
    options: {
      scales: {
        x: {
          type: "linear",
          title: { display: true, text: "ns per operation" },
          ticks: { callback: count, maxTicksLimit: 6 },
        },
        y: {
          type: "linear",
          min: 0,
          max: 100,
          ticks: { callback: (value) => `${value} %`, maxTicksLimit: 5 },
        },
      },
      plugins: { legend: legend() },
    },
  }));
}

/** VMAs over the operations. */
export function drawLife(sides: readonly PageScenario[]): HTMLElement | null {
  const lived = sides.filter(({ life }) => life);
  if (lived.length === 0) return null;
  return figure("VMAs while it runs", 220, () => ({
    type: "scatter",
    data: {
      datasets: lived.map(({ protocol, life }, i) => ({
        label: protocol,
        data: life!.after.map((x, k) => ({ x, y: life!.vmas[k]! })),
        showLine: true,
        ...protocolMark(i),
        // the first broad, so that equal lines show both
        borderWidth: i === 0 ? 5 : 2,
        pointRadius: 0,
      })),
    },
    options: {
      scales: {
        x: {
          type: "linear",
          min: 0,
          max: lived[0]!.operations,
          title: { display: true, text: "operations done" },
          ticks: { callback: count, maxTicksLimit: 6, maxRotation: 0 },
        },
        y: {
          type: "linear",
          beginAtZero: true,
          ticks: { callback: count, maxTicksLimit: 5, precision: 0 },
        },
      },
      plugins: { legend: legend() },
    },
  }));
}

function shortened(label: string): string {
  return label.length > 18 ? `${label.slice(0, 17)}…` : label;
}

/** Bars drawn at most. */
const MOST_BARS = 10;

/** Work by group of events of the rows whose work changes most. */
export function drawWork(data: PageData, rows: readonly PageRow[]): HTMLElement | null {
  const shown = rows
    .map((row) => ({ row, ...sidesOf(data, row) }))
    .flatMap(({ row, base, candidate }) => (base ? [{ row, base, candidate }] : []))
    .map((entry) => ({
      ...entry,
      whole: totalWork(data, entry.base),
      change: Math.abs(
        Math.log((totalWork(data, entry.candidate) + 1e-9) / (totalWork(data, entry.base) + 1e-9)),
      ),
    }))
    .sort((a, b) => b.change - a.change)
    .slice(0, MOST_BARS);
  if (shown.length === 0) return null;
  const bars = shown.flatMap(({ row, base, candidate, whole }) =>
    [base, candidate].map((scenario) => ({
      label: `${row.workload} / ${row.driver}, ${scenario.protocol}`,
      scenario,
      share: whole > 0 ? 100 / whole : 0,
    })),
  );
  const title = `Events per operation by group, the baseline being 100 %: the ${shown.length} of ${integer(rows.length)} shown above that change most`;
  const narrow = matchMedia("(max-width: 40rem)").matches;
  return figure(title, 120 + bars.length * 24, () => ({
    type: "bar",
    data: {
      labels: bars.map(({ label }, i) => {
        if (!narrow) return label;
        return i % 2 === 0 ? shortened(label.split(" / ")[0]!) : "";
      }),
      datasets: data.groups
        .map(({ name, events }, i) => ({
          label: `${LETTERS[i]}  ${name}`,
          data: bars.map(({ scenario, share }) => groupWork(scenario, events) * share),
          backgroundColor: colour(`group-${i}`),
          borderColor: colour("paper"),
          borderWidth: { right: 1 },
          barPercentage: 0.86,
          categoryPercentage: 0.94,
        }))
        .filter((dataset) => dataset.data.some((value) => value > 0)),
    },
    plugins: [letters],
    options: {
      indexAxis: "y",
      scales: {
        x: { stacked: true, ticks: { callback: (value) => `${value} %`, maxRotation: 0 } },
        y: {
          stacked: true,
          grid: { display: false },
          ticks: { color: colour("ink"), autoSkip: false },
        },
      },
      plugins: {
        legend: { ...legend(), labels: { color: colour("ink"), boxWidth: 10, boxHeight: 10 } },
        tooltip: {
          callbacks: {
            title: ([item]) => bars[item?.dataIndex ?? 0]!.label,
            label: ({ dataset, dataIndex, raw }) => {
              const { share } = bars[dataIndex]!;
              return `${dataset.label}: ${number(Number(raw) / share)} per operation`;
            },
          },
        },
      },
    },
  }));
}
