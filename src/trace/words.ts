// Numbers of trace files. A word is a number where it fits (below 2^53), else a bigint, as the core takes it.

import type { Word } from "../core/operation.js";

const HEX = /^0x[0-9a-f]{1,16}$/i;
const BARE_HEX = /^(?:0x)?[0-9a-f]{1,16}$/i;
const DECIMAL = /^\d{1,20}$/;
const SIGNED = /^-?\d{1,20}$/;
const TWO_64 = 1n << 64n;

/** `0x` and up to 16 hexadecimal digits; undefined when the text is anything else. */
export function hexWord(text: string): Word | undefined {
  return HEX.test(text) ? word(text) : undefined;
}

/** Up to 16 hexadecimal digits, with or without `0x`. */
export function bareHexWord(text: string): Word | undefined {
  if (!BARE_HEX.test(text)) return undefined;
  return word(/^0x/i.test(text) ? text : `0x${text}`);
}

/** Decimal digits, below 2^64. */
export function decimalWord(text: string): Word | undefined {
  if (!DECIMAL.test(text)) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  const exact = BigInt(text);
  return exact < TWO_64 ? exact : undefined;
}

/** A decimal integer that a number holds exactly, possibly negative. */
export function signedInteger(text: string): number | undefined {
  if (!SIGNED.test(text)) return undefined;
  const value = Number(text) + 0; // -0 reads as 0
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A decimal count: a non-negative integer that a number holds exactly. */
export function count(text: string): number | undefined {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** `0x1f` */
export function hexText(value: Word): string {
  return `0x${value.toString(16)}`;
}

function word(text: string): Word {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}
