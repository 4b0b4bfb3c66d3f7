// Accesses one after the other, without a call for those that L1 serves: what the hot path needs of the description is
// in locals as long as nothing but a hit happens.

import { TLB_LRU } from "../abi";
import { count, TLB_L1_HITS } from "../events";
import { access } from "../paging/fault";
import { search, touchWay } from "./bank";
import { MAY_WRITE } from "./translate";
import { KIND_4K, l1, tagOf, tlb } from "./geometry";

/**
 * Makes the accesses that `count` words at `from` tell: an address, bit 0 = write. How many were made before one that
 * gets a signal; all of them when none does.
 */
export function accessAll(from: usize, accesses: u32): u32 {
  const hashShift = <u64>l1.hashShift;
  const setMask = l1.setMask;
  const setBytes = <usize>l1.setBytes;
  const sets = <usize>l1.at;
  const ways = l1.ways;
  const recency = <usize>l1.recencyAt;
  const values = <usize>l1.valuesAt;
  const isPlain = l1.policy == TLB_LRU && ways <= 4;
  const end = from + (<usize>accesses << 3);
  let hits: u32 = 0;
  let at = from;
  while (at < end) {
    // until something other than a hit happens
    const base = <usize>tlb.base + sets;
    const tagEnd = tlb.pageTag;
    let clock = tlb.clock;
    let last = tlb.lastPage;
    const first = at;
    if (isPlain) {
      for (; at < end; at += 8) {
        const word = load<u64>(at);
        const page = word >> 12;
        if (page == last && (word & 1) == 0) continue;
        const set = base + <usize>(<u32>(page ^ (page >> hashShift)) & setMask) * setBytes;
        const wanted = i64x2.splat(tagOf(page, KIND_4K, tagEnd));
        // four bits for each way that has the tag
        const found = i8x16.bitmask(i16x8.narrow_i32x4_s(
          i64x2.eq(v128.load(set), wanted), i64x2.eq(v128.load(set, 16), wanted)));
        if (found == 0) break;
        const way = set + (<usize>ctz(found) << 1);
        if ((word & 1) != 0 && (load<u64>(way + values) & MAY_WRITE) == 0) break;
        store<u64>(way + recency, ++clock);
        last = page;
      }
      tlb.clock = clock;
    } else {
      for (; at < end; at += 8) {
        const word = load<u64>(at);
        const page = word >> 12;
        if (page == last && (word & 1) == 0) continue;
        const set = base + <usize>(<u32>(page ^ (page >> hashShift)) & setMask) * setBytes;
        const way = search(set, ways, tagOf(page, KIND_4K, tagEnd));
        if (way == 0) break;
        if ((word & 1) != 0 && (load<u64>(way + values) & MAY_WRITE) == 0) break;
        touchWay(l1, set, way);
        last = page;
      }
    }
    hits += <u32>((at - first) >> 3);
    if (last != tlb.lastPage) {
      tlb.lastPage = last;
      tlb.lastMayWrite = 0;
    }
    if (at == end) break;
    const word = load<u64>(at);
    if (!access(word & ~1, (word & 1) != 0)) break;
    at += 8;
  }
  count(TLB_L1_HITS, hits);
  return <u32>((at - from) >> 3);
}
