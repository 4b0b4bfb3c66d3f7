// A disk that is full, and one that takes nothing: what was there stays as it was, and one line says why.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkWhole, prepare, type Small } from "./commands.js";
import {
  contentsOf,
  MOUNTS,
  makePlace,
  noMounts,
  type Place,
  removePlace,
  run,
  runMounted,
} from "./harness.js";

/** The tests of some commands. */
export function testDisks(commands: readonly Small[]): void {
  let place: Place;
  /** Files that each command makes. */
  const made = new Map<string, string[]>();

  beforeAll(async () => {
    place = makePlace();
    await prepare(place);
  });
  afterAll(() => removePlace(place));

  /** Empty files in the place of those that the command makes; a sweep begins a folder anew. */
  async function putOld(command: Small): Promise<void> {
    const names = made.get(command.name) ?? (await filesOf(command));
    made.set(command.name, names);
    emptyOut();
    if (command.resumes || command.readsOld) return;
    for (const name of names) {
      mkdirSync(dirname(join(place.out, name)), { recursive: true });
      writeFileSync(join(place.out, name), "");
    }
  }

  async function filesOf(command: Small): Promise<string[]> {
    emptyOut();
    const { code, stderr } = await run(place, command.args(place), command.env?.(place));
    expect(code, stderr).toBe(command.code ?? 0);
    return [...contentsOf(place.out).keys()];
  }

  function emptyOut(): void {
    for (const name of readdirSync(place.out)) rmSync(join(place.out, name), { recursive: true });
  }

  const possible = commands.filter(({ missing }) => !missing);

  describe.skipIf(noMounts)("a full disk (skipped where nothing can be mounted)", () => {
    const cases = possible.flatMap((command) =>
      (command.several ? [0, 1] : [0]).map((free) => ({ ...command, free })),
    );
    test.each(cases)("$name, $free pages free", async ({ free, ...command }) => {
      await putOld(command);
      const before = contentsOf(place.out);
      const { code, stderr } = await runMounted(place, MOUNTS.full(free), command.args(place));
      const after = contentsOf(place.out);
      if (free > 0 && code === 0) {
        for (const [name, bytes] of after) checkWhole(name, bytes);
      } else {
        const own = stderr.split("\n").filter((line) => line.includes("cannot write"));
        expect([code, own.length], stderr).toEqual([3, 1]);
        expect(own[0]).toMatch(/^vmabench: cannot write \S*\/out\/\S+: no space left/);
        if (!command.resumes) expect(after).toEqual(before);
      }
      expect(readdirSync(place.temporary)).toEqual([]);
      const names = [...(made.get(command.name) as string[]), ...(command.resumes ?? [])];
      for (const name of after.keys()) expect(names).toContain(name);
    });
  });

  describe.skipIf(noMounts)("a read-only disk (skipped where nothing can be mounted)", () => {
    test.each(possible)("$name", async (command) => {
      await putOld(command);
      const before = contentsOf(place.out);
      const { code, stderr } = await runMounted(place, MOUNTS.readOnly, command.args(place));
      expect(code, stderr).toBe(2);
      expect(stderr).toMatch(/vmabench: cannot write \S*\/out\S*: read-only file system\n$/);
      expect(contentsOf(place.out)).toEqual(before);
      expect(readdirSync(place.temporary)).toEqual([]);
    });
  });
}
