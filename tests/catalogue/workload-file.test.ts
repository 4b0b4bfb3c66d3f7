import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { parseDriver } from "../../src/catalogue/drivers.js";
import { parseProtocol } from "../../src/catalogue/kernels.js";
import { enterScenario, scenarioOf } from "../../src/catalogue/scenario.js";
import { workloadJsonSchema } from "../../src/catalogue/workload-schema.js";
import { parseWorkload, workloadArgument } from "../../src/catalogue/workloads.js";
import { Core } from "../../src/core/core.js";

const folder = mkdtempSync(join(tmpdir(), "vmabench-workload-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
function file(text: string): string {
  const path = join(folder, `w${files++}.yaml`);
  writeFileSync(path, text);
  return path;
}

test("the JSON Schema shipped is the current one (vitest -u writes it)", async () => {
  await expect(workloadJsonSchema()).toMatchFileSnapshot("../../schemas/workload.schema.json");
});

test("one phase is the workload it names, to the byte", async () => {
  const own = workloadArgument(
    file("workload: one\nphases:\n  - run: holes-overlap\n    with: { ops: 200 }\n"),
  );
  expect(await own.build(7)).toEqual(await parseWorkload("holes-overlap?ops=200").build(7));
  expect(parseWorkload("one").title).toBe(own.title);
});

test("the example runs; its phases do not meet", async () => {
  const path = fileURLToPath(new URL("../../examples/workloads/server.yaml", import.meta.url));
  const workload = workloadArgument(path);
  const built = await workload.build(1);
  const core = new Core("checking");
  const protocol = parseProtocol("mmap_prepare@7.3");
  enterScenario(core, scenarioOf(workload, parseDriver("vmops-only"), protocol), built);
  const trace = await parseWorkload("trace-node-http").build(1);
  const results = core.run(built.operations);
  expect(core.check()).toBe(0);
  expect(built.operations).toHaveLength(trace.operations.length + 3000);
  expect(results.length).toBe(built.operations.length);
  expect(built.files).toHaveLength(trace.files.length + 2);
});

const ops = (text: string) => {
  const name = `t${files++}.ops`;
  writeFileSync(join(folder, name), text);
  return name;
};

test("the example with traces runs under its own parameters", async () => {
  const path = fileURLToPath(new URL("../../examples/workloads/two-lives.yaml", import.meta.url));
  const { params, build } = workloadArgument(`${path}?ops=30`);
  expect(params).toEqual({ ops: 30 });
  const built = await build(1);
  const xz = await parseWorkload("trace-xz").build(1);
  expect(built.operations).toHaveLength(xz.operations.length + 4 + 30);
  expect(built.settings).toMatchObject({ ...xz.settings, touch: 1 });
});

test("a generator by itself, with all of its parameters set or handed on", async () => {
  const own = workloadArgument(
    `${file(
      "workload: mine\nparameters: { ops: 50, share: shared }\nphases:\n  - generate: append\n    with: { pages: 2, gap: 0, files: 1, background: 0 }\n",
    )}?ops=70`,
  );
  expect(own.params).toEqual({ ops: 70 });
  const expected = await parseWorkload("append-merge?ops=70&pages=2&files=1&background=0").build(1);
  expect(await own.build(1)).toEqual(expected);
  expect((await parseWorkload("mine").build(1)).operations).toHaveLength(50);
  expect(() => parseWorkload("mine?pages=3")).toThrow(/no parameter "pages"; it has: ops, share/);
});

test("a parameter goes to every phase that leaves it open", async () => {
  const own = workloadArgument(
    file(
      "workload: both\nparameters: { ops: 10, background: 0 }\nphases:\n  - run: mix-jit\n  - run: mix-arenas\n  - run: tree-1000\n    with: { ops: 4 }\n",
    ),
  );
  expect((await own.build(1)).operations).toHaveLength(24);
  expect((await parseWorkload("both?ops=20").build(1)).operations).toHaveLength(44);
});

test("operation traces by path, several of them, stay where they are; each has files of its own", async () => {
  const first = ops("mmap 10000000 1000 3 0x12 7 0\n#MARK\nmunmap 10000000 1000\n");
  const second = ops("mmap 20000000 1000 3 0x11 7 0\n");
  const own = workloadArgument(
    file(
      `workload: two-traces\ntouch: none\nphases:\n  - trace: ${first}\n  - trace: ./${second}\n  - run: append-never\n    with: { ops: 1 }\n`,
    ),
  );
  const { setup, operations, settings, files: all } = await own.build(1);
  expect(setup[0]).toMatchObject({ addr: 0x10000000, file: 1 });
  expect(operations.map(({ addr }) => addr)).toEqual([
    0x10000000,
    0x20000000,
    0x1000_0000_0000 + 2 * 2 ** 42,
  ]);
  expect(operations.map((operation) => operation.file)).toEqual([undefined, 2, 3]);
  expect(all).toHaveLength(10);
  expect(settings).toEqual({ touch: 0 });
});

test("text of strace by path", async () => {
  const path = join(folder, "prog.strace");
  writeFileSync(
    path,
    "mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7ffff7ff0000\n",
  );
  const own = workloadArgument(
    file("workload: from-strace\nphases:\n  - trace: prog.strace\n  - run: trace-xz\n"),
  );
  await expect(own.build(1)).rejects.toThrow(/:4: expected phases\.1: one recording at most/);
});

const PHASE = "workload: w\nphases:\n  - ";
test.each([
  [`${PHASE}run: nothing\n`, /:3: expected phases\.0\.run: .*no workload "nothing"/],
  [
    `${PHASE}run: mix-jit\n    with: { speed: 1 }\n`,
    /:4: .*mix-jit: ops, pages, background, found "speed"/,
  ],
  [
    `${PHASE}run: mix-jit\n    with:\n      ops: 1\n      pages: 1.5\n`,
    /:6: expected phases\.0\.with\.pages: an integer from 16 to 65536, found "1\.5"/,
  ],
  [
    `${PHASE}generate: jit\n    with: { ops: 1, pages: 16 }\n`,
    /:4: .*"background", anonymous VMAs/,
  ],
  [`${PHASE}generate: jitter\n`, /:3: expected phases\.0\.generate: append, /],
  [
    `${PHASE}generate: jit\n    run: mix-jit\n`,
    /:3: .*one of generate, run and trace, found generate and run/,
  ],
  [`${PHASE}with: {}\n`, /:3: .*one of generate, run and trace, found none/],
  [
    `${PHASE}trace: gone.vmatrace\n`,
    /:3: expected phases\.0\.trace: a trace.*no file "gone\.vmatrace"/,
  ],
  [`${PHASE}trace: w0.yaml\n    with: { ops: 1 }\n`, /:4: .*no parameters: a trace has none/],
  [`${PHASE}run: both\n`, /:3: .*a workload of one phase, found "both"/],
  [
    `parameters: { speed: 1 }\n${PHASE}run: mix-jit\n`,
    /:1: expected parameters\.speed: a parameter that a phase has/,
  ],
  [
    `parameters: { ops: 0 }\n${PHASE}run: mix-jit\n`,
    /:1: expected parameters\.ops: an integer from 1/,
  ],
  ["workload: w\nphases: []\n", /:2: expected phases: at least 1 entries/],
  ["workload: mix-jit\nphases:\n  - run: mix-jit\n", /there is one of that name/],
  ["workload: w\nphase: []\n", /expected phases: a list|one of the fields/],
])("%j is refused", (text, message) => {
  expect(() => workloadArgument(file(text))).toThrow(message);
});

test("a trace that is none is refused with its line when the workload is built", async () => {
  const own = workloadArgument(file(`workload: bad\nphases:\n  - trace: ${ops("jump 1\n")}\n`));
  await expect(own.build(1)).rejects.toThrow(/\.ops:1: expected an operation/);
});

test("more operations than one batch holds are refused", async () => {
  const phase = "  - run: append-never\n    with: { ops: 60000 }\n";
  const own = workloadArgument(file(`workload: too-many\nphases:\n${phase.repeat(3)}`));
  await expect(own.build(1)).rejects.toThrow(
    /at most 131072 operations in all phases, found 180000/,
  );
});
