// What is timed against the kernel's own code: workloads, and the drivers whose files they map.

import { basename } from "node:path";
import { type Driver, driverText, parseDriver } from "../catalogue/drivers.js";
import { DRIVER_INDEX } from "../catalogue/generator-parts.js";
import { matches } from "../catalogue/glob.js";
import { Random } from "../catalogue/random.js";
import { parseWorkload, type Workload, workloadText } from "../catalogue/workloads.js";
import * as abi from "../core/abi.js";
import { UsageError } from "../errors.js";
import { programOf } from "../trace/program.js";
import { readTrace } from "../trace/read.js";

export interface PeerGroup {
  /** `WORKLOAD/DRIVER` */
  id: string;
  workload: Workload;
  driver: Driver;
}

const LOOKUP = "lookup-60000";

/**
 * Workloads that draw at random get as many operations as they take: a branch predictor learns a short pass by
 * heart, and then a search by branches costs what it never costs in a program.
 */
const RANDOM: readonly string[] = [
  "holes-overlap",
  "mprotect-churn",
  "tree-1000",
  "tree-10000",
  "tree-60000",
];
const MOST_OPERATIONS = 60_000;

const PLAN: readonly (readonly [driver: string, workloads: readonly string[]])[] = [
  [
    "vmops-only",
    [
      "append-merge",
      "append-never",
      "holes-overlap",
      "mprotect-churn",
      "tree-1000",
      "tree-10000",
      "tree-60000",
      LOOKUP,
    ],
  ],
  ["hint-or-dump-flag", ["append-merge", "append-never", "holes-overlap", "tree-1000"]],
  ["pfnmap-lazy", ["append-merge", "append-never", "holes-overlap", "tree-1000"]],
  ["always-reject", ["append-never", "failing-storm"]],
];

/** The groups that match a filter (all without one). UsageError when none does. */
export function peerPlan(filters: readonly string[]): PeerGroup[] {
  const ids = PLAN.flatMap(([driver, workloads]) => workloads.map((w) => `${w}/${driver}`));
  const wanted = ids.filter(
    (id) => filters.length === 0 || filters.some((filter) => matches(filter, id)),
  );
  if (wanted.length === 0) {
    throw new UsageError(`nothing matches ${filters.join(" or ")}; there is ${ids.join(", ")}`);
  }
  return wanted.map((id) => {
    const [workload, driver] = id.split("/") as [string, string];
    return { id, workload: workloadNamed(workload), driver: parseDriver(driver) };
  });
}

/** Groups of workloads and drivers named on the command line; a workload may be an operation trace. */
export async function namedPlan(
  workloads: readonly string[],
  drivers: readonly string[],
): Promise<PeerGroup[]> {
  const groups: PeerGroup[] = [];
  for (const text of workloads) {
    const workload = /\.ops(\.gz)?$/.test(text) ? await traced(text) : workloadNamed(text);
    for (const name of drivers) {
      const driver = parseDriver(name);
      groups.push({ id: `${workloadText(workload)}/${driverText(driver)}`, workload, driver });
    }
  }
  return groups;
}

async function traced(path: string): Promise<Workload> {
  const { settings, setup, operations, files } = programOf(await readTrace(path), {
    driver: DRIVER_INDEX,
    touch: abi.TOUCH_NONE,
  });
  if (operations.length === 0) throw new UsageError(`${path}: there is no operation after #MARK`);
  if (operations.length > abi.BATCH_LIMIT) {
    throw new UsageError(`${path}: peer takes at most ${abi.BATCH_LIMIT} operations after #MARK`);
  }
  const title = `operations of ${path}`;
  const build = async () => ({ settings, setup, operations, files });
  return { id: basename(path), title, params: {}, shape: "even", phases: 1, build };
}

function workloadNamed(id: string): Workload {
  if (id === LOOKUP) return lookups();
  return parseWorkload(RANDOM.includes(id) ? `${id}?ops=${MOST_OPERATIONS}` : id);
}

/** A munmap where nothing is mapped is a lookup and nothing else: find_vma at random among 60 000 VMAs. */
function lookups(): Workload {
  const tree = parseWorkload("tree-60000");
  return {
    ...tree,
    id: LOOKUP,
    title: "find_vma at random among 60000 VMAs: munmap in the gaps between them",
    async build(seed) {
      const { settings, setup, files } = await tree.build(seed);
      const random = new Random(seed, LOOKUP);
      const operations = Array.from({ length: 65_536 }, () => {
        const below = setup[random.below(setup.length)]!;
        const gap = Number(below.addr) + Number(below.len) + 0x1000;
        return { op: abi.OP_MUNMAP, addr: gap, len: 0x1000 };
      });
      return { settings, setup, files, operations };
    },
  };
}
