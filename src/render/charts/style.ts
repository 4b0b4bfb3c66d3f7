// What all charts have in common: titles, axes, ticks.

import { FONT } from "./canvas.js";
import type { Mark, Theme } from "./theme.js";

/** The mark of a protocol by its place among those of a result. */
export function protocolStyle(theme: Theme, index: number): Mark {
  return theme.protocols[index % theme.protocols.length]!;
}

/** Height of a chart with one line per row. */
export function heightFor(rows: number): number {
  return 130 + 26 * rows;
}

export const WIDTH = 960;

/** Title and explanation above a chart. */
export function titles(theme: Theme, finding: string, explanation: string) {
  return {
    title: {
      display: true,
      text: wrapped(finding, 92),
      align: "start" as const,
      color: theme.ink,
      font: { size: 16, weight: "bold" as const },
      padding: { top: 8, bottom: 2 },
    },
    subtitle: {
      display: true,
      text: wrapped(explanation, 125),
      align: "start" as const,
      color: theme.quiet,
      padding: { bottom: 8 },
    },
  };
}

/** Lines of at most `width` characters, broken between words. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) as string;
    if (line !== "" && line.length + word.length >= width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

interface Axis {
  ticks: { value: number }[];
  width: number;
  ctx: { font: string; measureText(text: string): { width: number } };
}

/** Exactly these ticks. */
export function ticksAt(values: readonly number[]) {
  return (axis: Axis) => {
    axis.ticks = values.map((value) => ({ value }));
  };
}

/**
 * A y axis of named rows, the first on top, at `places` (0, 1, 2, ... unless given); on the right it shows
 * a second text for each row. As wide as its longest text: by itself chart.js would cut long ones.
 */
export function rowAxis(
  theme: Theme,
  labels: readonly string[],
  side: "left" | "right" = "left",
  places: readonly number[] = labels.map((_, i) => i),
  range: { min: number; max: number } = { min: -0.6, max: labels.length - 0.4 },
) {
  return {
    type: "linear" as const,
    position: side,
    ...range,
    reverse: true,
    offset: false,
    grid: { display: side === "left", color: theme.faint },
    afterBuildTicks: ticksAt(places),
    afterFit: (axis: Axis) => {
      axis.ctx.font = `12px "${FONT}"`;
      axis.width = Math.max(...labels.map((label) => axis.ctx.measureText(label).width)) + 18;
    },
    ticks: {
      autoSkip: false,
      color: theme.ink,
      callback: (value: string | number) => labels[places.indexOf(Number(value))] ?? "",
    },
  };
}

/** Powers of ten from below `low` to `high`. */
export function powersOfTen(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.floor(Math.log10(high));
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
}

const STEPS = [1, 1.1, 1.25, 1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000];

/** Numeric axis in the theme's colours: grid, ticks, and what it shows. */
export function axis(theme: Theme, title: string) {
  return {
    title: { display: title !== "", text: title, color: theme.quiet },
    grid: { color: theme.faint },
    border: { color: theme.faint },
    ticks: { color: theme.ink },
  };
}

/** A legend below, with the marks themselves. */
export function legend(theme: Theme) {
  return {
    position: "bottom" as const,
    labels: { usePointStyle: true, color: theme.ink, boxHeight: 7 },
  };
}

/** Ticks of a logarithmic ratio axis: 1 and steps the same distance away on both sides. */
export function ratioTicks(low: number, high: number): number[] {
  const reach = Math.max(high, 1 / low);
  const far = STEPS.filter((step) => step <= reach * 1.0001);
  // few enough to be read: the widest charts drop the finest steps
  const chosen = far.length > 6 ? far.filter((step) => step === 1 || step >= 1.5) : far;
  return chosen
    .flatMap((step) => (step === 1 ? [1] : [1 / step, step]))
    .filter((value) => value >= low * 0.9999 && value <= high * 1.0001)
    .sort((a, b) => a - b);
}

/** A logarithmic x axis of ratios, with ticks where people look for them. */
export function ratioAxis(theme: Theme, title: string, low: number, high: number) {
  return {
    ...axis(theme, title),
    type: "logarithmic" as const,
    min: low,
    max: high,
    afterBuildTicks: ticksAt(ratioTicks(low, high)),
    ticks: {
      color: theme.ink,
      callback: (value: string | number) => String(Number(Number(value).toFixed(2))),
    },
  };
}
