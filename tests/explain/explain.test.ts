// `vmabench explain`: what exists at each step, which rule refused a merge, and the picture.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadImage } from "@napi-rs/canvas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDriver } from "../../src/catalogue/drivers.js";
import { PROTOCOLS, parseProtocol } from "../../src/catalogue/kernels.js";
import { parseWorkload } from "../../src/catalogue/workloads.js";
import * as abi from "../../src/core/abi.js";
import { Core, type DriverRecord } from "../../src/core/core.js";
import { type Explained, explain } from "../../src/explain/explain.js";
import { explainedSides } from "../../src/explain/sides.js";
import { explainedSvg } from "../../src/explain/svg.js";
import { explainedText } from "../../src/explain/text.js";
import { readModel } from "../../src/predict/model.js";
import { colorsFor } from "../../src/render/colors.js";
import { vmabench } from "../cli/command.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-explain-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function explained(driver: string, protocols: string[], workload = "holes-overlap") {
  const named = protocols.map(parseProtocol);
  return explain(parseWorkload(workload), parseDriver(driver), named, {
    seed: 1,
    model: readModel(),
  });
}
const stepOf = ({ runs }: Explained, run: number, id: string) =>
  runs[run]?.steps.find((step) => step.id === id);

describe("what exists at each step", () => {
  test("a descriptor's hook finds nothing, a VMA's hook finds the VMA, its file and the nodes", async () => {
    const found = await explained("hint-or-dump-flag", ["mmap@6.15", "mmap_prepare@7.3"]);
    const beforeStep = (run: number, id: string) => {
      const steps = found.runs[run]?.steps ?? [];
      return steps[steps.findIndex((step) => step.id === id) - 1]?.state;
    };
    expect(beforeStep(0, "hook.mmap")).toMatchObject({
      vma: "allocated",
      fileReference: true,
      old: "emptied",
    });
    expect(beforeStep(0, "hook.mmap")?.reservedNodes).toBeGreaterThan(0);
    expect(beforeStep(1, "hook.prepare")).toMatchObject({
      vma: "none",
      fileReference: false,
      reservedNodes: 0,
      old: "emptied",
    });
    expect(stepOf(found, 0, "insert")?.state).toMatchObject({ vma: "in tree", reservedNodes: 0 });
  });

  test("the hook fails: everything goes again, the old mapping too", async () => {
    const found = await explained(
      "always-reject",
      ["mmap@6.12", "mmap_prepare@7.3"],
      "failing-storm",
    );
    for (const run of found.runs) {
      expect(run.result).toBeLessThan(0);
      expect(run.steps.at(-1)?.state).toMatchObject({
        vma: "none",
        fileReference: false,
        reservedNodes: 0,
        old: "gone",
      });
    }
    expect(stepOf(found, 0, "undo.hook")?.unwinding).toBe(true);
    expect(stepOf(found, 0, "allocate")?.state.vma).toBe("allocated");
  });

  test("an uncharged call ends as it began; a new private mapping keeps its charge", async () => {
    const found = await explained("vmops-only", ["mmap@7.3"], "append-never");
    expect(found.runs[0]?.steps.at(-1)?.state).toMatchObject({ vma: "in tree", mapCount: 1 });
  });
});

describe("which rule refused a merge attempt", () => {
  const BASE = 0x1000_0000_0000;
  const page = (n: number) => BASE + n * 4096;
  const RW = abi.FILE_MODE_READ | abi.FILE_MODE_WRITE;
  const map = (from: number, to: number, file: number, more: object = {}) => ({
    op: abi.OP_MMAP,
    addr: page(from),
    len: (to - from) * 4096,
    prot: abi.PROT_READ | abi.PROT_WRITE,
    flags: abi.MAP_FIXED | (file ? abi.MAP_SHARED : abi.MAP_PRIVATE | abi.MAP_ANONYMOUS),
    file,
    pgoff: file ? from : 0,
    ...more,
  });
  const attempt = (
    setup: object[],
    call: object,
    { protocol = "mmap@7.3", driver = {} }: { protocol?: string; driver?: DriverRecord } = {},
  ) => {
    const core = new Core("checking");
    const { profile, hook } = parseProtocol(protocol);
    const hooks = { mmap: abi.HOOK_MMAP, mmap_prepare: abi.HOOK_MMAP_PREPARE } as const;
    core.reset({ profile, hook: hooks[hook as "mmap"] });
    core.setDriver(0, { ops: abi.OPS_INSTALLED | abi.OPS_FAULT, ...driver });
    core.setFile(1, { mode: RW });
    core.setFile(2, { mode: RW });
    core.run(setup as never);
    const { steps } = core.trace(call as never);
    return steps.flatMap((step) => explainedSides(step).map(({ side, rule }) => `${side} ${rule}`));
  };

  test.each([
    ["nothing on one side", [map(0, 10, 1)], map(10, 20, 1), ["below fits", "above nobody"]],
    ["a gap", [map(0, 9, 1)], map(10, 20, 1), ["below gap", "above nobody"]],
    [
      "flags",
      [map(0, 10, 1, { prot: 1 }), map(20, 30, 1)],
      map(10, 20, 1),
      ["below flags", "above fits"],
    ],
    ["file", [map(0, 10, 2)], map(10, 20, 1), ["below file", "above nobody"]],
    ["offset", [map(0, 10, 1)], map(10, 20, 1, { pgoff: 11 }), ["below offset", "above nobody"]],
    [
      "two anon_vmas",
      [
        map(0, 10, 0),
        map(20, 30, 0),
        { op: abi.OP_TOUCH, addr: page(0), len: 4096, flags: 1 },
        { op: abi.OP_TOUCH, addr: page(20), len: 4096, flags: 1 },
      ],
      map(10, 20, 0),
      ["below fits", "above other-side"],
    ],
  ])("%s", (_, setup, call, sides) => expect(attempt(setup, call)).toEqual(sides));

  test("the anonymous index, in 7.3 only", () => {
    const part = { flags: abi.MAP_FIXED | abi.MAP_PRIVATE };
    // a file VMA that moved before it was written keeps its offset; its index is the new place's
    const setup = [
      map(0, 10, 1, part),
      { op: abi.OP_TOUCH, addr: page(0), len: 4096, flags: 1 },
      {
        op: abi.OP_MREMAP,
        addr: page(0),
        len: 10 * 4096,
        prot: 10 * 4096,
        flags: 3,
        pgoff: page(40),
      },
    ];
    const call = map(50, 60, 1, { ...part, pgoff: 10 });
    expect(attempt(setup, call)).toEqual(["below anon-index", "above nobody"]);
    expect(attempt(setup, call, { protocol: "mmap@7.0" })).toEqual(["below fits", "above nobody"]);
  });

  test("close: the VMA above must stay; in 6.11 it is not even taken", () => {
    const driver = { ops: abi.OPS_INSTALLED | abi.OPS_CLOSE };
    const setup = [map(0, 10, 1), map(20, 30, 1)];
    expect(attempt(setup, map(10, 20, 1), { driver })).toEqual(["below fits", "above stays"]);
    expect(attempt(setup, map(10, 20, 1), { driver, protocol: "mmap@6.11" })).toEqual([
      "below fits",
      "above close",
    ]);
  });

  test("a special flag: nobody is asked", () => {
    const driver = { flagsSet: abi.VM_IO };
    const sides = attempt([map(0, 10, 1)], map(10, 20, 1), {
      driver,
      protocol: "mmap_prepare@7.3",
    });
    expect(sides).toEqual(["mapping special"]);
  });

  test("6.15: the second attempt, on a VMA whose ops have close", () => {
    const driver = { flagsSet: abi.VM_DONTDUMP, ops: abi.OPS_INSTALLED | abi.OPS_CLOSE };
    const sides = attempt([map(0, 10, 1)], map(10, 20, 1), { driver, protocol: "mmap@6.15" });
    expect(sides).toEqual([
      "below flags",
      "above nobody",
      "below fits",
      "above nobody",
      "mapping own-close",
    ]);
  });

  test("every refusal of the core has words", () => {
    const codes = Object.entries(abi).filter(([name]) => name.startsWith("REFUSED_"));
    expect(codes.length).toBeGreaterThan(15);
    for (const [, refused] of codes) {
      const step = { sides: [{ side: abi.STEP_SIDE_BELOW, refused: Number(refused), value: 1 }] };
      expect(explainedSides(step as never)[0]?.text.length).toBeGreaterThan(3);
    }
  });
});

describe("the text", () => {
  test("stays within 100 columns under every protocol and names the refusing rule", async () => {
    const found = await explained(
      "hint-or-dump-flag",
      PROTOCOLS.map(({ id }) => id),
      "append-merge",
    );
    const text = explainedText(found, colorsFor({}));
    const long = text
      .split("\n")
      .slice(1)
      .filter((line) => line.length > 100);
    expect(long).toEqual([]);
    expect(text).toContain("refused: flags differ in DONTDUMP");
    expect(text).toMatch(/▶ \.mmap\(\) on the VMA/);
  });
});

describe("the picture", () => {
  test("the same bytes each time, drawable, with every step and no foreign mark-up", async () => {
    const found = await explained(
      "always-reject",
      ["mmap@6.12", "mmap_prepare@7.3"],
      "failing-storm",
    );
    const svg = explainedSvg(found);
    expect(explainedSvg(found)).toBe(svg);
    for (const { steps } of found.runs) {
      for (const { title } of steps) {
        expect(svg).toContain(
          title.split(" ")[0]?.replaceAll("&", "&amp;").replaceAll(">", "&gt;"),
        );
      }
    }
    const image = await loadImage(Buffer.from(svg));
    expect(image.width).toBe(2 * 28 + 2 * 392 + 20);
    expect(image.height).toBeGreaterThan(600);

    const foreign = { ...found, workload: `<script>alert("1")</script>&\u0000\ud800` };
    const escaped = explainedSvg(foreign);
    expect(escaped).not.toContain("<script>");
    expect(escaped).toContain("&lt;script&gt;");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML may not hold them
    expect(escaped).not.toMatch(/[\u0000\ud800]/);
    await expect(loadImage(Buffer.from(escaped))).resolves.toBeTruthy();
  });

  test("--svg writes it beside the answer, and leaves nothing else", async () => {
    const args = ["explain", "failing-storm/always-reject/mmap@6.12", "--quiet", "--svg"];
    const { code, stdout } = await vmabench([...args, join(folder, "a.svg")]);
    expect(code).toBe(0);
    expect(stdout).toContain("mmap@6.12: checks place");
    expect(readFileSync(join(folder, "a.svg"), "utf8")).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(readdirSync(folder)).toEqual(["a.svg"]);
    const refused = await vmabench([...args, join(folder, "none", "a.svg")]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^vmabench: cannot write .*\n$/);
    expect(existsSync(join(folder, "none"))).toBe(false);
  });

  test("--json has the refusals and the state", async () => {
    const { stdout } = await vmabench([
      "explain",
      "holes-overlap/hint-or-dump-flag/mmap@6.15",
      "--json",
    ]);
    const { runs } = JSON.parse(stdout);
    const step = runs[0].steps.find(({ id }: { id: string }) => id === "merge.first");
    expect(step.sides[0]).toEqual({
      side: "below",
      rule: "flags",
      text: "refused: flags differ in DONTDUMP",
    });
    expect(step.state).toMatchObject({ vma: "none", old: "emptied" });
  });
});
