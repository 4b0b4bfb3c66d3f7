import { expect, test } from "vitest";
import { vmabench } from "./command.js";

test("doctor examines this machine and measures identical code", async () => {
  const { code, stdout } = await vmabench(["doctor", "--seconds", "1", "--json"]);
  const { schema, verdict, findings, clock, noise, visible } = JSON.parse(stdout);
  expect(schema).toBe("vmabench/doctor@1");
  expect(code).toBe(verdict === "unfit" ? 3 : 0);
  expect(["fit", "fit with caveats", "unfit"]).toContain(verdict);
  expect(findings.length > 0).toBe(verdict !== "fit");
  expect(clock.tick).toBeGreaterThan(0);
  expect(noise.processes).toBeGreaterThanOrEqual(3);
  expect(noise.typical).toBeGreaterThan(0);
  expect(noise.worst).toBeGreaterThanOrEqual(noise.typical);
  expect(visible.map(({ seconds }: { seconds: number }) => seconds)).toEqual([30, 60, 180, 600]);
});

test.each(["0", "x", "99999"])("--seconds %s is refused", async (seconds) => {
  const { code, stderr } = await vmabench(["doctor", "--seconds", seconds]);
  expect([code, stderr]).toEqual([
    2,
    `vmabench: --seconds ${seconds}: expected a number from 1 to 3600\n`,
  ]);
});
