// vmabench list: what there is to choose from, one line each.

import { Argument, Command } from "commander";
import { DRIVERS } from "../../catalogue/drivers.js";
import { GENERATORS } from "../../catalogue/generators.js";
import { KERNELS, PROTOCOLS } from "../../catalogue/kernels.js";
import type { Parameter } from "../../catalogue/parameters.js";
import { readSuite, suiteNames } from "../../catalogue/suites.js";
import { TLBS } from "../../catalogue/tlbs.js";
import { workloadEntries } from "../../catalogue/workloads.js";
import { colorsFor } from "../../render/colors.js";
import { printJson } from "../print-json.js";

/** What every entry has; the JSON document carries more. */
interface Listed {
  id: string;
  title: string;
}

const KINDS: Readonly<Record<string, () => Listed[]>> = {
  kernels: () => KERNELS.map(({ id, title }) => ({ id, title })),
  protocols: () =>
    PROTOCOLS.map(({ id, title, hook, kernel }) => ({ id, title, hook, kernel: kernel.id })),
  drivers: () =>
    DRIVERS.map(({ id, kind, title, does, prepare, examples, parameters }) => ({
      id,
      kind,
      title,
      does,
      prepare,
      examples,
      parameters: parameters.map(parameterOf),
    })),
  workloads: () =>
    workloadEntries().map(({ id, title, parameters }) => ({
      id,
      title,
      parameters: parameters.map(parameterOf),
    })),
  tlbs: () =>
    TLBS.map(({ id, title, banks, pcid, invlpgb, l2HitCycles, walkers, unverified }) => ({
      id,
      title,
      banks,
      pcid,
      invlpgb,
      l2HitCycles,
      walkers,
      unverified,
    })),
  suites: () => suiteNames().map((id) => ({ id, title: readSuite(id).title })),
};

/** Listed when asked for only: parts of workload files, not of scenarios. */
const PARTS: typeof KINDS = {
  generators: () =>
    [...GENERATORS.values()].map(({ id, does, parameters }) => ({
      id,
      title: does,
      parameters: parameters.map(({ name, meaning }) => ({ name, meaning })),
    })),
};

function parameterOf({ name, meaning, default: initial }: Parameter) {
  return { name, meaning, default: initial ?? null };
}

export function listCommand(): Command {
  return new Command("list")
    .description("what there is: kernels, protocols, drivers, workloads, tlbs, suites")
    .addArgument(
      new Argument("[kind]", "only this").choices([...Object.keys(KINDS), ...Object.keys(PARTS)]),
    )
    .option("--json", "print one JSON document: an array, or without a kind an object of arrays")
    .option("--quiet", "print the ids only")
    .action(list);
}

function list(kind: string | undefined, flags: { json?: true; quiet?: true }): void {
  const kinds = kind === undefined ? Object.keys(KINDS) : [kind];
  const lists = Object.fromEntries(
    kinds.map((name) => [name, (KINDS[name] ?? PARTS[name])?.() ?? []]),
  );
  if (flags.json) {
    const document = kind === undefined ? lists : lists[kind];
    printJson(document);
    return;
  }
  const { bold } = colorsFor(process.stdout);
  const blocks = kinds.map((name) => {
    const lines = linesOf(lists[name] as Listed[], flags.quiet === true);
    return kind === undefined && !flags.quiet
      ? [bold(name), ...lines.map((line) => `  ${line}`)]
      : lines;
  });
  const gap = flags.quiet ? "\n" : "\n\n";
  process.stdout.write(`${blocks.map((lines) => lines.join("\n")).join(gap)}\n`);
}

function linesOf(entries: readonly Listed[], quiet: boolean): string[] {
  const width = Math.max(...entries.map(({ id }) => id.length));
  return entries.map(({ id, title }) => (quiet ? id : `${id.padEnd(width)}  ${title}`));
}
