// Why a merge attempt was refused, for `vmabench explain`: the tests of merge.ts once more, each with its name.
// Nothing of this is left in the timing build; the checking build asserts that the two agree.

import {
  PROFILE_6_11, REFUSED_ANON, REFUSED_ANON_INDEX, REFUSED_CLOSE, REFUSED_FILE, REFUSED_FLAGS, REFUSED_GAP,
  REFUSED_NAME, REFUSED_NOBODY, REFUSED_NOT, REFUSED_OFFSET, REFUSED_OTHER_SIDE, REFUSED_POLICY, REFUSED_STAYS,
  REFUSED_UFFD,
} from "../abi";
import { CHECKING } from "../checking";
import { note, STEP_SIDE_ABOVE, STEP_SIDE_BELOW, STEP_SIDE_OWN } from "../steps";
import { ignoredFlags } from "./flags";
import { anonCompatible, anonIndexCounts, isRemovable, Merge } from "./merge";
import { mm, Vma, vmaOf } from "./record";

let value: u64 = 0;

/** What both sides said to an attempt, before anything is widened. */
export function noteSides(g: Merge, left: bool, right: bool): void {
  const below = whyNotBelow(g);
  if (CHECKING) assert((below == REFUSED_NOT) == left, "the refusal of the VMA below is named as it was decided");
  note(STEP_SIDE_BELOW, below, value);
  if (g.expandOnly) return;
  const above = whyNotAbove(g, left);
  if (CHECKING) assert((above == REFUSED_NOT) == right, "the refusal of the VMA above is named as it was decided");
  const stays = left && right && !isRemovable(vmaOf(g.next));
  note(STEP_SIDE_ABOVE, stays ? REFUSED_STAYS : above, value);
}

/** What ended an attempt whatever stands beside the range. */
export function noteOwn(why: u32, bits: u64): void { note(STEP_SIDE_OWN, why, bits); }

/** Flags, file, policy and the rest, in the order in which they are compared. */
function whyNotAlike(g: Merge, v: Vma): u32 {
  value = (v.flags ^ g.flags) & ~ignoredFlags();
  if (value) return REFUSED_FLAGS;
  value = v.file;
  if (v.file != g.file) return REFUSED_FILE;
  value = 0;
  if (v.policy != g.policy) return REFUSED_POLICY;
  if (v.uffd != g.uffd) return REFUSED_UFFD;
  if (v.name != g.name) return REFUSED_NAME;
  return anonCompatible(g, v) ? REFUSED_NOT : REFUSED_ANON;
}

function whyNotBelow(g: Merge): u32 {
  value = 0;
  if (g.prev == 0) return REFUSED_NOBODY;
  const p = vmaOf(g.prev);
  if (p.end != g.start) return REFUSED_GAP;
  const unlike = whyNotAlike(g, p);
  if (unlike) return unlike;
  value = p.pgoff + p.pages;
  if (value != g.pgoff) return REFUSED_OFFSET;
  value = p.anonPgoff + p.pages;
  return anonIndexCounts(g) && value != g.anonPgoff ? REFUSED_ANON_INDEX : REFUSED_NOT;
}

function whyNotAbove(g: Merge, left: bool): u32 {
  value = 0;
  if (g.next == 0) return REFUSED_NOBODY;
  const n = vmaOf(g.next);
  if (mm.profile == PROFILE_6_11 && !isRemovable(n)) return REFUSED_CLOSE;
  if (g.end != n.start) return REFUSED_GAP;
  const unlike = whyNotAlike(g, n);
  if (unlike) return unlike;
  value = n.pgoff - g.pages;
  if (value != g.pgoff) return REFUSED_OFFSET;
  value = n.anonPgoff - g.pages;
  if (anonIndexCounts(g) && value != g.anonPgoff) return REFUSED_ANON_INDEX;
  value = 0;
  if (!left) return REFUSED_NOT;
  const p = vmaOf(g.prev);
  return p.anonVma == 0 || n.anonVma == 0 || p.anonVma == n.anonVma ? REFUSED_NOT : REFUSED_OTHER_SIDE;
}
