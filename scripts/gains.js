// The drivers that the second merge attempt was kept for, with what they lose and gain: `node scripts/gains.js`
// prints the table of docs/findings.md. Work and VMAs are counted, so the table is the same on every machine.

import { fileURLToPath } from "node:url";
import { buildIfStale } from "./build.js";

/** Driver, and a workload that maps files as its users do. `before` says what the driver set up to 6.15. */
const DRIVERS = [
  { name: "DAX", driver: "dax-hugepage" },
  { name: "orangefs", driver: "hint-or-dump-flag?clear=RAND_READ&set=SEQ_READ" },
  { name: "usb_stream", driver: "hint-or-dump-flag" },
  {
    name: "secretmem",
    driver: "hint-or-dump-flag",
    before: "hint-or-dump-flag?set=DONTDUMP+LOCKED",
  },
];
const PROTOCOLS = ["mmap@6.12", "mmap@6.15", "mmap@7.3", "mmap_prepare@7.3"];
const WORKLOADS = ["append-merge?ops=2048", "holes-overlap"];

/** One row for each driver, workload and protocol. */
export async function gains(dist = "../dist/") {
  const load = (path) => import(new URL(dist + path, import.meta.url));
  const { parseDriver } = await load("catalogue/drivers.js");
  const { parseProtocol } = await load("catalogue/kernels.js");
  const { scenarioOf } = await load("catalogue/scenario.js");
  const { parseWorkload } = await load("catalogue/workloads.js");
  const { Core } = await load("core/core.js");
  const { measureWork } = await load("measure/work.js");
  const core = new Core("work");
  const rows = [];
  for (const { name, driver, before = driver } of DRIVERS) {
    for (const workload of WORKLOADS.map(parseWorkload)) {
      const built = await workload.build(1);
      // enough to lock for every mapping: the limit is not what is compared
      built.settings = { ...built.settings, ipcLock: true };
      for (const id of PROTOCOLS) {
        const old = id === "mmap@6.12" || id === "mmap@6.15";
        const protocol = parseProtocol(id);
        const scenario = scenarioOf(workload, parseDriver(old ? before : driver), protocol);
        const { work, final } = measureWork(core, scenario, built);
        rows.push({ name, workload: workload.id, protocol: id, vmas: final.vmas, work });
      }
    }
  }
  return rows;
}

const COLUMNS = [
  ["hook calls", "hook.calls"],
  ["merge attempts", "merge.attempts"],
  ["2nd merged", "merge.secondMerged"],
  ["VMAs allocated", "vma.allocated"],
  ["tree nodes read", "maple.nodeReads"],
  ["tree nodes taken", "maple.nodesAllocated"],
];

/** The rows as a Markdown table; work per operation. */
export function table(rows) {
  const head = ["driver", "workload", "protocol", "VMAs", ...COLUMNS.map(([title]) => title)];
  const lines = [head, head.map((_, i) => (i < 3 ? "---" : "---:"))];
  for (const { name, workload, protocol, vmas, work } of rows) {
    const figures = COLUMNS.map(([, event]) => Number(work[event].toFixed(3)));
    lines.push([name, workload, `\`${protocol}\``, vmas, ...figures]);
  }
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildIfStale();
  process.stdout.write(table(await gains()));
}
