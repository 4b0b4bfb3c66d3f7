import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { parseDriver } from "../../src/catalogue/drivers.js";
import { parseProtocol } from "../../src/catalogue/kernels.js";
import { enterScenario, scenarioOf } from "../../src/catalogue/scenario.js";
import { readWorkloadFile, workloadJsonSchema } from "../../src/catalogue/workload-file.js";
import { parseWorkload } from "../../src/catalogue/workloads.js";
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
  const own = readWorkloadFile(
    file("workload: one\nphases:\n  - run: holes-overlap\n    with: { ops: 200 }\n"),
  );
  expect(await own.build(7)).toEqual(await parseWorkload("holes-overlap?ops=200").build(7));
  expect(parseWorkload("one")).toBe(own);
});

test("the example runs; its phases do not meet", async () => {
  const path = fileURLToPath(new URL("../../examples/workloads/server.yaml", import.meta.url));
  const workload = readWorkloadFile(path);
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

test.each([
  ["workload: w\nphases:\n  - run: nothing\n", /:3: expected phases\.0: .*no workload "nothing"/],
  [
    "workload: w\nphases:\n  - run: mix-jit\n    with: { speed: 1 }\n",
    /:3: .*no parameter "speed"/,
  ],
  ["workload: w\nphases: []\n", /:2: expected phases: at least 1 entries/],
  ["workload: mix-jit\nphases:\n  - run: mix-jit\n", /there is one of that name/],
  ["workload: w\nphases:\n  - run: trace-xz\n  - run: trace-perl\n", /:4: .*one trace at most/],
  ["workload: w\nphase: []\n", /expected phases: a list|one of the fields/],
])("%j is refused", (text, message) => {
  expect(() => readWorkloadFile(file(text))).toThrow(message);
});

test("more operations than one batch holds are refused", async () => {
  const phase = "  - run: append-never\n    with: { ops: 60000 }\n";
  const own = readWorkloadFile(file(`workload: too-many\nphases:\n${phase.repeat(3)}`));
  await expect(own.build(1)).rejects.toThrow(
    /at most 131072 operations in all phases, found 180000/,
  );
});
