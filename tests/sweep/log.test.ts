// The log of a sweep: whole jobs or nothing of them, each once, in order at the end.

import { appendFileSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Log } from "../../src/sweep/log.js";
import { testFolder } from "./plan.js";

const folder = testFolder();
const result = (job: number) => ({
  job,
  lines: [`{"index":${job * 2}}`, `{"index":${job * 2 + 1}}`],
  times: job === 1 ? [] : [`{"point":${job}}`],
  failed: job % 2,
});

function ordered(log: Log, part: "scenarios" | "times" = "scenarios"): string {
  const path = `${log.path}.ordered`;
  log.writeOrdered(path, part);
  return readFileSync(path, "utf8");
}

test("jobs that come in any order are written in theirs, and none twice", () => {
  const log = new Log(join(folder, "order"));
  expect([3, 0, 2, 1, 0].map((job) => log.append(result(job)))).toEqual([
    true,
    true,
    true,
    true,
    false,
  ]);
  expect(log).toMatchObject({ jobs: 4, scenarios: 8, failed: 2 });
  expect(ordered(log)).toBe([0, 1, 2, 3, 4, 5, 6, 7].map((i) => `{"index":${i}}\n`).join(""));
  expect(ordered(log, "times")).toBe([0, 2, 3].map((i) => `{"point":${i}}\n`).join(""));
  log.close();
});

test("two processes that write one log are told, and what they wrote stands", () => {
  const path = join(folder, "two");
  const [one, other] = [new Log(path), new Log(path)];
  one.append(result(0));
  expect(() => other.append(result(1))).toThrow("another process");
  one.close();
  other.close();
  const again = new Log(path);
  expect(again.jobs).toBe(2);
  again.close();
});

test("a log cut off anywhere holds the jobs before, and goes on", () => {
  const path = join(folder, "cut");
  const whole = new Log(path);
  for (const job of [1, 0, 2]) whole.append(result(job));
  whole.close();
  const bytes = readFileSync(path);
  const ends = [...bytes.toString().matchAll(/\{"job".*\n/g)].map((m) => m.index + m[0].length);
  for (let length = bytes.length; length >= 0; length -= 5) {
    truncateSync(path, 0);
    appendFileSync(path, bytes.subarray(0, length));
    const log = new Log(path);
    expect(log.jobs).toBe(ends.filter((end) => end <= length).length);
    for (const job of [0, 1, 2]) log.append(result(job));
    expect(ordered(log)).toBe([0, 1, 2, 3, 4, 5].map((i) => `{"index":${i}}\n`).join(""));
    log.close();
    expect(statSync(path).size).toBe(bytes.length);
  }
});
