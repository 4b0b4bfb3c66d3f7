// Accesses by the million: streams generated here, or read from the command region. One operation makes one stream.

import {
  BATCH_ACCESSES, EFAULT, EINVAL, STREAM_CHASE, STREAM_PHASES, STREAM_SEQUENTIAL, STREAM_STRIDED, STREAM_UNIFORM,
  STREAM_ZIPF,
} from "../abi";
import { COMMANDS_AT, STREAM_AT } from "../memory";
import { accessAll } from "./burst";

/** Quantiles of a Zipf distribution that are computed before its stream begins. */
const QUANTILES: u32 = 65536;
/** Accesses drawn at a time, and where they lie until they are made: behind the quantiles. */
const BLOCK: u32 = 1024;
const BLOCK_AT: usize = STREAM_AT + ((<usize>QUANTILES + 2) << 2);
/** Accesses to one working set before it moves on by half its size. */
const PHASE: u64 = 4096;
const SEED: u64 = 0x9e3779b97f4a7c15;

let state: u64 = 0;

@inline function next(): u64 {
  let x = state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  state = x;
  return x;
}

/** A number below `limit`, at most 2^32: the high half of a product. */
@inline function below(limit: u64): u64 { return (next() >> 32) * limit >> 32; }

/**
 * `accesses` accesses to the pages of [addr, addr + length), `writes` of 256 of them writes; how many were made, or
 * -EFAULT at the first that gets a signal, -EINVAL for a stream that does not exist.
 *
 *   parameter: strided  pages from one access to the next
 *              Zipf     exponent in thousandths; the n-th page of the range is the n-th most popular
 *              phases   pages of the working set
 */
export function stream(addr: u64, length: u64, kind: u32, writes: u32, seed: u64, accesses: u64, parameter: u64): i64 {
  const pages = length >> 12;
  if (pages == 0 || pages > 0xffffffff || kind > STREAM_PHASES) return -EINVAL;
  state = seed ^ SEED ? seed ^ SEED : SEED;
  if (kind == STREAM_ZIPF) fillQuantiles(pages, <f64>parameter / 1000);
  const set = parameter == 0 || parameter > pages ? pages : parameter;
  position = 0;
  window = 0;
  for (let done: u64 = 0; done < accesses; done += <u64>BLOCK) {
    const more = <u32>min(accesses - done, <u64>BLOCK);
    if (writes == 0 && kind == STREAM_SEQUENTIAL) inTurn(addr, pages, more);
    else draw(addr, pages, kind, writes, parameter, set, done, more);
    if (accessAll(BLOCK_AT, more) != more) return -EFAULT;
  }
  return accesses;
}

/** Where the next access goes, in pages; where the working set begins. */
let position: u64 = 0;
let window: u64 = 0;

/** The next accesses of a stream, as `accessAll` takes them. */
function draw(
  addr: u64, pages: u64, kind: u32, writes: u32, parameter: u64, set: u64, done: u64, more: u32,
): void {
  let mask: u64 = 1;
  while (mask < pages) mask <<= 1;
  mask--;
  let at = position;
  for (let i: u32 = 0; i < more; i++) {
    const isWrite = writes != 0 && <u32>(next() >> 56) < writes;
    store<u64>(BLOCK_AT + (<usize>i << 3), addr + (at << 12) | <u64>isWrite);
    if (kind == STREAM_SEQUENTIAL) {
      at = at + 1 == pages ? 0 : at + 1;
    } else if (kind == STREAM_STRIDED) {
      at = (at + parameter) % pages;
    } else if (kind == STREAM_UNIFORM) {
      at = below(pages);
    } else if (kind == STREAM_ZIPF) {
      at = zipf();
    } else if (kind == STREAM_CHASE) {
      // one cycle through a power of two of places; those beyond the range are passed over
      do at = (at * 0x5851f42d4c957f2d + 0x14057b7ef767814f) & mask; while (at >= pages);
    } else {
      if ((done + <u64>i) % PHASE == PHASE - 1) window += set >> 1;
      at = (window + below(set)) % pages;
    }
  }
  position = at;
}

function inTurn(addr: u64, pages: u64, more: u32): void {
  let at = position;
  for (let i: u32 = 0; i < more; i++) {
    store<u64>(BLOCK_AT + (<usize>i << 3), addr + (at << 12));
    at = at + 1 == pages ? 0 : at + 1;
  }
  position = at;
}

/** Page numbers at equal steps of probability: page n has the weight 1 / (n + 1) ^ exponent. */
function fillQuantiles(pages: u64, exponent: f64): void {
  let total: f64 = 0;
  for (let n: u64 = 0; n < pages; n++) total += weight(n, exponent);
  let reached: f64 = 0;
  let filled: u32 = 0;
  for (let n: u64 = 0; n < pages && filled <= QUANTILES; n++) {
    reached += weight(n, exponent);
    while (filled <= QUANTILES && <f64>filled * total <= reached * <f64>QUANTILES) {
      store<u32>(STREAM_AT + (<usize>filled << 2), <u32>n);
      filled++;
    }
  }
  for (; filled <= QUANTILES; filled++) store<u32>(STREAM_AT + (<usize>filled << 2), <u32>(pages - 1));
}

@inline function weight(n: u64, exponent: f64): f64 {
  return exponent == 1 ? 1 / <f64>(n + 1) : NativeMath.pow(<f64>(n + 1), -exponent);
}

/** Between two quantiles every page is equally likely. */
@inline function zipf(): u64 {
  const r = next();
  const at = STREAM_AT + (<usize>(r & 0xffff) << 2);
  const low: u64 = load<u32>(at);
  const span = <u64>load<u32>(at, 4) - low + 1;
  return low + ((r >> 32) * span >> 32);
}

/** Accesses recorded elsewhere: addresses in the command region, bit 0 = write. How many were made, or -EFAULT. */
export function accessRecorded(accesses: u32): i32 {
  if (accesses > BATCH_ACCESSES) return -EINVAL;
  return accessAll(COMMANDS_AT, accesses) == accesses ? <i32>accesses : -EFAULT;
}
