// One hook under one protocol: set up, call, look before and after.

import { HOOKS, type Protocol } from "../catalogue/kernels.js";
import * as abi from "../core/abi.js";
import type { Account, Core, DriverRecord, VmaView } from "../core/core.js";
import { type Evidence, type Judged, judge } from "./judge.js";
import { FILES, HOOK_DRIVER, PLAIN_DRIVER, PLAIN_OPS, type World, type Write } from "./world.js";

/** What there is to see of an address space. */
export interface Look {
  layout: readonly VmaView[];
  account: Account;
  files: readonly { refs: number; mapped: number; writable: number }[];
}

const PLAIN: DriverRecord = { ops: PLAIN_OPS };

/** What the hook is while the address space is set up: it has its flags and ops, and keeps to the rules. */
function tame({ flagsSet = 0, flagsCleared = 0, ops = 0 }: DriverRecord): DriverRecord {
  return { flagsSet, flagsCleared, ops };
}

/** The driver record with its writes. */
export function withWrites(driver: DriverRecord, writes: readonly Write[]): DriverRecord {
  const record: DriverRecord = { ...driver };
  let codes = 0;
  for (const [i, { field, value, late }] of writes.entries()) {
    codes += (field + (late ? abi.WRITE_LATE : 0)) * 256 ** i;
    record[`written${i}` as "written0"] = value;
  }
  record.writes = codes;
  return record;
}

/** Lets a hook loose under a protocol. Error when the set-up alone breaks an invariant, which would be our bug. */
export function runWorld(core: Core, world: World, protocol: Protocol): Judged {
  core.reset({
    ...world.settings,
    profile: protocol.profile,
    hook: HOOKS[protocol.hook].hook,
  });
  core.setDriver(HOOK_DRIVER, tame(world.driver));
  core.setDriver(PLAIN_DRIVER, PLAIN);
  for (const [i, file] of world.files.entries()) core.setFile(i + 1, file);
  if (world.setup.length > 0) core.run(world.setup);
  core.setDriver(HOOK_DRIVER, withWrites(world.driver, world.writes));
  core.clearCounters();
  const before = look(core);
  const [result] = core.run([world.call]);
  const evidence: Evidence = {
    world,
    protocol,
    before,
    after: look(core),
    value: result?.value ?? 0,
    rule: core.check(),
    alarms: core.alarms(),
    hookCalls: core.counted("hook.calls"),
    lateFailures: core.counted("hook.lateFailures"),
    ptesSet: core.counted("page.ptesSet"),
    corruptions: core.counted("merge.corruptions"),
  };
  return judge(evidence);
}

function look(core: Core): Look {
  const files = [];
  for (let id = 1; id <= FILES; id++) files.push(core.fileState(id));
  return { layout: core.layout(), account: core.account(), files };
}
