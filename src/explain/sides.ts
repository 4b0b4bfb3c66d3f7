// What the two sides of a merge attempt said, in words.

import * as abi from "../core/abi.js";
import type { StepView } from "../core/core.js";
import { VM_FLAGS } from "../core/names.js";

/** One side of a merge attempt. */
export interface ExplainedSide {
  side: "below" | "above" | "mapping";
  /** Stable name of the rule that refused; `fits` where none did. */
  rule: string;
  text: string;
}

interface Rule {
  id: string;
  text(value: number): string;
}

const plain = (id: string, text: string): Rule => ({ id, text: () => text });

const RULES: Readonly<Record<number, Rule>> = {
  [abi.REFUSED_NOT]: plain("fits", "fits"),
  [abi.REFUSED_NOBODY]: plain("nobody", "nothing there"),
  [abi.REFUSED_GAP]: plain("gap", "refused: does not touch"),
  [abi.REFUSED_FLAGS]: {
    id: "flags",
    text: (bits) => `refused: flags differ in ${VM_FLAGS.text(bits)}`,
  },
  [abi.REFUSED_FILE]: {
    id: "file",
    text: (file) => (file ? `refused: maps file ${file}` : "refused: has no file"),
  },
  [abi.REFUSED_POLICY]: plain("policy", "refused: another memory policy"),
  [abi.REFUSED_UFFD]: plain("uffd", "refused: another userfaultfd context"),
  [abi.REFUSED_NAME]: plain("name", "refused: another name"),
  [abi.REFUSED_ANON]: plain("anon", "refused: the anon_vmas do not go together"),
  [abi.REFUSED_OFFSET]: {
    id: "offset",
    text: (page) => `refused: its file offset asks for page ${page}`,
  },
  [abi.REFUSED_ANON_INDEX]: {
    id: "anon-index",
    text: (page) => `refused: its anonymous index asks for page ${page}`,
  },
  [abi.REFUSED_CLOSE]: plain("close", "refused: its ops have close"),
  [abi.REFUSED_OTHER_SIDE]: plain(
    "other-side",
    "refused: its anon_vma is not that of the VMA below",
  ),
  [abi.REFUSED_STAYS]: plain("stays", "fits, but stays: its ops have close"),
  [abi.REFUSED_SPECIAL]: {
    id: "special",
    text: (bits) => `nobody asked: ${VM_FLAGS.text(bits)} forbids merging`,
  },
  [abi.REFUSED_OWN_CLOSE]: plain(
    "own-close",
    "refused: its own ops have close, it must not vanish",
  ),
  [abi.REFUSED_INSIDE]: plain("inside", "nobody asked: the range lies inside its VMA"),
  [abi.REFUSED_MEMORY]: plain("memory", "no memory for the tree's nodes: it stays separate"),
};

const NAMES: Readonly<Record<number, ExplainedSide["side"]>> = {
  [abi.STEP_SIDE_BELOW]: "below",
  [abi.STEP_SIDE_ABOVE]: "above",
  [abi.STEP_SIDE_OWN]: "mapping",
};

/** A step's merge attempt in words; empty for any other step. */
export function explainedSides(step: StepView): ExplainedSide[] {
  return step.sides.map(({ side, refused, value }) => {
    const rule = RULES[refused];
    const name = NAMES[side];
    if (!rule || !name) throw new Error(`side ${side} and refusal ${refused} have no names`);
    return { side: name, rule: rule.id, text: rule.text(value) };
  });
}
