// A distribution as a line of bars.

const BARS = "▁▂▃▄▅▆▇█";
export const SPARK_WIDTH = 12;
/** Shares of the values that the ends of the line stand for: a single stray round would squeeze the rest. */
const ENDS = [0.05, 0.95] as const;

/**
 * How often values fall into each of `width` equal parts of their range, 5th to 95th percentile. A blank: never.
 * The tallest bar is always full, so that shapes compare, not counts.
 */
export function sparkline(values: Float64Array, width = SPARK_WIDTH): string {
  if (values.length === 0) return "";
  const sorted = values.toSorted();
  const [low, high] = ENDS.map((share) => sorted[Math.round(share * (sorted.length - 1))]) as [
    number,
    number,
  ];
  const counts = new Array<number>(width).fill(0);
  for (const value of values) {
    if (value < low || value > high) continue;
    const part = high > low ? Math.floor(((value - low) / (high - low)) * width) : width >> 1;
    counts[Math.min(part, width - 1)]!++;
  }
  const most = Math.max(...counts);
  return counts
    .map((count) => (count === 0 ? " " : BARS[Math.ceil((count / most) * BARS.length) - 1]))
    .join("");
}
