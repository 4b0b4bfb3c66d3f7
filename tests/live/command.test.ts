// The command, run as a user runs it.

import { describe, expect, test } from "vitest";
import { vmabench } from "../cli/command.js";
import { onKernel, reasonToSkip } from "./kernel.js";

const LONG = 120_000;

describe("the command line", () => {
  test.each([
    ["--ops", "0"],
    ["--ops", "many"],
    ["--seed", "-1"],
  ])("%s %s is refused", async (option, value) => {
    const { code, stdout, stderr } = await vmabench(["verify", option, value]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^vmabench: --\w+ \S+: expected an integer [^\n]+\n$/);
  });
});

describe.skipIf(reasonToSkip() !== null)(onKernel("verify"), () => {
  test(
    "one JSON document, and an exit code that goes with it",
    async () => {
      const { code, stdout, stderr } = await vmabench(["verify", "--ops", "600", "--json"]);
      expect(stderr).toBe("");
      const document = JSON.parse(stdout);
      expect(Object.keys(document)).toEqual(
        expect.arrayContaining([
          "kernelRelease",
          "operations",
          "checkpoints",
          "mismatches",
          "first",
        ]),
      );
      expect(document.operations).toBe(600);
      expect(code).toBe(document.mismatches === 0 ? 0 : 1);
      expect(document.first === null).toBe(document.mismatches === 0);
    },
    LONG,
  );

  test(
    "the same seed makes the same calls",
    async () => {
      const args = ["verify", "--ops", "900", "--seed", "7", "--json"];
      const [first, second] = [await vmabench(args), await vmabench(args)];
      expect(JSON.parse(first.stdout).checkpoints).toBe(JSON.parse(second.stdout).checkpoints);
      expect(first.code).toBe(second.code);
    },
    LONG,
  );

  test(
    "Ctrl-C ends it with 130 and nothing printed",
    async () => {
      const { code, stdout, stderr } = await vmabench(["verify", "--ops", "10000000"], {
        meanwhile: (child) => void setTimeout(() => child.kill("SIGINT"), 2500),
      });
      expect([code, stdout, stderr]).toEqual([130, "", ""]);
    },
    LONG,
  );
});
