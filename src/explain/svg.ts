// An explained mmap as a picture: one column a protocol, steps that correspond on one line. Nothing but text and plain
// shapes, so that it stays sharp on a slide; its own light ground, so that it reads on a dark page; colours of Okabe
// and Ito with a shape each, so that it needs no colour. The same bytes for the same explanation.

import { align, type Explained, type ExplainedRun, type ExplainedStep } from "./explain.js";
import { type ExplainedState, NOTHING, stateText } from "./state.js";
import { callText, linesOf, resultText, workText } from "./text.js";

const FONT = "'DejaVu Sans', Verdana, 'Segoe UI', Helvetica, Arial, sans-serif";
const MARGIN = 28;
const COLUMN = 392;
const GAP = 20;
/** Text of these sizes and how many characters of it fit a box; the widest of the fonts sets the count. */
const TITLE = { size: 13, line: 17, fits: 42 };
const SMALL = { size: 10.5, line: 14, fits: 55 };
const PAD = 8;
/** Lines of work that a box shows; all of it is in the box's tooltip. */
const WORK_LINES = 2;

type Kind = "step" | "hook" | "merged" | "refused" | "undo";

const STYLE: Readonly<Record<Kind, { line: string; fill: string; title: string }>> = {
  step: { line: "#8a8a8a", fill: "#ffffff", title: "a step of the kernel" },
  hook: { line: "#0072b2", fill: "#e3f0f8", title: "the driver's hook runs" },
  merged: { line: "#009e73", fill: "#e2f4ee", title: "a merge" },
  refused: { line: "#b87400", fill: "#fdf1d8", title: "a merge attempt, refused" },
  undo: { line: "#d55e00", fill: "#fbe6d9", title: "something is taken back" },
};
const INK = "#1c1c1c";
const SOFT = "#555555";

/** A line of text in a box. */
interface Line {
  text: string;
  style: typeof TITLE;
  colour: string;
  bold?: boolean;
}

/** The SVG document. */
export function explainedSvg(explained: Explained): string {
  const { runs } = explained;
  const width = 2 * MARGIN + runs.length * COLUMN + (runs.length - 1) * GAP;
  const heading = wrapped(callText(explained), Math.floor((width - 2 * MARGIN) / 8));
  const parts: string[] = [];
  let y = MARGIN + 4;
  for (const line of heading) {
    y += 18;
    parts.push(textAt(MARGIN, y, { text: line, style: { ...TITLE, size: 14 }, colour: INK }));
  }
  y += 26;
  runs.forEach(({ protocol }, i) => {
    const name = { text: protocol, style: { ...TITLE, size: 18 }, colour: INK, bold: true };
    parts.push(textAt(columnAt(i), y, name));
  });
  y += 12;
  y = layoutRow(parts, runs, y, "before", ({ before }) => before);
  const { body, bottom } = boxes(runs, y + 10);
  parts.push(...body);
  y = bottom + 18;
  runs.forEach((run, i) => {
    const text = `returns ${resultText(run.result)}`;
    parts.push(textAt(columnAt(i), y, { text, style: TITLE, colour: INK, bold: true }));
  });
  y = layoutRow(parts, runs, y + 8, "after", ({ after }) => after);
  y = legend(parts, y + 22, width);
  const height = Math.ceil(y + MARGIN - 8);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${escaped(FONT)}">`,
    `<title>${escaped(`${explained.workload}, driver ${explained.driver}: ${runs.map(({ protocol }) => protocol).join(" beside ")}`)}</title>`,
    `<rect width="${width}" height="${height}" rx="10" fill="#fafafa" stroke="#c8c8c8"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function columnAt(i: number): number {
  return MARGIN + i * (COLUMN + GAP);
}

/** The VMAs around the range, one a line. Returns where the row ends. */
function layoutRow(
  parts: string[],
  runs: readonly ExplainedRun[],
  top: number,
  title: string,
  layoutOf: (run: ExplainedRun) => readonly string[],
): number {
  let bottom = top;
  runs.forEach((run, i) => {
    const layout = layoutOf(run);
    const lines = layout.length > 0 ? layout : ["nothing"];
    let y = top;
    for (const [n, text] of lines.entries()) {
      y += SMALL.line;
      const x = columnAt(i);
      if (n === 0) parts.push(textAt(x, y, { text: title, style: SMALL, colour: SOFT }));
      parts.push(textAt(x + 48, y, { text, style: SMALL, colour: SOFT }));
    }
    bottom = Math.max(bottom, y);
  });
  return bottom;
}

/** All steps: boxes, and the lines that join the boxes of a column. */
function boxes(runs: readonly ExplainedRun[], top: number): { body: string[]; bottom: number } {
  const body: string[] = [];
  const states: ExplainedState[] = runs.map(() => NOTHING);
  const ends: (number | null)[] = runs.map(() => null);
  let y = top;
  for (const row of align(runs.map(({ steps }) => steps))) {
    const cells = row.map((step, i) => step && linesIn(step, states[i] ?? NOTHING));
    const height = Math.max(...cells.map((lines) => (lines ? heightOf(lines) : 0)));
    for (const [i, step] of row.entries()) {
      const lines = cells[i];
      if (!step || !lines) continue;
      const own = heightOf(lines);
      const x = columnAt(i);
      const from = ends[i];
      if (from !== null && from !== undefined) {
        body.push(
          `<path d="M${x + 16} ${from}V${y}" stroke="#8a8a8a" stroke-width="1.5" fill="none"/>`,
        );
      }
      body.push(box(step, lines, x, y, own));
      ends[i] = y + own;
      states[i] = step.state;
    }
    y += height + 9;
  }
  return { body, bottom: y };
}

function kindOf(step: ExplainedStep): Kind {
  if (step.unwinding) return "undo";
  if (step.hook) return "hook";
  if (!step.id.startsWith("merge.")) return "step";
  return step.work["merge.merged"] ? "merged" : "refused";
}

function linesIn(step: ExplainedStep, before: ExplainedState): Line[] {
  const colour = STYLE[kindOf(step)].line;
  const small = (texts: readonly string[], ink: string, bold = false): Line[] =>
    texts
      .flatMap((text) => wrapped(text, SMALL.fits))
      .map((text) => {
        return { text, style: SMALL, colour: ink, bold };
      });
  const title = wrapped(step.title, TITLE.fits).map((text) => {
    return { text, style: TITLE, colour: INK, bold: step.hook };
  });
  const here = step.hook ? linesOf([`here: ${stateText(before).join(", ")}`], SMALL.fits) : [];
  const sides = step.sides.map(({ side, text }) => `${side}: ${text}`);
  const changed = stateText(step.state, before).join(", ");
  const work = linesOf(workText(step), SMALL.fits - 2);
  const shown = work.slice(0, WORK_LINES);
  if (work.length > WORK_LINES) shown[WORK_LINES - 1] += ", …";
  return [
    ...title,
    ...small(here, darker(colour)),
    ...small(sides, darker(colour)),
    ...small(changed ? [`→ ${changed}`] : [], INK, true),
    ...small(shown, SOFT),
  ];
}

/** Lines are too light for small text. */
function darker(colour: string): string {
  return colour === STYLE.refused.line
    ? "#7a4d00"
    : colour === STYLE.hook.line
      ? "#00547f"
      : colour;
}

function heightOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { style }) => sum + style.line, 0) + 2 * PAD - 2;
}

function box(step: ExplainedStep, lines: readonly Line[], x: number, y: number, height: number) {
  const kind = kindOf(step);
  const { line, fill } = STYLE[kind];
  const strong = kind === "step" ? 1 : 2;
  const parts = [
    `<g><title>${escaped([step.title, step.kernel, ...workText(step)].join("\n"))}</title>`,
    `<rect x="${x}" y="${y}" width="${COLUMN}" height="${height}" rx="5" fill="${fill}" stroke="${line}" stroke-width="${strong}"/>`,
    mark(kind, x + 16, y + PAD + 7),
  ];
  let base = y + PAD - 4;
  for (const text of lines) {
    base += text.style.line;
    parts.push(textAt(x + 32, base, text));
  }
  return `${parts.join("")}</g>`;
}

/** A shape for each kind, drawn: no font has to have it. */
function mark(kind: Kind, x: number, y: number): string {
  const { line } = STYLE[kind];
  const stroke = `fill="none" stroke="${line}" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"`;
  switch (kind) {
    case "step":
      return `<circle cx="${x}" cy="${y}" r="3" fill="${line}"/>`;
    case "hook":
      return `<path d="M${x - 5} ${y - 6}L${x + 6} ${y}L${x - 5} ${y + 6}Z" fill="${line}"/>`;
    case "merged":
      return `<path d="M${x - 6} ${y}L${x - 2} ${y + 5}L${x + 6} ${y - 5}" ${stroke}/>`;
    case "refused":
      return `<path d="M${x - 5} ${y - 5}L${x + 5} ${y + 5}M${x + 5} ${y - 5}L${x - 5} ${y + 5}" ${stroke}/>`;
    case "undo":
      return `<path d="M${x - 1} ${y - 6}L${x - 6} ${y - 2}L${x - 1} ${y + 2}M${x - 6} ${y - 2}H${x + 2}Q${x + 7} ${y - 2} ${x + 7} ${y + 2}T${x + 2} ${y + 6}" ${stroke}/>`;
  }
}

/** What the shapes mean. Returns the last line's place. */
function legend(parts: string[], top: number, width: number): number {
  let [x, y] = [MARGIN, top];
  for (const [kind, { title }] of Object.entries(STYLE)) {
    const wide = 34 + title.length * 6.6;
    if (x + wide > width - MARGIN && x > MARGIN) [x, y] = [MARGIN, y + 20];
    parts.push(mark(kind as Kind, x + 8, y - 4));
    parts.push(textAt(x + 22, y, { text: title, style: SMALL, colour: SOFT }));
    x += wide;
  }
  return y;
}

function textAt(x: number, y: number, { text, style, colour, bold }: Line): string {
  const weight = bold ? ' font-weight="bold"' : "";
  return `<text x="${x}" y="${y}" font-size="${style.size}" fill="${colour}"${weight}>${escaped(text)}</text>`;
}

/** Lines of at most `width` characters, broken between words; a longer word is cut. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ").flatMap((long) => pieces(long, width))) {
    const line = lines.at(-1) as string;
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + word.length < width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function pieces(word: string, width: number): string[] {
  const found: string[] = [];
  for (let i = 0; i === 0 || i < word.length; i += width) found.push(word.slice(i, i + width));
  return found;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Text as XML may hold it: names come from trace files, which may hold anything. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"]/g, (c) => ENTITIES[c] as string);
}
