// What stands between the brackets of a line that strace prints: arguments, flags by name, decorated descriptors.

import type { Word } from "../core/operation.js";
import { decimalWord, hexWord, signedInteger } from "./words.js";

/** Constants that strace prints by name in memory calls; Linux on x86-64. */
const NAMES: Readonly<Record<string, number>> = {
  NULL: 0,
  PROT_NONE: 0,
  PROT_READ: 1,
  PROT_WRITE: 2,
  PROT_EXEC: 4,
  PROT_SEM: 8,
  PROT_GROWSDOWN: 0x1000000,
  PROT_GROWSUP: 0x2000000,
  MAP_FILE: 0,
  MAP_SHARED: 1,
  MAP_PRIVATE: 2,
  MAP_SHARED_VALIDATE: 3,
  MAP_DROPPABLE: 8,
  MAP_FIXED: 0x10,
  MAP_ANONYMOUS: 0x20,
  MAP_32BIT: 0x40,
  MAP_ABOVE4G: 0x80,
  MAP_GROWSDOWN: 0x100,
  MAP_DENYWRITE: 0x800,
  MAP_EXECUTABLE: 0x1000,
  MAP_LOCKED: 0x2000,
  MAP_NORESERVE: 0x4000,
  MAP_POPULATE: 0x8000,
  MAP_NONBLOCK: 0x10000,
  MAP_STACK: 0x20000,
  MAP_HUGETLB: 0x40000,
  MAP_SYNC: 0x80000,
  MAP_FIXED_NOREPLACE: 0x100000,
  MAP_UNINITIALIZED: 0x4000000,
  MAP_HUGE_SHIFT: 26,
  MREMAP_MAYMOVE: 1,
  MREMAP_FIXED: 2,
  MREMAP_DONTUNMAP: 4,
  MLOCK_ONFAULT: 1,
  MCL_CURRENT: 1,
  MCL_FUTURE: 2,
  MCL_ONFAULT: 4,
  SHM_RDONLY: 0o10000,
  SHM_RND: 0o20000,
  SHM_REMAP: 0o40000,
  SHM_EXEC: 0o100000,
  IPC_PRIVATE: 0,
  MADV_NORMAL: 0,
  MADV_RANDOM: 1,
  MADV_SEQUENTIAL: 2,
  MADV_WILLNEED: 3,
  MADV_DONTNEED: 4,
  MADV_FREE: 8,
  MADV_REMOVE: 9,
  MADV_DONTFORK: 10,
  MADV_DOFORK: 11,
  MADV_MERGEABLE: 12,
  MADV_UNMERGEABLE: 13,
  MADV_HUGEPAGE: 14,
  MADV_NOHUGEPAGE: 15,
  MADV_DONTDUMP: 16,
  MADV_DODUMP: 17,
  MADV_WIPEONFORK: 18,
  MADV_KEEPONFORK: 19,
  MADV_COLD: 20,
  MADV_PAGEOUT: 21,
  MADV_POPULATE_READ: 22,
  MADV_POPULATE_WRITE: 23,
  MADV_DONTNEED_LOCKED: 24,
  MADV_COLLAPSE: 25,
  MADV_HWPOISON: 100,
  MADV_SOFT_OFFLINE: 101,
  MADV_GUARD_INSTALL: 102,
  MADV_GUARD_REMOVE: 103,
  PR_SET_VMA: 0x53564d41,
  PR_SET_VMA_ANON_NAME: 0,
  PR_SET_THP_DISABLE: 41,
  PR_GET_THP_DISABLE: 42,
  PR_SET_MDWE: 65,
  PR_GET_MDWE: 66,
  PR_SET_MEMORY_MERGE: 67,
  PR_GET_MEMORY_MERGE: 68,
};

/**
 * The value of an argument: a number in any base, NULL, or names and numbers joined by `|`, `N<<NAME` among them;
 * comments are passed over. Undefined for anything else.
 */
export function wordOf(text: string): Word | undefined {
  const bare = withoutComments(text).trim();
  const single = numberOf(bare);
  if (single !== undefined) return single;
  let bits = 0n;
  for (const part of bare.split("|")) {
    const value = termOf(part.trim());
    if (value === undefined) return undefined;
    bits |= BigInt.asUintN(64, BigInt(value));
  }
  const word = Number(bits);
  return Number.isSafeInteger(word) ? word : bits;
}

/** In one pass; an open comment stays, which no number has. */
function withoutComments(text: string): string {
  let bare = "";
  let from = 0;
  for (;;) {
    const open = text.indexOf("/*", from);
    const close = open < 0 ? -1 : text.indexOf("*/", open + 2);
    if (close < 0) return bare + text.slice(from);
    bare += text.slice(from, open);
    from = close + 2;
  }
}

function termOf(text: string): Word | undefined {
  const [, factor, shift] = /^(\w+)<<(\w+)$/.exec(text) ?? [];
  if (factor !== undefined && shift !== undefined) {
    const [a, b] = [termOf(factor), termOf(shift)];
    return a === undefined || b === undefined || b > 63 ? undefined : BigInt(a) << BigInt(b);
  }
  return Object.hasOwn(NAMES, text) ? NAMES[text] : numberOf(text);
}

function numberOf(text: string): Word | undefined {
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return hexWord(text) ?? signedInteger(text) ?? decimalWord(text);
}

/** A descriptor, with the path that -y shows behind it; undefined for what is none. */
export function descriptorOf(text: string): { fd: number; path: string | null } | undefined {
  const [, number, shown] = /^(-?\d+)(?:<(.*)>)?$/.exec(text.trim()) ?? [];
  if (number === undefined) return undefined;
  // -yy adds what a device is: /dev/zero<char 1:5>
  const path = shown === undefined ? null : shown.replace(/<(?:char|block) \d+:\d+>$/, "");
  return { fd: Number(number), path };
}

/** Splits arguments at commas that stand outside quotes, brackets, comments and paths. */
export function argumentsOf(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (c === '"') i = endOfString(text, i);
    else if (c === "/" && text[i + 1] === "*") i = endOfComment(text, i);
    else if (isPath(text, i)) i = endOfPath(text, i);
    else if ("([{".includes(c)) depth++;
    else if (")]}".includes(c)) depth--;
    else if (c === "," && depth === 0) {
      parts.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  const last = text.slice(from).trim();
  return last === "" && parts.length === 0 ? [] : [...parts, last];
}

/** Whether a path that -y shows begins here: `3<`, and not the shift of a flag. */
function isPath(text: string, i: number): boolean {
  return (
    text[i] === "<" && text[i + 1] !== "<" && text[i - 1] !== "<" && /\d/.test(text[i - 1] ?? "")
  );
}

/** Index of the `>` that ends a path. strace escapes those inside, and nests only what -yy adds. */
function endOfPath(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "<") depth++;
    else if (text[i] === ">" && text[i - 1] !== "-" && --depth === 0) return i;
  }
  return text.length;
}

/** Index of the last character of a comment. */
function endOfComment(text: string, from: number): number {
  const close = text.indexOf("*/", from + 2);
  return close < 0 ? text.length : close + 1;
}

/** Index of the quote that ends a string. */
function endOfString(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i;
  }
  return text.length;
}

/** Index of the bracket that closes the one at `from`; -1 when the line ends before it. */
export function closingBracket(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const c = text[i] as string;
    if (c === '"') i = endOfString(text, i);
    else if (isPath(text, i)) i = endOfPath(text, i);
    else if (c === "(") depth++;
    else if (c === ")" && --depth === 0) return i;
  }
  return -1;
}

/** What a quoted string says, with its escapes as they are; undefined for NULL and the like. */
export function stringOf(text: string): string | undefined {
  return /^"(.*)"(?:\.\.\.)?$/.exec(text.trim())?.[1];
}
