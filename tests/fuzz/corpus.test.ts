import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("inputs that were findings once are none any more", () => {
  const runner = fileURLToPath(new URL("run.js", import.meta.url));
  const lines = execFileSync(process.execPath, [runner, "--corpus"], { encoding: "utf8" })
    .trimEnd()
    .split("\n");
  expect(lines.length).toBeGreaterThan(3);
  expect(lines.filter((line) => !line.endsWith(": as it should be"))).toEqual([]);
});
