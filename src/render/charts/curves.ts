// Cost against size, a line a protocol: what the scaling and the unwinding chart share.

import { fitComplexity, MODELS, type ModelFit, type ModelName } from "../../stats/complexity.js";
import { integer } from "../format.js";
import { renderPng } from "./canvas.js";
import { axis, legend, protocolStyle, ticksAt, titles, WIDTH } from "./style.js";
import type { Theme } from "./theme.js";

export interface Point {
  x: number;
  y: number;
  /** Interval of y. */
  yMin: number;
  yMax: number;
}

export interface Curve {
  protocol: string;
  /** By x. */
  points: Point[];
  /** Whether the cost is a fixed one, that of the first point, and something that grows. */
  rises?: boolean;
}

export interface Axes {
  x: string;
  y: string;
  /** Whether costs differ by orders of magnitude. */
  logarithmic: boolean;
}

interface Order {
  /** Null when the order is open. */
  model: ModelName | null;
  /** Cost is about fixed + coefficient * model(n). */
  coefficient: number;
  fixed: number;
  /** Root of the mean squared residual, divided by the mean cost. */
  error: number;
  /** For people: `O(log n)`, or why there is none. */
  text: string;
}

/** A fit this far off is said to be one. */
const FAR_OFF = 0.05;

/** The order of growth; of a curve that rises from a fixed cost, of what comes on top of the first point's. */
export function order({ points, rises }: Curve): Order {
  const fixed = rises ? points[0]!.y : 0;
  const fitted = rises ? points.slice(1) : points;
  const costs = fitted.map(({ y }) => y - fixed);
  const open = { model: null, coefficient: 0, fixed, error: 0 };
  if (costs.some((cost) => cost <= 0)) return { ...open, text: "order open, no growth" };
  const { label, reason, fits } = fitComplexity(
    fitted.map(({ x }) => x),
    costs,
  );
  if (label === null) return { ...open, text: `order open, ${spoken(reason ?? "", fits)}` };
  const { coefficient, error } = fits[0]!;
  return { model: label, coefficient, fixed, error, text: orderText(label, error) };
}

/** `O(log n)`, and how far off it is; in one piece, since a title must not break inside it. */
function orderText(model: ModelName, error: number): string {
  const text = error < FAR_OFF ? model : `nearest ${model} (${Math.round(100 * error)} % off)`;
  return text.replaceAll(" ", "\u00a0");
}

/** Two orders that fit alike, the slower first whichever is a hair better, so that curves can be said together. */
function spoken(reason: string, fits: readonly ModelFit[]): string {
  if (!reason.includes("equally well")) return reason;
  const names = Object.keys(MODELS) as ModelName[];
  const pair = fits.slice(0, 2).map(({ model }) => model);
  const [first, second] = pair.sort((a, b) => names.indexOf(a) - names.indexOf(b));
  return `${first} and ${second} fit about equally well`;
}

/** The order of growth of all curves in a clause: `O(log n)`, or what keeps it open. */
export function orders(curves: readonly Curve[]): string {
  const found = curves.map(order);
  const [first] = found;
  if (first?.model && found.every(({ model }) => model === first.model)) {
    return orderText(first.model, Math.max(...found.map(({ error }) => error)));
  }
  const texts = found.map(({ text }) => text);
  if (new Set(texts).size === 1) return texts[0]!;
  return curves.map(({ protocol }, i) => `${protocol} ${texts[i]}`).join("; ");
}

/** A line a protocol, measured points with their intervals, and dashed the fitted order where it has a name. */
export function drawCurves(
  theme: Theme,
  curves: readonly Curve[],
  axes: Axes,
  title: string,
  explanation: string,
): Uint8Array {
  const lines = curves.map(({ protocol, points }, i) => {
    const { colour, shape } = protocolStyle(theme, i);
    return {
      label: protocol,
      data: points,
      showLine: true,
      pointStyle: shape,
      radius: 6,
      borderWidth: 2,
      borderColor: colour,
      backgroundColor: i === 0 ? theme.paper : colour,
      errorBarColor: colour,
      errorBarWhiskerColor: colour,
    };
  });
  const fits = curves.flatMap((curve, i) => fitted(theme, curve, i));
  const sizes = [...new Set(curves.flatMap(({ points }) => points.map(({ x }) => x)))].sort(
    (a, b) => a - b,
  );
  const tick = (value: string | number) => integer(Number(value));
  return renderPng(WIDTH, 460, theme, {
    type: "scatterWithErrorBars",
    data: { datasets: [...lines, ...fits] },
    options: {
      layout: { padding: { left: 8, right: 24 } },
      scales: {
        x: {
          ...axis(theme, axes.x),
          type: "logarithmic",
          min: sizes[0]! / 1.3,
          max: sizes.at(-1)! * 1.3,
          afterBuildTicks: ticksAt(sizes),
          ticks: { color: theme.ink, callback: tick },
        },
        y: {
          ...axis(theme, axes.y),
          type: axes.logarithmic ? "logarithmic" : "linear",
          beginAtZero: !axes.logarithmic,
          ticks: { color: theme.ink, callback: axes.logarithmic ? onlyRound : tick },
        },
      },
      plugins: { ...titles(theme, title, explanation), legend: legend(theme) },
    },
  } as never);
}

/** 1, 2, 5 of every power of ten. */
function onlyRound(value: string | number): string {
  const number = Number(value);
  const lead = number / 10 ** Math.floor(Math.log10(number) + 1e-9);
  return [1, 2, 5].some((n) => Math.abs(n - lead) < 1e-6) ? integer(number) : "";
}

function fitted(theme: Theme, curve: Curve, i: number): object[] {
  const { model, coefficient, fixed } = order(curve);
  if (model === null) return [];
  const [first, last] = [curve.points[0]!.x, curve.points.at(-1)!.x];
  const data = Array.from({ length: 60 }, (_, k) => {
    const x = first * (last / first) ** (k / 59);
    return { x, y: fixed + coefficient * MODELS[model](x) };
  });
  return [
    {
      type: "line",
      label: `${curve.protocol}, fit ${model}`,
      data,
      pointRadius: 0,
      pointStyle: "line",
      borderColor: protocolStyle(theme, i).colour,
      borderWidth: 1.5,
      borderDash: [6, 5],
    },
  ];
}
