// A program that a command has started is killed: one line, and nothing left.

import { readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MEASURING, prepare, type Small, SPAWNING, WRITING } from "./commands.js";
import { contentsOf, makePlace, type Place, Running, removePlace, send, sleep } from "./harness.js";

let place: Place;
beforeAll(async () => {
  place = makePlace();
  await prepare(place);
});
afterAll(() => removePlace(place));

interface Death {
  command: string;
  /** Which child: its name, or a part of its command line. */
  child: RegExp;
  code: number;
  says: RegExp;
}

const DEATHS: Death[] = [
  {
    command: "gate",
    child: /gate-child/,
    code: 3,
    says: /^vmabench: a process of the gate ended early \(SIGKILL\)\n$/,
  },
  {
    command: "doctor",
    child: /gate-child/,
    code: 3,
    says: /^vmabench: a process of the gate ended early \(SIGKILL\)\n$/,
  },
  {
    command: "calibrate",
    child: /\/proc\/\d+\/fd/,
    code: 3,
    says: /^vmabench: the runner ended with SIGKILL.*\n$/,
  },
  {
    command: "replay --real",
    child: /\/proc\/\d+\/fd/,
    code: 3,
    says: /^vmabench: the (replay|runner) ended with SIGKILL.*\n$/,
  },
  {
    command: "verify",
    child: /live\/child/,
    code: 3,
    says: /^vmabench: cannot start the child process: it ended with SIGKILL\n$/,
  },
  {
    command: "peer",
    child: /bin\/gcc .*-o /, // not the question for its version
    code: 3,
    says: /^vmabench: gcc ended with SIGKILL\n$/,
  },
  {
    command: "peer",
    child: /\/base\/peer \S+\.ops/,
    code: 3,
    says: /^vmabench: the kernel tree's program was killed: is there memory for it\?\n$/,
  },
  {
    command: "gate, building its base",
    child: /buildCore\("timing"/,
    code: 3,
    says: /vmabench: the core of HEAD cannot be built: its build ended with SIGKILL\n$/,
  },
  {
    command: "record",
    child: /^strace -f/,
    code: 3,
    says: /^vmabench: strace ended with SIGKILL, before the program\n$/,
  },
  // the recording of a program that was killed is one
  { command: "record", child: /^sh -c/, code: 0, says: /ended with a signal\n$/ },
];

const all = [...WRITING, ...MEASURING, ...SPAWNING];
const possible = DEATHS.flatMap((death) => {
  const command = all.find(({ name }) => name === death.command) as Small;
  return command.missing ? [] : [{ ...death, command, name: death.command }];
});

test.each(possible)("$name, without $child", async ({ command, child, code, says }) => {
  command.cache?.forget();
  const running = new Running(place, command.args(place), { env: command.env?.(place) ?? {} });
  await killFirst(running, child);
  const ended = await running.ended;
  expect(ended.stderr).toMatch(says);
  expect(ended.code).toBe(code);
  expect(await running.orphans()).toEqual([]);
  expect(readdirSync(place.temporary)).toEqual([]);
  command.cache?.check();
});

async function killFirst(running: Running, pattern: RegExp): Promise<void> {
  let over = false;
  running.ended.then(() => {
    over = true;
  });
  while (!over) {
    const found = running.children().find(({ args }) => pattern.test(args));
    if (found && send(found.pid, "SIGKILL")) return; // or it ended after it was seen
    await sleep(2);
  }
}

test("verify runs an episode again in which its process was killed", async () => {
  const command = SPAWNING.find(({ name }) => name === "verify") as Small;
  if (command.missing) return;
  for (let wait = 800; ; wait *= 2) {
    const running = new Running(place, ["verify", "--ops", "12000"]);
    await sleep(wait);
    await killFirst(running, /live\/child/);
    const { code, stdout, stderr } = await running.ended;
    if (/cannot start the child/.test(stderr)) continue; // it was not that far yet
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/12.?000/);
    return;
  }
});

test("a command that is killed itself leaves no process that goes on", async () => {
  for (const name of ["gate", "verify", "peer"]) {
    const command = all.find((one) => one.name === name) as Small;
    if (command.missing) continue;
    const running = new Running(place, command.args(place), { env: command.env?.(place) ?? {} });
    while (running.children().length === 0) await sleep(5);
    await sleep(200);
    running.signal("SIGKILL");
    await running.ended;
    expect(await running.orphans(), name).toEqual([]);
  }
  expect([...contentsOf(place.out).keys()].filter((path) => /gate/.test(path))).toEqual([]);
});
