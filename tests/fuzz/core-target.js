// The core's command region: records as no encoder writes them, and snapshots that no core has taken.

import { readFileSync } from "node:fs";
import * as abi from "../../dist/core/abi.js";
import { Core } from "../../dist/core/core.js";
import { encode } from "../../dist/core/operation.js";
import { parseOps } from "../../dist/trace/ops.js";
import { programOf } from "../../dist/trace/program.js";

const FILES = 4;
const WORDS = [0, 1, 0xfff, 0x1000, 0x1001, 0x7ffffffff000, 0x800000000000, 2 ** 53 - 1, -1, -4096];
const calls = readFileSync(new URL("seeds/calls.ops", import.meta.url), "utf8");
const { setup, operations } = programOf(parseOps(calls));
const records = Buffer.from(encode([...setup, ...operations]));

let core;

function entered() {
  core ??= new Core("checking");
  core.reset({ profile: abi.PROFILE_7_3, hook: abi.HOOK_MMAP_PREPARE });
  for (let id = 1; id <= FILES; id++) core.setFile(id, { mode: 3 });
  return core;
}

/** Records whose fields are right, odd or random. */
export function makeRecords(random) {
  const count = 1 + random.below(64);
  const bytes = Buffer.alloc(count * abi.COMMAND_SIZE);
  for (let i = 0; i < count; i++) {
    const at = i * abi.COMMAND_SIZE;
    const from = random.below(records.length / abi.COMMAND_SIZE) * abi.COMMAND_SIZE;
    records.copy(bytes, at, from, from + abi.COMMAND_SIZE);
    for (let changes = random.below(4); changes > 0; changes--) {
      const field = at + 8 * random.below(abi.COMMAND_SIZE / 8);
      const how = random.below(4);
      if (how < 2) bytes.writeBigInt64LE(BigInt(random.pick(WORDS)), field);
      else if (how === 2) bytes.writeUInt32LE(random.below(25), field);
      else bytes.writeUInt32LE(random.next(), field + 4 * random.below(2));
    }
    // it believes what it is told: only a recorded layout is placed, and that is checked as it is read
    const op = at + abi.COMMAND_OP;
    if (bytes.readUInt32LE(op) === abi.OP_PLACE) bytes.writeUInt32LE(abi.OP_NOP, op);
    // a stream takes as long as its accesses do: few of them, or more than there may be
    const accesses = at + abi.COMMAND_PGOFF;
    const asked = bytes.readBigUInt64LE(accesses);
    if (bytes.readUInt32LE(op) === abi.OP_STREAM && asked <= BigInt(abi.STREAM_LIMIT)) {
      bytes.writeBigUInt64LE(asked % 2n ** 24n, accesses);
    }
  }
  return bytes;
}

/** Every record has a result, and the core's invariants hold after all of them. */
export function feedRecords(bytes) {
  const on = entered();
  const count = Math.floor(bytes.length / abi.COMMAND_SIZE);
  on.loadBatch(bytes.subarray(0, count * abi.COMMAND_SIZE));
  for (let next = 0; next < count; next += on.execute(next, count - next) + 1);
  const broken = on.check();
  if (broken !== 0) throw new Error(`invariant ${broken} is broken`);
}

/**
 * A snapshot whose regions are not those of the core: refused, and the core goes on as if nothing had been. What stands
 * in its regions is the core's own memory, which is believed.
 */
export function feedSnapshot(bytes) {
  const on = entered();
  on.run(setup);
  const before = on.snapshot();
  const snapshot = on.snapshot();
  const at = bytes.readUInt32LE(1);
  const region = snapshot[bytes[0] % snapshot.length];
  switch (bytes[5] % 4) {
    case 0:
      region.at += at;
      break;
    case 1:
      region.bytes = Buffer.alloc(at % 2 ** 28);
      break;
    case 2:
      snapshot.splice(at % snapshot.length, 1 + (bytes[6] % 3));
      break;
    default:
      snapshot.push({ at, bytes: Buffer.alloc(bytes[6]) });
  }
  const isSame =
    snapshot.length === before.length && region.at === before[snapshot.indexOf(region)].at;
  try {
    on.restore(snapshot);
    if (!isSame) throw new Error("a snapshot of another shape was taken");
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    on.restore(before);
  }
  const broken = on.check();
  if (broken !== 0 && bytes[5] % 4 !== 1) throw new Error(`invariant ${broken} is broken`);
}
