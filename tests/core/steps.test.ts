// The order of steps of every protocol (docs/protocols.md), as `vmabench explain` shows it.

import { describe, expect, test } from "vitest";
import { HOOKS, parseProtocol } from "../../src/catalogue/kernels.js";
import * as abi from "../../src/core/abi.js";
import { Core, type DriverRecord } from "../../src/core/core.js";
import type { Settings } from "../../src/core/settings.js";
import { stepName } from "../../src/explain/steps.js";
import { PROTOCOL_IDS, protocols, upTo } from "./pages.js";

const BASE = 0x1000_0000_0000;
const PAGE = 4096;
const OPS = abi.OPS_INSTALLED | abi.OPS_FAULT;

interface Case {
  driver?: DriverRecord;
  settings?: Partial<Settings>;
  /** A mapping of the same file, made the same way, stands below. */
  below?: boolean;
  /** Anonymous memory stands in the range and around it. */
  over?: boolean;
  anonymous?: boolean;
  fail?: number;
  /** Settings from the traced call on. */
  afterwards?: Partial<Settings>;
}

/** Steps from the protocol on, of a mmap of pages 20..30. */
function steps(
  protocol: string,
  { driver, settings, below, over, anonymous, fail, afterwards }: Case,
): string {
  const core = new Core("work");
  const { profile, hook } = parseProtocol(protocol);
  core.reset({ profile, hook: HOOKS[hook].hook, ...settings });
  core.setDriver(0, { ops: OPS, ...driver });
  for (const id of [1, 2]) core.setFile(id, { mode: abi.FILE_MODE_READ | abi.FILE_MODE_WRITE });
  const map = (from: number, to: number, file: number) => ({
    op: abi.OP_MMAP,
    addr: BASE + from * PAGE,
    len: (to - from) * PAGE,
    prot: abi.PROT_READ | abi.PROT_WRITE,
    flags: abi.MAP_FIXED | abi.MAP_PRIVATE | (file ? 0 : abi.MAP_ANONYMOUS),
    file,
    pgoff: file ? from : 0,
  });
  if (below) core.run([map(10, 20, 1)]);
  if (over) core.run([map(10, 40, 0)]);
  core.configure(afterwards ?? {});
  const failure = fail ? { fail, at: 1 } : {};
  const traced = core.trace({ ...map(20, 30, anonymous ? 0 : 1), ...failure });
  const names = traced.steps.map(({ step }) => stepName(step).id);
  return names.slice(names.indexOf("file-checks") + 1).join(" ");
}

// Where a protocol's hook runs.
function onDescriptor(protocol: string): string {
  if (protocol.startsWith("mmap_proto")) return "hook.proto ";
  return protocol.startsWith("mmap_prepare") ? "hook.prepare " : "";
}
function onVma(protocol: string): string {
  if (protocol.startsWith("compat")) return "hook.compat hook.prepare ";
  return protocol.startsWith("mmap@") || protocol.includes("+") ? "hook.mmap " : "";
}
const giveOps = (protocol: string) => (onDescriptor(protocol) ? "give-ops " : "");

const LATER = PROTOCOL_IDS.filter((id) => id !== "mmap@6.11");
const EARLY = LATER.filter((id) => onDescriptor(id) !== "");
const LATE = LATER.filter((id) => onDescriptor(id) === "");
const START = "region-checks neighbours limits charge ";
const START_OVER = "region-checks neighbours gather limits charge clean-up ";

describe("a new mapping", () => {
  test("mmap@6.11", () => {
    const checked = "hook.mmap late-checks late-checks reserve insert complete";
    expect(steps("mmap@6.11", {})).toBe(`limits unmap charge neighbours allocate file ${checked}`);
  });

  test.each(LATER)("%s", (protocol) => {
    const made = `allocate reserve file ${onVma(protocol)}insert ${giveOps(protocol)}complete`;
    expect(steps(protocol, {})).toBe(START + onDescriptor(protocol) + made);
  });
});

describe("the hook's flag lets it merge with the VMA below", () => {
  const flag = { driver: { flagsSet: abi.VM_DONTDUMP }, below: true };
  const tried = `${START}merge.first allocate reserve file `;
  test.each([
    [
      "mmap@6.11",
      "limits unmap charge neighbours merge.first allocate file hook.mmap late-checks merge.second complete",
    ],
    ["mmap@6.12", `${tried}hook.mmap merge.second complete`],
    ["mmap@6.15", `${tried}hook.mmap insert merge.second complete`],
    ["mmap@rfc", `${tried}hook.mmap insert merge.second complete`],
  ])("%s", (protocol, order) => expect(steps(protocol, flag)).toBe(order));

  test.each([...protocols("mmap", "6.16"), ...protocols("compat")])("%s", (protocol) => {
    expect(steps(protocol, flag)).toBe(`${tried}${onVma(protocol)}insert complete`);
  });

  test.each(EARLY)("%s", (protocol) => {
    // from 6.16 to 7.0 also a VMA that was there before gets the descriptor's ops
    const overwrites = protocols("mmap_prepare", "6.16", "7.0").includes(protocol);
    const order = `${START}${onDescriptor(protocol)}merge.first ${overwrites ? "give-ops " : ""}complete`;
    expect(steps(protocol, flag)).toBe(order);
  });
});

describe("the hook fails, over memory that was there", () => {
  const failing = {
    driver: { failPoint: abi.HOOK_FAILS_AT_ONCE, errno: abi.EIO },
    over: true,
  };
  const uncharge = (protocol: string) => (upTo("7.0", protocol) ? "" : "undo.charge ");

  test("mmap@6.11", () => {
    expect(steps("mmap@6.11", failing)).toBe(
      "limits unmap charge neighbours merge.first allocate file hook.mmap undo.hook undo.charge",
    );
  });

  test.each(LATE)("%s", (protocol) => {
    const undone = `undo.hook undo.allocate ${uncharge(protocol)}abort.hole`;
    expect(steps(protocol, failing)).toBe(
      `${START_OVER}merge.first allocate reserve file ${onVma(protocol)}${undone}`,
    );
  });

  test.each(EARLY)("%s", (protocol) => {
    expect(steps(protocol, failing)).toBe(
      `${START_OVER}${onDescriptor(protocol)}${uncharge(protocol)}abort.hole`,
    );
  });
});

describe("a limit is met over memory that was there: only edge splits stay", () => {
  test.each(PROTOCOL_IDS)("%s", (protocol) => {
    const order =
      protocol === "mmap@6.11" ? "limits" : "region-checks neighbours gather limits abort.reattach";
    expect(steps(protocol, { over: true, afterwards: { limitAs: PAGE } })).toBe(order);
  });
});

describe("the mergeable bit", () => {
  test.each(PROTOCOL_IDS)("%s", (protocol) => {
    const order = steps(protocol, { anonymous: true, settings: { mergeAny: true } });
    const before = upTo("6.16", protocol) ? "insert" : "allocate";
    const words = order.split(" ");
    const at = words.indexOf("ksm");
    expect(at).toBeGreaterThan(0);
    if (before === "insert") expect(at).toBeGreaterThan(words.indexOf("insert"));
    else expect(at).toBeLessThan(words.indexOf("allocate"));
  });
});

describe("an action that fails: the finished mapping is unmapped again", () => {
  test.each(protocols("mmap_prepare", "7.0"))("%s", (protocol) => {
    const driver = {
      eager: abi.EAGER_REMAP_PFN,
      failPoint: abi.HOOK_FAILS_AFTER_PTES,
      failAfter: 3,
      errno: abi.EIO,
    };
    expect(steps(protocol, { driver })).toBe(
      `${START}hook.prepare action.prepare allocate reserve file insert give-ops complete ` +
        "action.complete undo.mapping",
    );
  });
});

describe("no memory for the VMA after a hook has handed over its own file", () => {
  test.each(protocols("mmap_prepare", "7.0"))("%s", (protocol) => {
    const order = steps(protocol, { driver: { swapFile: 2 }, fail: abi.FAIL_ALLOCATION });
    expect(order).toBe(`${START}hook.prepare allocate undo.charge undo.file`);
  });
});

test("mmap@6.11: checks that come after the hook, and `close` when they refuse", () => {
  const driver = { ops: OPS | abi.OPS_CLOSE, flagsSet: abi.VM_EXEC };
  expect(steps("mmap@6.11", { driver, settings: { mdwe: true } })).toBe(
    "limits unmap charge neighbours allocate file hook.mmap late-checks late-checks " +
      "undo.close undo.hook undo.charge",
  );
});

test("mapped comes last (7.3)", () => {
  const driver = { ops: OPS | abi.OPS_MAPPED };
  expect(steps("mmap_prepare@7.3", { driver })).toMatch(/complete mapped$/);
  expect(steps("mmap_prepare@7.0", { driver })).toMatch(/complete$/);
});

test("every step has a name, a sentence and the kernel's function", () => {
  const codes = Object.entries(abi).filter(([name]) =>
    /^STEP_(?!SIZE|LIMIT|END|SIDE_|VALUE|VMAS|COMMITTED|HELD|COUNTERS)/.test(name),
  );
  for (const [constant, code] of codes) {
    const { id, title, kernel } = stepName(Number(code));
    expect(id, constant).not.toMatch(/^step-/);
    expect(title.length, constant).toBeGreaterThan(5);
    expect(kernel, constant).toMatch(/^[a-z_]+$/);
  }
});

test("the steps' work adds up to the operation's, and nothing is written down unasked", () => {
  const core = new Core("work");
  const operation = {
    op: abi.OP_MMAP,
    len: 8 * PAGE,
    prot: 3,
    flags: abi.MAP_PRIVATE | abi.MAP_ANONYMOUS,
  };
  const { steps: traced } = core.trace(operation);
  const sum: Record<string, number> = {};
  for (const { work } of traced) {
    for (const [name, n] of Object.entries(work)) sum[name] = (sum[name] ?? 0) + n;
  }
  const counted = Object.entries(core.counters()).filter(([, n]) => n > 0);
  expect(sum).toEqual(Object.fromEntries(counted));
  core.run([operation]);
  expect(core.trace({ op: abi.OP_NOP }).steps).toEqual([]);
});
