// vmabench maple-digest: a stream of stores, erases and walks whose outcome is known to the last bit.

import { Command, Option } from "commander";
import { Core, type Counters } from "../../core/core.js";
import { UsageError } from "../../errors.js";
import { integerOption } from "../integer.js";
import { printJson } from "../print-json.js";

interface DigestFlags {
  ops: number;
  pages: number;
  mask: number;
  full?: true;
  rcu: boolean;
  range?: true;
  rngState: bigint;
  json?: true;
  quiet?: true;
}

/** What the generator starts from when nothing else is said. */
const RNG_STATE = 88172645463325252n;

/** Write types of the maple tree, with the counter of each. */
const WRITES: Readonly<Record<string, keyof Counters>> = {
  storeRoot: "maple.rootStores",
  exactFit: "maple.exactFits",
  spanningStore: "maple.spanningStores",
  splitStore: "maple.splits",
  rebalance: "maple.rebalances",
  nodeStore: "maple.nodeStores",
  slotStore: "maple.slotStores",
  append: "maple.appends",
  newRoot: "maple.newRoots",
};

export function mapleDigestCommand(): Command {
  return new Command("maple-digest")
    .description("run a known-answer stream through the maple tree and print its digests")
    .requiredOption("--ops <n>", "steps of the stream", integerOption("--ops", 1, 2 ** 31 - 1))
    .requiredOption("--pages <n>", "pages it works on", integerOption("--pages", 1, 2 ** 31 - 1))
    .requiredOption(
      "--mask <n>",
      "mask of a range's length in pages",
      integerOption("--mask", 0, 2 ** 31 - 1),
    )
    .option("--full", "now and then a range that touches the ends of the address space")
    .option("--no-rcu", "a tree without readers: nodes may be changed in place")
    .option("--range", "a range tree, which tracks no gaps")
    .addOption(
      new Option("--rng-state <n>", "what the generator starts from")
        .argParser(rngState)
        .default(RNG_STATE, String(RNG_STATE)),
    )
    .option("--json", "print one JSON document")
    .option("--quiet", "print the two digests only")
    .action(mapleDigest);
}

function rngState(text: string): bigint {
  if (/^(\d{1,20}|0x[0-9a-f]{1,16})$/i.test(text)) {
    const value = BigInt(text);
    if (value > 0n && value < 1n << 64n) return value;
  }
  throw new UsageError(`--rng-state ${text}: expected an integer from 1 to 2^64 - 1`);
}

function mapleDigest(flags: DigestFlags): void {
  const core = new Core("work");
  const words = core.mapleDigest({
    operations: flags.ops,
    pages: flags.pages,
    mask: flags.mask,
    full: flags.full === true,
    rcu: flags.rcu,
    range: flags.range === true,
    state: flags.rngState,
  });
  const number = (i: number) => Number(words[i]);
  const digest = (i: number) => (words[i] ?? 0n).toString(16).padStart(16, "0");
  const counters = core.counters();
  const document = {
    height: number(0),
    leaves: number(1),
    inner: number(2),
    entries: number(3),
    pops: number(4),
    moved: number(5),
    structure: digest(6),
    operations: digest(7),
    requested: number(8),
    largestRequest: number(9),
    gapLevels: number(10),
    parentWrites: number(11),
    stores: number(12),
    erases: number(13),
    walks: number(14),
    searchesFound: number(15),
    writes: Object.fromEntries(Object.entries(WRITES).map(([name, of]) => [name, counters[of]])),
  };
  if (flags.json) {
    printJson(document);
  } else if (flags.quiet) {
    process.stdout.write(`${document.structure} ${document.operations}\n`);
  } else {
    process.stdout.write(`${linesOf(document).join("\n")}\n`);
  }
}

/** Names as people read them, where they are not the document's own. */
const LABELS: Readonly<Record<string, string>> = {
  inner: "inner nodes",
  pops: "nodes taken (pops)",
  moved: "slots moved",
  structure: "structure digest",
  operations: "operations digest",
  requested: "nodes requested",
  largestRequest: "largest request",
  gapLevels: "gap levels",
  parentWrites: "parent writes",
  searchesFound: "searches found",
  storeRoot: "store root",
  exactFit: "exact fit",
  spanningStore: "spanning store",
  splitStore: "split store",
  nodeStore: "node store",
  slotStore: "slot store",
  newRoot: "new root",
};

function linesOf({ writes, ...rest }: { writes: object } & Record<string, unknown>): string[] {
  const line =
    (indent: string) =>
    ([name, value]: [string, unknown]) =>
      `${(indent + (LABELS[name] ?? name)).padEnd(20)}${value}`;
  return [
    ...Object.entries(rest).map(line("")),
    "writes by type",
    ...Object.entries(writes).map(line("  ")),
  ];
}
