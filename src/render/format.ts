// Numbers as people read them. The same text on every machine: no locale.

/** Three significant digits, no exponent: 0.0123, 1.23, 12.3, 123, 1230 as "1230". */
export function number(value: number): string {
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  if (size >= 2) return String(Math.round(value));
  const text = value.toFixed(Math.min(2 - size, 6));
  return text.replace(/\.?0+$/, "");
}

/** Groups of three digits, divided by a thin space. */
export function integer(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** `1.061 [1.035, 1.090]` */
export function interval(of: { ratio: number; low: number; high: number }): string {
  return `${of.ratio.toFixed(3)} [${of.low.toFixed(3)}, ${of.high.toFixed(3)}]`;
}

/** `1.2 → 0.8`, or one number where both are the same. */
export function change(values: readonly [number, number], format = number): string {
  const [before, after] = [format(values[0]), format(values[1])];
  return before === after ? before : `${before} → ${after}`;
}

/** `12 s`, `3 min 20 s`, `5 h 10 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.round(minutes / 60);
  return `${integer(Math.floor(hours / 24))} d ${hours % 24} h`;
}
