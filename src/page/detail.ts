// Everything about one comparison: times, work by event, layout, and the command that measures it again.

import { integer, number } from "../render/format.js";
import { reproduce } from "../render/reproduce.js";
import { drawBatches, drawLife } from "./charts.js";
import type { PageData, PageRow, PageScenario } from "./data.js";
import { element } from "./dom.js";
import { eventAt, sidesOf } from "./rows.js";

/** The contents of an opened row. */
export function detailOf(data: PageData, row: PageRow): HTMLElement {
  const { base, candidate } = sidesOf(data, row);
  const sides = base ? [base, candidate] : [candidate];
  const ids = sides.map(({ id }) => id);
  return element(
    "div",
    { class: "detail-body" },
    element("h3", {}, `${row.workload} / ${row.driver}`),
    sidesTable(sides),
    element(
      "div",
      { class: "pair" },
      drawBatches(sides) ?? undefined,
      drawLife(sides) ?? undefined,
    ),
    workTable(data, base, candidate),
    element("p", { class: "label" }, "Measures these numbers again"),
    command(reproduce({ settings: data.settings }, ids)),
    element("p", { class: "label" }, "Shows what a call of it does, step by step"),
    command(`npx vmabench explain '${candidate.id}'`),
  );
}

function sidesTable(sides: readonly PageScenario[]): HTMLElement {
  const heads = [
    "Protocol",
    "ns per operation",
    "95 % interval",
    "rounds",
    "cycles, estimated",
    "operations",
    "VMAs left",
    "maple nodes",
  ];
  const lines = sides.map(({ protocol, time, cycles, operations, vmas, nodes }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, protocol),
      ...[
        time ? number(time.median) : "not timed",
        time ? `${number(time.low)} to ${number(time.high)}` : "–",
        time ? integer(time.rounds) : "–",
        cycles === null ? "–" : integer(cycles),
        integer(operations),
        integer(vmas),
        integer(nodes),
      ].map((text) => element("td", { class: "number" }, text)),
    ),
  );
  return table("", heads, lines);
}

/** Events that differ first, then the rest, folded. */
function workTable(
  data: PageData,
  base: PageScenario | null,
  candidate: PageScenario,
): HTMLElement {
  const counts = data.events
    .map((name, i) => ({
      name,
      base: base ? eventAt(base, i) : null,
      candidate: eventAt(candidate, i),
    }))
    .filter((count) => count.candidate > 0 || (count.base ?? 0) > 0);
  const differs = (count: (typeof counts)[number]) =>
    count.base !== null && number(count.base) !== number(count.candidate);
  const lines = (list: typeof counts) =>
    list.map((count) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, count.name),
        ...(count.base === null ? [] : [element("td", { class: "number" }, number(count.base))]),
        element("td", { class: "number" }, number(count.candidate)),
      ),
    );
  const heads = ["Events per operation", ...(base ? [base.protocol] : []), candidate.protocol];
  const apart = counts.filter(differs);
  const rest = counts.filter((count) => !differs(count));
  const folded = element(
    "details",
    {},
    element(
      "summary",
      {},
      base ? `${rest.length} events that are the same` : `${rest.length} events`,
    ),
    table("", heads, lines(rest)),
  );
  if (!base) folded.open = true;
  return element(
    "div",
    { class: "work" },
    apart.length > 0 ? table("", heads, lines(apart)) : undefined,
    base && apart.length === 0 ? element("p", {}, "Every event is counted the same.") : undefined,
    rest.length > 0 ? folded : undefined,
  );
}

function table(caption: string, heads: readonly string[], lines: HTMLElement[]): HTMLElement {
  const cells = heads.map((text, i) =>
    element("th", { scope: "col", class: i > 0 ? "number" : undefined }, text),
  );
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      { class: "small" },
      caption ? element("caption", {}, caption) : undefined,
      element("thead", {}, element("tr", {}, ...cells)),
      element("tbody", {}, ...lines),
    ),
  );
}

/** A command line to copy. */
export function command(text: string): HTMLElement {
  const button = element("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it to copy";
    }
  });
  return element("div", { class: "command" }, element("code", {}, text), button);
}
