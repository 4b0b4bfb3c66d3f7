// Hazards for a terminal, and as one JSON document.

import type { HookName } from "../catalogue/kernels.js";
import type { Colors } from "../render/colors.js";
import { errnoText } from "../replay/errno.js";
import { driverFields, type ExampleFile, exampleOps, exampleText, writeFields } from "./example.js";
import {
  CLASS_IDS,
  CLASSES,
  FINDING_IDS,
  FINDINGS,
  type FindingId,
  REACTION_IDS,
  REACTIONS,
} from "./findings.js";
import type { Example, Hazards, Tally } from "./hazards.js";
import type { Judged } from "./judge.js";

const WIDTH = 100;
const NAME = 20;
/** Names of protocols and their columns. */
const PROTOCOL = 19;

/** The counts by protocol and class. */
export function tableText({ tallies }: Hazards, colors: Colors): string {
  const most = Math.max(...tallies.map(({ runs }) => String(runs).length));
  const widthOf = (id: string) => Math.max(most, id.length, 6) + 1;
  const head = ["protocol".padEnd(PROTOCOL), ...CLASS_IDS.map((id) => id.padStart(widthOf(id)))];
  const rows = tallies.map(({ protocol, classes }) => {
    const cells = CLASS_IDS.map((id) => {
      const cell = String(classes[id] || "·").padStart(widthOf(id));
      return classes[id] === 0 || id === "clean" || id === "refused" ? colors.dim(cell) : cell;
    });
    return protocol.id.padEnd(PROTOCOL) + cells.join("");
  });
  return [colors.bold(head.join("")), ...rows, ""].join("\n");
}

/** Everything: table, findings by kind of hook, what real kernels do, examples. `commandOf` repeats an example. */
export function hazardsText(
  found: Hazards,
  colors: Colors,
  commandOf: (example: Example) => string,
): string {
  const { runs, hooks, seed, tallies } = found;
  const sections = [
    `${runs} runs: ${hooks} random hooks under ${tallies.length} protocols, seed ${seed}\n`,
    tableText(found, colors),
    legend(colors),
    findingsText(found, colors),
    reactionsText(found, colors),
    examplesText(found, colors, commandOf),
  ];
  return sections.filter((text) => text !== "").join("\n");
}

function legend(colors: Colors): string {
  const lines = CLASS_IDS.flatMap((id) => hanging(`  ${id.padEnd(10)}`, CLASSES[id]));
  return `${lines.map((line) => colors.dim(line)).join("\n")}\n`;
}

/** Runs and counts by kind of hook. */
function byHook(tallies: readonly Tally[]): Map<HookName, Tally[]> {
  const hooks = new Map<HookName, Tally[]>();
  for (const tally of tallies) {
    const { hook } = tally.protocol;
    hooks.set(hook, [...(hooks.get(hook) ?? []), tally]);
  }
  return hooks;
}

function findingsText({ tallies }: Hazards, colors: Colors): string {
  const hooks = byHook(tallies);
  const head = [
    "found, % of runs".padEnd(NAME),
    ...[...hooks.keys()].map((hook) => hook.padStart(16)),
  ];
  const share = (some: readonly Tally[], id: FindingId) => {
    const hits = some.reduce((sum, { findings }) => sum + findings[id], 0);
    const runs = some.reduce((sum, tally) => sum + tally.runs, 0);
    if (hits === 0) return colors.dim("·".padStart(16));
    const percent = (100 * hits) / runs;
    return (percent < 0.01 ? "< 0.01" : percent.toFixed(2)).padStart(16);
  };
  const rows = FINDING_IDS.map((id) =>
    [id.padEnd(NAME), ...[...hooks.values()].map((some) => share(some, id))].join(""),
  );
  return [colors.bold(head.join("")), ...rows, ...onlyUnder(hooks), ""].join("\n");
}

/** What one of the two hooks reaches and the other does not, however long one tries. */
function onlyUnder(hooks: ReadonlyMap<HookName, readonly Tally[]>): string[] {
  const reached = (hook: HookName) =>
    FINDING_IDS.filter((id) => hooks.get(hook)?.some(({ findings }) => findings[id] > 0));
  if (!hooks.has("mmap") || !hooks.has("mmap_prepare")) return [];
  const [mmap, prepare] = [reached("mmap"), reached("mmap_prepare")];
  const only = (some: FindingId[], other: FindingId[]) =>
    some.filter((id) => !other.includes(id)).join(", ") || "nothing";
  return [
    ...hanging("only .mmap:          ", only(mmap, prepare)),
    ...hanging("only .mmap_prepare:  ", only(prepare, mmap)),
  ];
}

function reactionsText({ tallies }: Hazards, colors: Colors): string {
  const rows = REACTION_IDS.flatMap((id) => {
    const { kind, text } = REACTIONS[id];
    const hit = tallies.filter(({ reactions }) => reactions[id] > 0);
    if (hit.length === 0) return [];
    const count = hit.reduce((sum, { reactions }) => sum + reactions[id], 0);
    const lead = `${id.padEnd(18)}${kind.padEnd(6)}  ${String(count).padStart(7)}  `;
    return [
      ...hanging(lead, text),
      ...hanging(" ".repeat(lead.length), hit.map(({ protocol }) => protocol.id).join(" ")).map(
        (line) => colors.dim(line),
      ),
    ];
  });
  if (rows.length === 0) return "";
  return [colors.bold("what a real kernel does      runs"), ...rows, ""].join("\n");
}

function examplesText(
  { examples }: Hazards,
  colors: Colors,
  commandOf: (example: Example) => string,
): string {
  if (examples.length === 0) return "";
  const rows = examples.map((example) => `${example.finding.padEnd(NAME)}${commandOf(example)}`);
  return [colors.bold(`${"shortest example".padEnd(NAME)}shown again by`), ...rows, ""].join("\n");
}

/** Text behind a lead, the lines after the first indented by as much. */
function hanging(lead: string, text: string): string[] {
  const lines: string[] = [lead];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) as string;
    const fresh = line.trim() === "" || line === lead;
    if (!fresh && line.length + 1 + word.length > WIDTH) lines.push(" ".repeat(lead.length) + word);
    else lines[lines.length - 1] = fresh ? line + word : `${line} ${word}`;
  }
  return lines;
}

/** One hook under one protocol, in full. */
export function exampleReport(example: ExampleFile, judged: Judged, colors: Colors): string {
  const { protocol, world } = example;
  const lines = [
    colors.bold(`${protocol.id}`),
    ...hookText(world).map((line) => `  ${line}`),
    ...exampleOps(example)
      .split("\n")
      .slice(1, -1)
      .map((line) => colors.dim(`  ${line === "#MARK" ? "# the call" : line}`)),
    `  returns ${judged.value < 0 ? errnoText(judged.value) : `0x${judged.value.toString(16)}`}: ${judged.classes.join(", ")}`,
    ...judged.findings.flatMap((id) => {
      const rule = FINDINGS[id].class === "broken" && judged.rule ? ` (rule ${judged.rule})` : "";
      return hanging(`  ${id}: `, FINDINGS[id].text + rule);
    }),
    ...judged.reactions.flatMap((id) => hanging("  a real kernel: ", REACTIONS[id].text)),
  ];
  return `${lines.join("\n")}\n`;
}

function hookText({ driver, writes, settings }: ExampleFile["world"]): string[] {
  const words = (record: object) =>
    Object.entries(record).map(([name, value]) => `${name} ${value}`);
  const set = Object.keys(settings).length > 0 ? [`settings: ${words(settings).join(", ")}`] : [];
  return [
    ...set,
    `hook: ${words(driverFields(driver)).join(", ")}`,
    ...writes.map((write) => {
      const { field, value, when } = writeFields(write);
      return `writes ${field} ${value === null ? "NULL" : value} ${when}`;
    }),
  ];
}

/** `hazards --json`. */
export function hazardsDocument(found: Hazards, commandOf: (example: Example) => string) {
  return {
    schema: "vmabench/hazards@1",
    seed: found.seed,
    runs: found.runs,
    hooks: found.hooks,
    protocols: found.tallies.map(({ protocol, runs, classes, findings, reactions }) => ({
      protocol: protocol.id,
      runs,
      classes,
      findings,
      reactions,
    })),
    examples: found.examples.map((example) => ({
      finding: example.finding,
      class: FINDINGS[example.finding].class,
      protocol: example.protocol.id,
      hook: example.hook,
      command: commandOf(example),
      example: JSON.parse(exampleText(example)),
    })),
  };
}

/** `hazards --replay --json` and `--at --json`. */
export function judgedDocument(example: ExampleFile, judged: Judged) {
  const { value, rule, classes, findings, reactions } = judged;
  return {
    protocol: example.protocol.id,
    returns: value,
    rule,
    classes,
    findings,
    reactions: reactions.map((id) => ({ id, ...REACTIONS[id] })),
    example: JSON.parse(exampleText(example)),
  };
}
