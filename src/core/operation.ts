// One memory call as the core takes it, and its bytes. `encode` and `decode` are inverse.

import {
  COMMAND_ADDR,
  COMMAND_AT,
  COMMAND_FAIL,
  COMMAND_FILE,
  COMMAND_FLAGS,
  COMMAND_LEN,
  COMMAND_OP,
  COMMAND_PGOFF,
  COMMAND_PROT,
  COMMAND_SIZE,
} from "./abi.js";

/** A 64-bit argument: a number where it fits (below 2^53), else a bigint. */
export type Word = number | bigint;

/** What each field means for each call stands beside the OP_* constants in assembly/abi.ts. */
export interface Operation {
  op: number;
  addr?: Word;
  len?: Word;
  prot?: Word;
  flags?: Word;
  pgoff?: Word;
  /** File id from 1; 0 or absent = anonymous. */
  file?: number;
  /** FAIL_*: the kind of event to fail, and which one of it, from 1. */
  fail?: number;
  at?: number;
}

const TWO_32 = 2 ** 32;

function setWord(view: DataView, at: number, word: Word | undefined): void {
  if (word === undefined) return;
  if (typeof word === "bigint") {
    view.setBigUint64(at, BigInt.asUintN(64, word), true);
  } else {
    view.setUint32(at, word % TWO_32, true);
    view.setUint32(at + 4, Math.floor(word / TWO_32), true);
  }
}

function getWord(view: DataView, at: number): Word {
  const value = view.getUint32(at, true) + view.getUint32(at + 4, true) * TWO_32;
  return Number.isSafeInteger(value) ? value : view.getBigUint64(at, true);
}

/** Operation records, COMMAND_SIZE bytes each. Arguments must not be negative numbers. */
export function encode(operations: readonly Operation[]): Uint8Array {
  const bytes = new Uint8Array(operations.length * COMMAND_SIZE);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const o of operations) {
    view.setUint32(at + COMMAND_OP, o.op, true);
    view.setUint32(at + COMMAND_FILE, o.file ?? 0, true);
    setWord(view, at + COMMAND_ADDR, o.addr);
    setWord(view, at + COMMAND_LEN, o.len);
    setWord(view, at + COMMAND_PROT, o.prot);
    setWord(view, at + COMMAND_FLAGS, o.flags);
    setWord(view, at + COMMAND_PGOFF, o.pgoff);
    view.setUint32(at + COMMAND_FAIL, o.fail ?? 0, true);
    view.setUint32(at + COMMAND_AT, o.at ?? 0, true);
    at += COMMAND_SIZE;
  }
  return bytes;
}

/** The operations in a run of records. */
export function decode(bytes: Uint8Array): Required<Operation>[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const operations: Required<Operation>[] = [];
  for (let at = 0; at < bytes.byteLength; at += COMMAND_SIZE) {
    operations.push({
      op: view.getUint32(at + COMMAND_OP, true),
      file: view.getUint32(at + COMMAND_FILE, true),
      addr: getWord(view, at + COMMAND_ADDR),
      len: getWord(view, at + COMMAND_LEN),
      prot: getWord(view, at + COMMAND_PROT),
      flags: getWord(view, at + COMMAND_FLAGS),
      pgoff: getWord(view, at + COMMAND_PGOFF),
      fail: view.getUint32(at + COMMAND_FAIL, true),
      at: view.getUint32(at + COMMAND_AT, true),
    });
  }
  return operations;
}
