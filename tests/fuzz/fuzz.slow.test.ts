// A bounded share of the fuzzing that `npm run fuzz` does for as long as it is told to.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const runner = fileURLToPath(new URL("run.js", import.meta.url));
const run = promisify(execFile);

test("inputs that are nearly right are taken whole or refused with one line", async () => {
  const text = await run(process.execPath, [runner, "--runs", "60"]).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }) => `${stdout}${stderr}`,
  );
  const lines = text.trimEnd().split("\n");
  expect(
    lines.filter((line) => !/^[a-z-]+ +\d+ inputs, 0 findings, slowest \d+ ms$/.test(line)),
  ).toEqual([]);
  expect(lines.length).toBeGreaterThan(15);
}, 300_000);
