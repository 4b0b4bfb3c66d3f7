// A cost model for people: prices, how sure they are, errors, and who is to blame for the large ones.

import Table from "cli-table3";
import { type CostModel, isSure } from "../predict/model.js";
import type { Colors } from "../render/colors.js";
import { number } from "../render/format.js";
import { median } from "../stats/median.js";
import { SHORTEST } from "./fit.js";

/** What a model is aimed at. */
export const TARGETS = { medianError: 0.2, rankCorrelation: 0.9 } as const;
const WORST_FAMILIES = 6;
const WORST_BENCHMARKS = 8;

/** The whole as text. */
export function modelText(model: CostModel, colors: Colors): string {
  const { environment, errors } = model;
  const lines = [
    colors.bold(`${model.title}, ${environment.cpu}, model ${model.protocol}`),
    `${model.residuals.length} observations, ${model.processes} processes, ${number(model.seconds)} s, ` +
      `load ${environment.loadAverage[0].toFixed(1)}`,
    `a system call that does nothing: ${number(model.entry)} ns`,
    "",
    termTable(model, colors),
    ...notes(model),
    "",
    colors.bold(errorLine(model)),
    `within the fit ${percent(errors.fitted)}`,
    ...targetLines(model),
    "",
    "families, each left out of the fit: median error, predicted / measured",
    familyTable(model),
    "",
    "benchmarks predicted worst",
    worstTable(model),
  ];
  return `${lines.join("\n").replace(/ +$/gm, "")}\n`;
}

/** The errors in one line. */
export function errorLine({ errors }: CostModel): string {
  const ranks = errors.rankCorrelation === null ? "none" : errors.rankCorrelation.toFixed(3);
  return (
    `error with the benchmark's family left out: median ${percent(errors.median)}, ` +
    `nine of ten within ${percent(errors.high)}, rank correlation ${ranks}`
  );
}

/** What was missed, by how much, and where. */
function targetLines(model: CostModel): string[] {
  const { errors } = model;
  const lines: string[] = [];
  const [worst] = families(model);
  if (errors.median > TARGETS.medianError) {
    lines.push(
      `missed: median error ${percent(errors.median)}, aimed at ${percent(TARGETS.medianError)}; worst: ${worst?.family}`,
    );
  }
  if (errors.rankCorrelation === null || errors.rankCorrelation < TARGETS.rankCorrelation) {
    lines.push(
      `missed: rank correlation ${errors.rankCorrelation}, aimed at ${TARGETS.rankCorrelation}; worst: ${worst?.family}`,
    );
  }
  return lines;
}

function notes({ joined, absent, terms, notMeasured }: CostModel): string[] {
  const unsure = terms.filter((term) => !isSure(term)).map(({ id }) => id);
  const lines = joined.map(({ terms: ids }) => `not told apart, one price: ${ids.join(", ")}`);
  if (unsure.length > 0) lines.push(`? not told apart from nothing: ${unsure.join(", ")}`);
  if (absent.length > 0) lines.push(`not measured: ${absent.join(", ")}`);
  const reasons = [...new Set(notMeasured.map(({ reason }) => reason))];
  for (const reason of reasons) {
    const ids = notMeasured.filter((one) => one.reason === reason).map(({ id }) => id);
    lines.push(`left out, ${reason}: ${ids.join("; ")}`);
  }
  return lines;
}

const NO_LINES = Object.fromEntries(
  "top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle"
    .split(" ")
    .map((name) => [name, ""]),
);

function newTable(head: string[], numbersFrom: number): Table.Table {
  return new Table({
    ...(head.length > 0 ? { head } : {}),
    colAligns: Array.from({ length: 6 }, (_, i) => (i < numbersFrom ? "left" : "right")),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: NO_LINES,
  });
}

function termTable({ terms }: CostModel, colors: Colors): string {
  const table = newTable(["term", "", "ns each", "95 %"].map(colors.dim), 2);
  for (const term of terms) {
    const range = `${number(term.low)} – ${number(term.high)}`;
    table.push([
      term.id,
      term.title,
      `${isSure(term) ? "" : "? "}${number(term.nanoseconds)}`,
      range,
    ]);
  }
  return table.toString();
}

function relativeError({ leftOut, measured }: CostModel["residuals"][number]): number {
  return Math.abs(leftOut - measured) / Math.max(measured, SHORTEST);
}

interface Family {
  family: string;
  error: number;
  ratio: number;
  observations: number;
}

/** Families, the worst first. */
export function families({ residuals }: CostModel): Family[] {
  const names = [...new Set(residuals.map(({ family }) => family))];
  return names
    .map((family) => {
      const own = residuals.filter((one) => one.family === family);
      return {
        family,
        error: median(own.map(relativeError)),
        ratio: median(own.map(({ leftOut, measured }) => leftOut / measured)),
        observations: own.length,
      };
    })
    .sort((a, b) => b.error - a.error);
}

function familyTable(model: CostModel): string {
  const table = newTable([], 1);
  for (const { family, error, ratio, observations } of families(model).slice(0, WORST_FAMILIES)) {
    table.push([family, percent(error), ratio.toFixed(2), `of ${observations}`]);
  }
  return table.toString();
}

function worstTable({ residuals }: CostModel): string {
  const table = newTable([], 1);
  const off = ({ leftOut, measured }: (typeof residuals)[number]) =>
    Math.abs(Math.log(Math.max(leftOut, 1) / measured));
  const worst = [...residuals].sort((a, b) => off(b) - off(a)).slice(0, WORST_BENCHMARKS);
  for (const { id, measured, leftOut } of worst) {
    table.push([id, `${number(measured)} ns`, `predicted ${number(leftOut)}`]);
  }
  return table.toString();
}

export function percent(part: number): string {
  return `${number(part * 100)} %`;
}
