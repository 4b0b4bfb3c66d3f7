// The builds: nothing of the counters is left in the timing build, and both sides agree on the ABI.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
// @ts-expect-error: a build script without types
import { generateAbi } from "../../scripts/abi.js";
import * as abi from "../../src/core/abi.js";
import { Core } from "../../src/core/core.js";
import { compileTo } from "./compile.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("src/core/abi.ts is what the core's sources say", () => {
  expect(readFileSync(join(root, "src/core/abi.ts"), "utf8")).toBe(generateAbi());
});

test.each(["timing", "work", "checking"] as const)(
  "%s: memory reaches to the last page table",
  (build) => {
    const core = new Core(build);
    expect(core.words(abi.MEMORY_END - 8, 1)).toEqual(new BigUint64Array(1));
  },
);

test("records lie where the compiler puts them", async () => {
  const records = { Vma: abi.VMA, File: abi.FILE, Driver: abi.DRIVER, Mm: abi.MM };
  const fields = Object.entries(records).flatMap(([record, layout]) =>
    Object.entries(layout).map(([name, { at }]) => ({ record, name, at })),
  );
  const lines = [
    `import { ${Object.keys(records).join(", ")} } from "./vma/record";`,
    "export function offset(i: u32): usize {",
    "  switch (i) {",
    ...fields.map(({ record, name }, i) => `    case ${i}: return offsetof<${record}>("${name}");`),
    "    default: return 0;",
    "  }",
    "}",
  ];
  const folder = mkdtempSync(join(tmpdir(), "vmabench-"));
  try {
    const entry = join(root, "assembly", `offsets-${process.pid}.ts`);
    writeFileSync(entry, lines.join("\n"));
    try {
      const options = ["--runtime", "stub", "--baseDir", "/"];
      const wasm = await compileTo(entry, join(folder, "offsets.wasm"), options);
      const { offset } = new WebAssembly.Instance(new WebAssembly.Module(wasm), IMPORTS)
        .exports as { offset(i: number): number };
      expect(fields.map((_, i) => offset(i))).toEqual(fields.map(({ at }) => at));
    } finally {
      rmSync(entry);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const IMPORTS = { env: { abort() {} } };

test("the timing build counts nothing, the work build does", () => {
  const counted = (["timing", "work"] as const).map((build) => {
    const core = new Core(build);
    core.run([{ op: abi.OP_MMAP, len: 4096, prot: 3, flags: abi.MAP_PRIVATE | abi.MAP_ANONYMOUS }]);
    return Object.values(core.counters()).some((count) => count > 0);
  });
  expect(counted).toEqual([false, true]);
});
