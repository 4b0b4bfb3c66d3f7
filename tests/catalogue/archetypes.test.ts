// Every archetype and modifier against facts.json: what hooks of its kind in the 7.3 tree were found to do.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { flagBits } from "../../src/catalogue/description.js";
import { DRIVERS, type Driver, parseDriver } from "../../src/catalogue/drivers.js";
import { type Protocol, parseProtocol } from "../../src/catalogue/kernels.js";
import { parseScenario, refusal, withOtherFile } from "../../src/catalogue/scenario.js";
import * as abi from "../../src/core/abi.js";
import { Core } from "../../src/core/core.js";
import { errnoOf } from "../../src/errno.js";

interface Fact {
  kind: "base" | "modifier";
  hook: string;
  set: string[];
  clear: string[];
  file: boolean;
  pgoff: boolean;
  eager: "none" | "some" | "all";
  mergesBefore: boolean;
  mergesAfter: boolean;
  failures: ["before-any-effect" | "after-private-alloc" | "after-partial-ptes", string][];
}

const facts: Record<string, Fact> = JSON.parse(
  readFileSync(new URL("facts.json", import.meta.url), "utf8"),
);
const ids = Object.keys(facts);
/** What the facts leave open for an unknown callee. */
const known = ids.filter((id) => id !== "dispatch-second-level");

const core = new Core("checking");
const MMAP = parseProtocol("mmap@7.3");
const PREPARE = parseProtocol("mmap_prepare@7.3");
const BASE = 0x1000_0000_0000;
const PAGES = 32;

/** Maps a file twice, end to end, through the driver. /dev/zero converts private mappings only. */
function mapTwice(driver: Driver, protocol: Protocol, from = 8) {
  const { profile, hook } = protocol;
  core.reset({ profile, hook: hook === "mmap" ? abi.HOOK_MMAP : abi.HOOK_MMAP_PREPARE });
  const { record, other } = withOtherFile(driver, protocol, 1);
  core.setDriver(1, record);
  core.setFile(1, { driver: 1, mode: abi.FILE_MODE_READ | abi.FILE_MODE_WRITE });
  if (other) core.setFile(other.id, other.file);
  const share = driver.id === "anon-conversion" ? abi.MAP_PRIVATE : abi.MAP_SHARED;
  const results = [0, 1].map((i) => {
    const [result] = core.run([
      {
        op: abi.OP_MMAP,
        addr: BASE + i * PAGES * 4096,
        len: PAGES * 4096,
        prot: 3,
        flags: share | abi.MAP_FIXED,
        file: 1,
        pgoff: from + i * PAGES,
      },
    ]);
    expect(core.check()).toBe(0);
    return { value: result?.value ?? 0, calls: core.counters()["hook.calls"] };
  });
  return { results, layout: core.layout(), counters: core.counters() };
}

describe("archetypes and modifiers", () => {
  test("are those that were found, each with functions that do it", () => {
    expect(DRIVERS.map(({ id }) => id).sort()).toEqual([...ids].sort());
    for (const { id, kind, examples } of DRIVERS) {
      expect(kind).toBe(facts[id]?.kind === "base" ? "archetype" : "modifier");
      expect(examples.length).toBeGreaterThan(0);
    }
  });

  test.each(known)("%s sets and clears what was found", (id) => {
    const fact = facts[id]!;
    const record = parseDriver(id).record("mmap");
    // the facts list what any of the family does; a driver need not do all of it
    const union = ["hint-or-dump-flag", "drop-may-bits", "dontcopy-wipe"].includes(id);
    const asFound = union ? expect(flagBits(fact.set) & (record.flagsSet ?? 0)) : null;
    if (asFound) {
      asFound.toBe(record.flagsSet);
      expect(flagBits(fact.clear) & (record.flagsCleared ?? 0)).toBe(record.flagsCleared);
      expect((record.flagsSet ?? 0) + (record.flagsCleared ?? 0)).toBeGreaterThan(0);
    } else {
      expect(record.flagsSet).toBe(flagBits(fact.set));
      expect(record.flagsCleared).toBe(flagBits(fact.clear));
    }
    const { file = "keep", offset, "offset-by": by } = parseDriver(id).description;
    expect(file !== "keep").toBe(fact.file);
    expect(offset !== undefined || by !== undefined).toBe(fact.pgoff);
  });

  test("hint-or-dump-flag can be told to do all that its family does", () => {
    const fact = facts["hint-or-dump-flag"]!;
    const text = `hint-or-dump-flag?set=${fact.set.join("+")}&clear=${fact.clear.join("+")}`;
    const record = parseDriver(text).record("mmap");
    expect(record.flagsSet).toBe(flagBits(fact.set));
    expect(record.flagsCleared).toBe(flagBits(fact.clear));
  });

  test.each(known)("%s merges before and after its hook as found", (id) => {
    const fact = facts[id]!;
    const driver = parseDriver(id);
    const { results } = mapTwice(driver, MMAP);
    // a second call that merged has not called the hook
    expect(results[1]!.calls === 1).toBe(fact.mergesBefore);
    const { results: prepared, layout } = mapTwice(driver, PREPARE);
    expect(prepared.map(({ calls }) => calls)).toEqual([1, 2]);
    expect(layout.length === 1).toBe(fact.mergesAfter);
  });

  test.each(known)("%s sets as many PTEs before mmap returns as found", (id) => {
    const { eager } = facts[id]!;
    const set = { none: 0, some: 2 * 16, all: 2 * PAGES }[eager];
    expect(mapTwice(parseDriver(id), MMAP).counters["page.ptesSet"]).toBe(set);
  });

  const failures = ids.flatMap((id) =>
    (facts[id]?.failures ?? []).map(([point, errno]): [string, string, string] => [
      id,
      point,
      errno,
    ]),
  );
  test.each(failures)("%s can fail %s with %s", (id, point, errno) => {
    const driver = parseDriver(`${id}?${failing(id, point, errno)}`);
    const { results, layout, counters } = mapTwice(driver, MMAP);
    const wanted = -errnoOf(errno)!;
    expect(results.map(({ value }) => value)).toEqual([wanted, wanted]);
    expect(layout).toEqual([]);
    expect(counters["hook.closes"]).toBe(0);
    expect(counters["page.ptesSet"]).toBe(point === "after-partial-ptes" ? 2 * 3 : 0);
    expect(counters["page.ptesCleared"]).toBe(counters["page.ptesSet"]);
    if (refusal(driver, PREPARE) !== null) return;
    const prepared = mapTwice(driver, PREPARE);
    expect(prepared.results.map(({ value }) => value)).toEqual([wanted, wanted]);
    expect(prepared.layout).toEqual([]);
    // the action and mapped come when the mapping stands, and it is closed although mapped never succeeded
    const inMapped = point === "after-private-alloc" && driver.description.allocates;
    const late = point === "after-partial-ptes" || inMapped;
    expect(prepared.counters["hook.lateFailures"]).toBe(late ? 2 : 0);
    const closes = driver.description.ops?.includes("close") ?? false;
    expect(prepared.counters["hook.closes"]).toBe(late && closes ? 2 : 0);
  });

  test.each(ids)("%s has a .mmap_prepare form where 7.3 has hooks of its kind", (id) => {
    const { prepare, does } = DRIVERS.find((d) => d.id === id)!;
    expect(prepare === null).toBe(does["stays-on-mmap"] !== undefined);
    if (facts[id]?.hook !== ".mmap") expect(prepare).not.toBeNull();
    const reason = refusal(parseDriver(id), PREPARE);
    expect(reason === null).toBe(prepare !== null);
    if (prepare === null) {
      expect(() => parseScenario(`append-merge/${id}/mmap_prepare@7.3`)).toThrow(
        new RegExp(`driver ${id} `),
      );
    }
  });
});

/** Parameters that make a driver fail there. */
function failing(id: string, point: string, errno: string): string {
  switch (point) {
    case "before-any-effect":
      return `fail=at-once&errno=${errno}`;
    case "after-partial-ptes":
      return `fail-after=3&errno=${errno}`;
    default: {
      const { allocates, file } = parseDriver(id).description;
      const allocating = allocates || file !== undefined ? "" : "&with=alloc-private-per-map";
      return `fail=after-alloc&errno=${errno}${allocating}`;
    }
  }
}

describe("what only a driver's own memory shows", () => {
  test("it is taken in .mmap, for mappings that do not merge; in mapped from 7.3 on", () => {
    const driver = parseDriver("hint-or-dump-flag?with=alloc-private-per-map");
    expect(mapTwice(driver, MMAP).counters["hook.allocations"]).toBe(2);
    const { counters } = mapTwice(driver, PREPARE);
    expect(counters["hook.allocations"]).toBe(1);
    expect(counters["hook.mapped"]).toBe(1);
  });

  test("a driver with mapped has no form before the kernel calls it", () => {
    const driver = parseDriver("refcount-on-map");
    expect(refusal(driver, parseProtocol("mmap_prepare@7.0"))).toMatch(/calls it since 7\.1/);
    expect(refusal(driver, PREPARE)).toBeNull();
    expect(refusal(driver, parseProtocol("mmap@6.12"))).toBeNull();
  });
});

test("pieces cannot be remapped into a private writable mapping", () => {
  const driver = parseDriver("pfnmap-eager-scattered");
  core.reset({ profile: MMAP.profile, hook: abi.HOOK_MMAP });
  core.setDriver(1, driver.record("mmap"));
  core.setFile(1, { driver: 1, mode: abi.FILE_MODE_READ | abi.FILE_MODE_WRITE });
  const call = { op: abi.OP_MMAP, addr: BASE, len: 4096, prot: 3, file: 1, pgoff: 0 };
  const flags = abi.MAP_PRIVATE | abi.MAP_FIXED;
  expect(core.run([{ ...call, flags }])[0]?.value).toBe(-abi.EINVAL);
  expect(core.counters()["page.ptesSet"]).toBe(0);
});

test("a subsystem's front does what its callback does, and stays on .mmap", () => {
  for (const id of ["pfnmap-lazy", "mixedmap-eager-pages", "always-reject"]) {
    const front = parseDriver(`dispatch-second-level?callee=${id}`);
    expect(front.record("mmap")).toEqual(parseDriver(id).record("mmap"));
    expect(refusal(front, PREPARE)).toMatch(/takes a VMA/);
  }
});
