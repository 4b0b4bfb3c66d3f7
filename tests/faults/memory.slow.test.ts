// A sweep's threads that run out of memory: a job is tried again, then it counts as failed, and the others are done.
// Threads that die before they have one end the sweep, and it can be resumed.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prepare } from "./commands.js";
import { makePlace, type Place, Running, removePlace, run } from "./harness.js";

/** Fills the memory of a thread: when it starts, or has a scenario of seed 7; so many times. */
const hog = (times: number, atStart: boolean) => `
import { isMainThread } from "node:worker_threads";
import { mkdirSync } from "node:fs";
const fill = () => { const all = []; for (;;) all.push(new Array(1e5).fill({})); };
const turn = () => {
  for (let i = 0; i < ${times}; i++) {
    try { return mkdirSync(process.env.TURNS + "/turn" + i), true; } catch {}
  }
  return false;
};
if (!isMainThread) {
  if (${atStart} && turn()) setTimeout(fill);
  const { stringify } = JSON;
  JSON.stringify = (value, ...rest) => {
    if (!${atStart} && value?.seed === 7 && turn()) fill();
    return stringify(value, ...rest);
  };
}
`;

let place: Place;
beforeAll(async () => {
  place = makePlace();
  await prepare(place);
});
afterAll(() => removePlace(place));

async function sweep(name: string, times: number, atStart: boolean) {
  const [preload, turns] = [join(place.root, `${name}.mjs`), join(place.root, `${name}-turns`)];
  writeFileSync(preload, hog(times, atStart));
  mkdirSync(turns);
  const args = ["sweep", "sweep.yaml", "--workers", "2", "--out", join(place.out, name)];
  const running = new Running(place, args, {
    env: { NODE_OPTIONS: `--max-old-space-size=80 --import=${preload}`, TURNS: turns },
  });
  const ended = await running.ended;
  expect(await running.orphans()).toEqual([]);
  return { ...ended, args };
}

function results(name: string): { seed: number; error?: string }[] {
  const text = readFileSync(join(place.out, name, "results.ndjson"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("a job that did not fit once is done the next time", async () => {
  const { code, stderr } = await sweep("once", 1, false);
  expect([code, stderr]).toEqual([0, ""]);
  expect(results("once").filter(({ error }) => error)).toEqual([]);
});

test("a job that never fits has failed, and the others are done", async () => {
  const { code } = await sweep("never", 1e4, false);
  expect(code).toBe(1);
  const lines = results("never");
  const failed = lines.filter(({ error }) => error);
  expect(lines).toHaveLength(160);
  expect(failed.length).toBeLessThan(80);
  expect(failed.some(({ seed }) => seed === 7)).toBe(true);
  for (const { error } of failed) expect(error).toMatch(/^the worker ended: .*memory/);
});

test("threads that do not stay alive: one line, and the sweep can be resumed", async () => {
  const { code, stderr, args } = await sweep("start", 1e4, true);
  expect(code).toBe(3);
  expect(stderr).toMatch(/^vmabench: no thread stays alive: .*memory[^\n]*\n$/);
  const resumed = await run(place, [...args, "--resume"]);
  expect([resumed.code, resumed.stderr]).toEqual([0, ""]);
  expect(results("start")).toHaveLength(160);
});
