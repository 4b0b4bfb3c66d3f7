// The shortest hook and address space that still show a finding: what can be left out is left out, one thing at a
// time, until nothing more can.

import type { DriverRecord } from "../core/core.js";
import type { Operation } from "../core/operation.js";
import { PLAIN_OPS, type World } from "./world.js";

/** What a world is made of, as a number: shorter examples are better ones. */
export function sizeOf({ settings, driver, writes, setup, call }: World): number {
  const usual = (name: string, value: number) => value === (name === "ops" ? PLAIN_OPS : 0);
  const fields = Object.entries(driver).filter((entry) => !usual(...entry)).length;
  const more = Object.keys(settings).length + (call.fail ? 1 : 0);
  return 3 * setup.length + 2 * writes.length + fields + more;
}

/** A smaller world for which `shows` still holds. */
export function shrunk(world: World, shows: (world: World) => boolean): World {
  let best = world;
  for (;;) {
    const next = smaller(best).find((candidate) => shows(candidate));
    if (!next) return best;
    best = next;
  }
}

/** Worlds with one thing less, the largest things first. */
function smaller(world: World): World[] {
  const { setup, writes, driver, settings, call } = world;
  const without = <T>(items: readonly T[], i: number) => items.filter((_, k) => k !== i);
  return [
    ...setup.map((_, i) => ({ ...world, setup: without(setup, i) })),
    ...writes.map((_, i) => ({ ...world, writes: without(writes, i) })),
    ...simplerDrivers(driver).map((simpler) => ({ ...world, driver: simpler })),
    ...Object.keys(settings).map((name) => {
      return { ...world, settings: omit(settings, name as keyof typeof settings) };
    }),
    ...(call.fail ? [{ ...world, call: { ...call, fail: 0, at: 0 } }] : []),
    ...setup.flatMap((operation, i) =>
      plainer(operation).map((simple) => {
        return { ...world, setup: setup.map((other, k) => (k === i ? simple : other)) };
      }),
    ),
  ];
}

function simplerDrivers(driver: DriverRecord): DriverRecord[] {
  const simpler = (Object.keys(driver) as (keyof DriverRecord)[])
    .filter((name) => name !== "ops")
    .map((name) => omit(driver, name));
  return driver.ops === PLAIN_OPS ? simpler : [...simpler, { ...driver, ops: PLAIN_OPS }];
}

function plainer(operation: Operation): Operation[] {
  return operation.prot === undefined || operation.prot === 3 ? [] : [{ ...operation, prot: 3 }];
}

function omit<T extends object>(record: T, name: keyof T): T {
  const rest = { ...record };
  delete rest[name];
  return rest;
}
