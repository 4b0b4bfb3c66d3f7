// A clock that jumps, backwards and far ahead, while a command runs: what is measured does not go by it.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MEASURING, prepare, type Small, SPAWNING, WRITING } from "./commands.js";
import { contentsOf, makePlace, type Place, removePlace, run } from "./harness.js";

/** Each look at the calendar finds another year, from 1970 to 2099; so do those of children and threads. */
const CLOCK = `
const RealDate = Date;
let looks = 0;
const now = () => RealDate.now() + [-20, 0, 45, -56, 60, 3][looks++ % 6] * 365.25 * 864e5;
globalThis.Date = class Date extends RealDate {
  constructor(...args) { args.length === 0 ? super(now()) : super(...args); }
  static now() { return now(); }
};
`;

let place: Place;
let env: Record<string, string>;
beforeAll(async () => {
  place = makePlace();
  await prepare(place);
  const preload = join(place.root, "clock.mjs");
  writeFileSync(preload, CLOCK);
  env = { NODE_OPTIONS: `--import=${preload}` };
});
afterAll(() => removePlace(place));

const named = (name: string) =>
  [...WRITING, ...MEASURING, ...SPAWNING].find((one) => one.name === name) as Small;
/** Numbers that are none, or below zero where there can be none such: a time, a count, seconds. */
const WRONG =
  /NaN|Infinity|"(seconds|median|low|high|ratio|rounds|ns|cycles)":\s*(-|null)|-\d[\d.,]* (s|ms|min|ns)\b/;

test.each(["run", "calibrate", "verify", "history --chart"])("%s", async (name) => {
  const command = named(name);
  if (command.missing) return;
  const { code, stdout, stderr } = await run(place, command.args(place), env);
  expect(code, stderr).toBe(0);
  expect(stderr).not.toMatch(/internal error/);
  expect(stdout).not.toMatch(WRONG);
  for (const [path, bytes] of contentsOf(place.out)) {
    if (/\.(json|ndjson|md|txt)$/.test(path)) expect(bytes.toString("utf8")).not.toMatch(WRONG);
  }
});

test("a sweep counts the same", async () => {
  const spec = ["sweep", "sweep.yaml", "--workers", "2"];
  const outs = [join(place.root, "steady"), join(place.root, "jumping")];
  await run(place, [...spec, "--out", outs[0] as string]);
  await run(place, [...spec, "--out", outs[1] as string], env);
  const [steady, jumping] = outs.map((out) => readFileSync(join(out, "results.ndjson"), "utf8"));
  expect(jumping).toBe(steady);
});
