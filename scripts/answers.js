// What the second merge and unwinding cost, and what is gained, as three tables of docs/findings.md:
// `node scripts/answers.js` prints them, `node scripts/answers.js --write` puts them into the page. Work is counted,
// cycles and nanoseconds come from tables that ship: the same on every machine.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildIfStale } from "./build.js";

const PAGE = new URL("../docs/findings.md", import.meta.url);
const EAGER = "pfnmap-eager-full";
const hooked = "hint-or-dump-flag";

/** Tables: what is compared, and the scenarios. */
export const TABLES = [
  {
    id: "second-merge",
    pair: ["mmap@6.15", "mmap_prepare@7.3"],
    rows: [
      ["append-merge", "vmops-only"],
      ["append-merge", hooked],
      ["append-never", hooked],
      ["holes-overlap", hooked],
      ["trace-python3", hooked],
      ["trace-java-hello", hooked],
      ["trace-node-json", hooked],
      ["trace-python3", "vmops-only"],
      ["append-merge", "pfnmap-lazy"],
    ],
  },
  {
    id: "unwinding",
    pair: ["mmap@6.15", "mmap_prepare@7.3"],
    rows: [
      ["append-never", "always-reject"],
      ["failing-storm", "always-reject"],
      ["touch-overlap-fails", "always-reject"],
      ...[1, 16, 512, 4096].map((n) => ["touch-failing-hook", `${EAGER}?fail-after=${n}`]),
      ["failing-storm", `${EAGER}?fail-after=16`],
    ],
  },
  {
    id: "not-converted",
    pair: ["mmap@6.15", "mmap@6.18"],
    rows: [
      ["append-merge", hooked],
      ["holes-overlap", hooked],
      ["trace-python3", hooked],
      ["trace-java-hello", hooked],
      ["trace-node-json", hooked],
      ["append-merge", "vmops-only"],
      ["holes-overlap", "vmops-only"],
    ],
  },
];

const COLUMNS = [
  ["hook calls", "hook.calls"],
  ["2nd attempts", "merge.secondAttempts"],
  ["VMAs allocated", "vma.allocated"],
  ["unwind steps", "unwind.steps"],
  ["nodes taken", "maple.nodesAllocated"],
];

/** The tables as Markdown, by id. */
export async function answers(dist = "../dist/") {
  const load = (path) => import(new URL(dist + path, import.meta.url));
  const { parseDriver } = await load("catalogue/drivers.js");
  const { parseProtocol } = await load("catalogue/kernels.js");
  const { scenarioOf } = await load("catalogue/scenario.js");
  const { parseWorkload } = await load("catalogue/workloads.js");
  const { Core } = await load("core/core.js");
  const { readCosts } = await load("estimate/costs.js");
  const { difference, estimate } = await load("estimate/estimate.js");
  const { measureWork } = await load("measure/work.js");
  const { readModel } = await load("predict/model.js");
  const { predictEach } = await load("predict/predict.js");
  const core = new Core("work");
  const [costs, model] = [readCosts(), readModel()];

  const side = (built, workload, driver, protocol) => {
    const scenario = scenarioOf(
      parseWorkload(workload),
      parseDriver(driver),
      parseProtocol(protocol),
    );
    const found = measureWork(core, scenario, built);
    const { totals, calls, operations } = found;
    const { cycles } = estimate(costs, totals, operations);
    return { ...found, cycles, ns: predictEach(model, totals, calls, operations).ns };
  };
  const tables = new Map();
  for (const { id, pair, rows } of TABLES) {
    const lines = [];
    for (const [workload, driver] of rows) {
      const built = await parseWorkload(workload).build(1);
      const [base, candidate] = pair.map((protocol) => side(built, workload, driver, protocol));
      const { low, high } = difference(costs, base, candidate);
      lines.push([
        workload,
        driver,
        both(base.final.vmas, candidate.final.vmas),
        ...COLUMNS.map(([, event]) => both(base.work[event], candidate.work[event])),
        `${both(base.cycles, candidate.cycles)} (${signed(low)} to ${signed(high)})`,
        both(base.ns, candidate.ns),
      ]);
    }
    tables.set(id, markdown(lines));
  }
  return tables;
}

function markdown(lines) {
  const head = ["workload", "driver", "VMAs left", ...COLUMNS.map(([title]) => title)];
  head.push("estimated cycles", "predicted ns");
  const rule = head.map((_, i) => (i < 2 ? "---" : "---:"));
  return [head, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function number(value) {
  return String(Math.abs(value) < 10 ? Number(value.toFixed(2)) : Math.round(value));
}

function both(before, after) {
  const [from, to] = [number(before), number(after)];
  return from === to ? from : `${from} → ${to}`;
}

function signed(value) {
  const text = number(Math.abs(value));
  return text === "0" ? "0" : `${value < 0 ? "−" : "+"}${text}`;
}

/** Where a table stands in the page. */
export function block(id) {
  return new RegExp(`(<!-- node scripts/answers\\.js: ${id} -->\\n)([\\s\\S]*?)(<!-- end -->)`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildIfStale();
  const tables = await answers();
  if (process.argv.includes("--write")) {
    let page = readFileSync(PAGE, "utf8");
    for (const [id, table] of tables) page = page.replace(block(id), `$1${table}$3`);
    writeFileSync(PAGE, page);
  } else {
    for (const [id, table] of tables) process.stdout.write(`${id}\n\n${table}\n`);
  }
}
