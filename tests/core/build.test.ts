// The builds: nothing of the counters is left in the timing build, and both sides agree on the ABI.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main as compile } from "assemblyscript/asc";
import { expect, test } from "vitest";
// @ts-expect-error: a build script without types
import { generateAbi } from "../../scripts/abi.js";
import * as abi from "../../src/core/abi.js";
import { Core } from "../../src/core/core.js";

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

async function compileTo(entry: string, wasm: string, options: string[]): Promise<Buffer> {
  const { error, stderr } = await compile([entry, "--outFile", wasm, ...options]);
  if (error) throw new Error(String(stderr));
  return readFileSync(wasm);
}

test("the timing build has the loads and stores of the sources without counting", async () => {
  const folder = mkdtempSync(join(tmpdir(), "vmabench-"));
  try {
    cpSync(join(root, "assembly"), join(folder, "assembly"), { recursive: true });
    let stripped = 0;
    for (const path of readdirSync(join(folder, "assembly"), { recursive: true }) as string[]) {
      if (!path.endsWith(".ts") || path === "events.ts") continue;
      const file = join(folder, "assembly", path);
      const text = readFileSync(file, "utf8");
      writeFileSync(
        file,
        text.replace(/\b(?:count|step)\([^;{}]*\);/g, () => {
          stripped++;
          return ";";
        }),
      );
    }
    expect(stripped).toBeGreaterThan(100);
    const { options } = JSON.parse(readFileSync(join(root, "asconfig.json"), "utf8"));
    writeFileSync(join(folder, "asconfig.json"), JSON.stringify({ options, targets: {} }));
    const text = join(folder, "stripped.wat");
    const config = ["--config", "asconfig.json", "--baseDir", folder, "--textFile", text];
    await compileTo("assembly/index.ts", join(folder, "stripped.wasm"), config);
    // not byte for byte: now and then the optimiser orders two loads another way; inlining comes after the text
    expect(memoryAccesses(join(root, "build/timing.wat"))).toEqual(memoryAccesses(text));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** How often each kind of load and store stands in a module's text, offsets included. */
function memoryAccesses(path: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [access] of readFileSync(path, "utf8").matchAll(
    /\w+\.(?:load|store)\w*(?: offset=\d+)?/g,
  )) {
    found[access] = (found[access] ?? 0) + 1;
  }
  return found;
}

test("the timing build counts nothing, the work build does", () => {
  const counted = (["timing", "work"] as const).map((build) => {
    const core = new Core(build);
    core.run([{ op: abi.OP_MMAP, len: 4096, prot: 3, flags: abi.MAP_PRIVATE | abi.MAP_ANONYMOUS }]);
    return Object.values(core.counters()).some((count) => count > 0);
  });
  expect(counted).toEqual([false, true]);
});
