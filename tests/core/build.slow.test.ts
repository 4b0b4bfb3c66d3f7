// The timing build is the core without its counters, and nothing else.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { compileTo } from "./compile.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

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
