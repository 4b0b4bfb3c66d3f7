// One associative structure: look up, fill, drop, and which way has to go when a set is full.

import { TLB_FIFO, TLB_GROUPED_PLRU, TLB_LRU, TLB_PLRU } from "../abi";
import { areaOf, Bank, bankAt, isAlive, KIND_PDE, kindOf, slotOf, tlb } from "./geometry";

@inline export function setOf(bank: Bank, key: u64): usize {
  const index = <u32>(key ^ (key >> <u64>bank.hashShift)) & bank.setMask;
  return <usize>tlb.base + bank.at + <usize>index * bank.setBytes;
}

/** Where the way with a tag is in a set; 0 = it is not there. */
@inline export function search(set: usize, ways: u32, tag: u64): usize {
  const wanted = i64x2.splat(tag);
  const end = set + (<usize>ways << 3);
  for (let at = set; at < end; at += 32) {
    const hits = i64x2.bitmask(i64x2.eq(v128.load(at), wanted)) | i64x2.bitmask(i64x2.eq(v128.load(at, 16), wanted)) << 2;
    if (hits) return at + <usize>(ctz(hits) << 3);
  }
  return 0;
}

@inline export function valueOf(bank: Bank, set: usize, at: usize): u64 {
  return load<u64>(set + bank.valuesAt + (at - set));
}
@inline export function setValue(bank: Bank, set: usize, at: usize, value: u64): void {
  store<u64>(set + bank.valuesAt + (at - set), value);
}

/** A hit: the way becomes the most recent. */
@inline export function touchWay(bank: Bank, set: usize, at: usize): void {
  if (bank.policy == TLB_LRU) {
    store<u64>(set + bank.recencyAt + (at - set), ++tlb.clock);
  } else if (bank.policy >= TLB_PLRU) {
    touchTree(bank, set, <u32>(at - set) >> 3);
  }
}

/** Puts in an entry that is not there yet, over an empty or dead way, else over the policy's victim. */
export function place(bank: Bank, key: u64, tag: u64, value: u64): void {
  const set = setOf(bank, key);
  const at = set + (<usize>victim(bank, set) << 3);
  store<u64>(at, tag);
  setValue(bank, set, at, value);
  if (bank.policy == TLB_FIFO) store<u64>(set + bank.recencyAt + (at - set), ++tlb.clock);
  else touchWay(bank, set, at);
}

/** Puts in an entry, in place of an older one for the same span. */
export function put(bank: Bank, key: u64, tag: u64, value: u64): void {
  const set = setOf(bank, key);
  const at = search(set, bank.ways, tag);
  if (at == 0) {
    place(bank, key, tag, value);
    return;
  }
  setValue(bank, set, at, value);
  touchWay(bank, set, at);
}

/** Empties the way with a tag, if there is one. */
export function drop(bank: Bank, key: u64, tag: u64): void {
  const at = search(setOf(bank, key), bank.ways, tag);
  if (at) store<u64>(at, 0);
}

function victim(bank: Bank, set: usize): u32 {
  const oldest = firstDeadOrOldest(bank, set);
  if (foundDead || bank.policy == TLB_LRU || bank.policy == TLB_FIFO) return oldest;
  if (bank.policy == TLB_PLRU) return leftmost(load<u64>(set + bank.stateAt), bank.ways);
  if (bank.policy == TLB_GROUPED_PLRU) return groupVictim(load<u64>(set + bank.stateAt));
  return <u32>(nextRandom() % bank.ways);
}

let foundDead: bool = false;

/** The lowest way that holds nothing valid, or else the one with the oldest stamp. */
function firstDeadOrOldest(bank: Bank, set: usize): u32 {
  const cpu = tlb.cpu;
  const recency = set + bank.recencyAt;
  let oldest: u64 = u64.MAX_VALUE;
  let found: u32 = 0;
  for (let way: u32 = 0; way < bank.ways; way++) {
    const tag = load<u64>(set + (<usize>way << 3));
    // most entries are the running program's: known without a look at the slots
    if (tag << 48 != tlb.pageTag << 48 || kindOf(tag) >= KIND_PDE) {
      if (tag == 0 || !isAlive(cpu, tag)) {
        foundDead = true;
        return way;
      }
    }
    const stamp = load<u64>(recency + (<usize>way << 3));
    if (stamp < oldest) {
      oldest = stamp;
      found = way;
    }
  }
  foundDead = false;
  return found;
}

@inline function nextRandom(): u64 {
  let x = tlb.random;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  tlb.random = x;
  return x >> 16;
}

// Tree-PLRU: node n of a binary tree (from 1) has its bit n; 0 = the victim is on the left, below n * 2. A touched way
// turns every node on its path away from itself.
//
//              1
//            /   \
//           2     3            grouped (Skylake's L2): three trees of 4 ways at bits 0, 8, 16, and the group of the
//          / \   / \           last touch at bit 24; the victim comes from the group after it
//   ways   0 1   2 3

function touchTree(bank: Bank, set: usize, way: u32): void {
  const at = set + bank.stateAt;
  const state = load<u64>(at);
  if (bank.policy == TLB_PLRU) {
    store<u64>(at, turnedAway(state, way, bank.ways));
    return;
  }
  const group = way >> 2;
  const shift = <u64>group << 3;
  const tree = turnedAway(state >> shift & 0xff, way & 3, 4);
  store<u64>(at, (state & ~(<u64>0xff << shift) & 0xffffff) | tree << shift | <u64>group << 24);
}

function turnedAway(tree: u64, way: u32, ways: u32): u64 {
  let node: u32 = 1;
  for (let half = ways >> 1; half; half >>= 1) {
    const isRight = (way & half) != 0;
    const bit = <u64>1 << <u64>node;
    tree = isRight ? tree & ~bit : tree | bit;
    node = node << 1 | <u32>isRight;
  }
  return tree;
}

function leftmost(tree: u64, ways: u32): u32 {
  let node: u32 = 1;
  while (node < ways) node = node << 1 | <u32>(tree >> <u64>node & 1);
  return node - ways;
}

function groupVictim(state: u64): u32 {
  const group = (<u32>(state >> 24) + 1) % 3;
  return group << 2 | leftmost(state >> (<u64>group << 3) & 0xff, 4);
}

/** Removes every entry of a slot's pages or tables, so that its epochs may begin again. */
export function purge(cpu: u32, slot: u32, tables: u32): void {
  for (let index: u32 = 0; index < tlb.banks; index++) {
    const bank = bankAt(index);
    for (let n: u32 = 0; n <= bank.setMask; n++) {
      const set = areaOf(cpu) + bank.at + <usize>n * bank.setBytes;
      for (let way: u32 = 0; way < bank.ways; way++) {
        const at = set + (<usize>way << 3);
        const tag = load<u64>(at);
        if (slotOf(tag) == slot && <u32>(kindOf(tag) >= KIND_PDE) == tables) store<u64>(at, 0);
      }
    }
  }
}
