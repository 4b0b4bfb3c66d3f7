// Names for bits of the core's constants, for people and for files: VM_DONTDUMP is DONTDUMP.

import * as abi from "./abi.js";

export interface BitNames {
  /** `DONTDUMP|LOCKED`, or `none`; bits without a name in hexadecimal. */
  text(bits: number): string;
  /** The bits of such a text; undefined when a word is no name. */
  bits(text: string): number | undefined;
  readonly names: readonly string[];
}

/** Single bits among the constants that begin with `prefix`, lowest first. */
function bitNames(prefix: string): BitNames {
  const entries = Object.entries(abi)
    .filter((entry): entry is [string, number] => entry[0].startsWith(prefix))
    .filter(([, value]) => value > 0 && Number.isInteger(Math.log2(value)))
    .sort(([, a], [, b]) => a - b)
    .map(([name, value]) => [name.slice(prefix.length), value] as const);
  const byName = new Map(entries);
  return {
    names: entries.map(([name]) => name),
    text(bits) {
      const found = entries.filter(([, value]) => hasBit(bits, value));
      const rest = found.reduce((left, [, value]) => left - value, bits);
      const words = found.map(([name]) => name);
      if (rest > 0) words.push(`0x${rest.toString(16)}`);
      return words.join("|") || "none";
    },
    bits(text) {
      if (text === "none") return 0;
      let bits = 0;
      for (const word of text.split("|")) {
        const value = byName.get(word);
        if (value === undefined) return undefined;
        if (!hasBit(bits, value)) bits += value;
      }
      return bits;
    },
  };
}

/** vm_flags have more than 32 bits, which `&` cannot take. */
function hasBit(bits: number, bit: number): boolean {
  return Math.floor(bits / bit) % 2 === 1;
}

/** vm_flags. */
export const VM_FLAGS: BitNames = bitNames("VM_");
/** What a driver's vm_ops provide. */
export const OPS: BitNames = bitNames("OPS_");
