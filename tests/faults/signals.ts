// SIGINT and SIGTERM at any moment: the exit code says so, no process is left, no temporary file, and each file is
// the old one, or the new one, or not there.

import { readdirSync, rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "../../src/catalogue/random.js";
import { checkWhole, prepare, type Small } from "./commands.js";
import {
  contentsOf,
  HANGS,
  makePlace,
  type Place,
  Running,
  removePlace,
  sleep,
} from "./harness.js";

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Sends each of some commands so many signals, at moments spread over the time that it takes. */
export function testSignals(commands: readonly Small[], moments: number): void {
  let place: Place;
  beforeAll(async () => {
    place = makePlace();
    await prepare(place);
  });
  afterAll(() => removePlace(place));

  const survives = async (command: Small) => {
    clear(place.out);
    command.cache?.forget();
    const began = performance.now();
    const ordinary = await start(place, command).ended;
    const took = performance.now() - began;
    expect(command.codes ?? [command.code ?? 0], ordinary.stderr).toContain(ordinary.code);
    const names = [...contentsOf(place.out).keys(), ...(command.resumes ?? [])];
    const random = new Random(1, command.name);
    let interrupted = 0;
    for (let moment = 0; moment < moments; moment++) {
      const hasOld = moment % 2 === 0 && !command.resumes && !command.anew;
      if (!hasOld) clear(place.out);
      command.cache?.forget();
      const signal = moment % 4 < 2 ? "SIGINT" : "SIGTERM";
      const group = signal === "SIGINT" && random.below(2) === 0;
      const at = Math.round((took * (moment + random.below(1000) / 1000)) / moments);
      const case_ = `${signal} after ${at} ms${group ? ", to the group" : ""}`;
      const running = start(place, command);
      await sleep(at);
      running.signal(signal, group);
      const { code, stderr } = await running.ended;
      const over = command.codes ?? [ordinary.code];
      expect([CODES[signal], ...over], `${case_}: ${stderr}`).toContain(code);
      if (code === CODES[signal]) interrupted++;
      expect(await running.orphans(), case_).toEqual([]);
      expect(readdirSync(place.temporary), case_).toEqual([]);
      for (const [name, bytes] of contentsOf(place.out)) {
        expect(names, case_).toContain(name);
        if (!command.resumes?.includes(name)) checkWhole(name, bytes);
      }
      command.cache?.check();
    }
    expect(interrupted).toBeGreaterThan(0);
  };
  const possible = commands.filter(({ missing }) => !missing);
  test.each(possible)("$name", survives, (moments + 2) * HANGS);
}

function start(place: Place, command: Small): Running {
  return new Running(place, command.args(place), { env: command.env?.(place) ?? {} });
}

function clear(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(`${folder}/${name}`, { recursive: true });
}
