// Recorded calls: the operation lines of a vmatrace.
//
//   TID SYSCALL ARG... = RESULT [key=value]...

import type { Word } from "../core/operation.js";
import { InputError, quoted } from "../errors.js";
import { isInode } from "./layout.js";
import { count, decimalWord, hexText, hexWord, signedInteger } from "./words.js";

/** How an argument is written: `hex` with 0x, `int` decimal and possibly negative, `raw` either way. */
type Notation = "hex" | "int" | "raw";

interface Form {
  /** Name and notation of each argument; `?` marks those that may be missing at the end. */
  args: readonly (readonly [name: string, notation: Notation])[];
  /** How many there must be at least. */
  least: number;
  /** Whether a result that is no error is an address. */
  address: boolean;
}

function form(text: string, address = false): Form {
  const args = text
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => {
      const [name, notation] = word.replace("?", "").split(":");
      return [name as string, (notation ?? "hex") as Notation] as const;
    });
  const least = text.split(" ").filter((word) => word !== "" && !word.includes("?")).length;
  return { args, least, address };
}

const RAW = form("a1:raw? a2:raw? a3:raw? a4:raw? a5:raw? a6:raw?");

const FORMS = {
  mmap: form("addr len prot flags fd:int off", true),
  munmap: form("addr len"),
  mprotect: form("addr len prot"),
  pkey_mprotect: form("addr len prot pkey:raw"),
  mremap: form("old old_len new_len flags new_addr", true),
  brk: form("addr", true),
  madvise: form("addr len advice:int"),
  mlock: form("addr len"),
  munlock: form("addr len"),
  mlock2: form("addr len flags"),
  mlockall: form("flags"),
  munlockall: form(""),
  shmat: form("shmid:int addr flags", true),
  shmdt: form("addr"),
  prctl: form("option:raw a2:raw? a3:raw? a4:raw? a5:raw?"),
  mbind: RAW,
  mseal: RAW,
  io_setup: RAW,
  io_destroy: RAW,
  process_madvise: RAW,
  remap_file_pages: RAW,
  set_mempolicy_home_node: RAW,
  map_shadow_stack: { ...RAW, address: true },
} as const satisfies Record<string, Form>;

export type CallName = keyof typeof FORMS;
export const CALL_NAMES = Object.keys(FORMS) as readonly CallName[];

/** Name of each argument of a call, and how many there must be. */
export function callForm(name: CallName): { args: readonly string[]; least: number; raw: boolean } {
  const { args, least }: Form = FORMS[name];
  return { args: args.map(([argument]) => argument), least, raw: args === RAW.args };
}

/** One memory call with what the kernel answered. */
export interface Call {
  kind: "call";
  /** Line of the trace, from 1. */
  line: number;
  /** Small task number; 1 is the main thread. */
  task: number;
  name: CallName;
  args: Word[];
  /** Address, count, or -errno. */
  result: Word;
  /** VMAs right after the call. */
  vmas?: number;
  /** Path of the file, blanks as \040. */
  file?: string;
  /** `reg:FS`, `memfd:FS`, `chr:MAJ:MIN`, `blk:MAJ:MIN`, `anon_inode`, `sysv`. */
  type?: string;
  open?: "r" | "w" | "rw";
  /** MAJ:MIN:INODE */
  inode?: string;
  /** Open file description. */
  ofd?: number;
  /** Bytes of a System V segment. */
  size?: Word;
  /** The name that PR_SET_VMA asked for. */
  asked?: string;
  /** Keys this release does not know, as written. */
  other: [key: string, value: string][];
}

/** An operation line. InputError naming the field that is wrong. */
export function parseCall(text: string, file: string, line: number): Call {
  const fail = (expected: string, found: string | undefined) =>
    new InputError(file, line, expected, quoted(found ?? ""));
  const { words, asked } = splitWords(text);
  const task = count(words[0] ?? "");
  if (!task) throw fail("an operation line, which begins with a task number from 1", words[0]);
  const name = words[1] ?? "";
  if (!Object.hasOwn(FORMS, name)) throw fail(`a call (${CALL_NAMES.join(", ")})`, name);
  const { args: known, least, address }: Form = FORMS[name as CallName];

  const args: Word[] = [];
  let at = 2;
  while (args.length < known.length) {
    const [argument, notation] = known[args.length] as Form["args"][number];
    const word = words[at] ?? "";
    if (word === "=" && args.length >= least) break;
    const value = argumentOf(word, notation);
    if (value === undefined) throw fail(`${argument} of ${name} as ${NOTATIONS[notation]}`, word);
    args.push(value);
    at++;
  }
  if (words[at] !== "=") throw fail(`"=" after the ${args.length} arguments of ${name}`, words[at]);

  const resultText = words[at + 1] ?? "";
  const result = resultOf(resultText, address || known === RAW.args);
  if (result === undefined) {
    throw fail(`the result of ${name}, ${address ? "0x... or -ERRNO" : "decimal"}`, resultText);
  }
  const call: Call = { kind: "call", line, task, name: name as CallName, args, result, other: [] };
  if (asked !== undefined) call.asked = asked;
  const seen = new Set<string>();
  for (const pair of words.slice(at + 2)) {
    const equals = pair.indexOf("=");
    const key = pair.slice(0, equals);
    if (equals < 1 || seen.has(key)) throw fail("key=value, each key once", pair);
    seen.add(key);
    const wanted = setKey(call, key, pair.slice(equals + 1));
    if (wanted) throw fail(wanted, pair);
  }
  return call;
}

/** The words of a line; the name that PR_SET_VMA asked for, which may contain blanks, is taken out. */
function splitWords(text: string): { words: string[]; asked?: string } {
  const from = /^\d+ prctl /.test(text) ? text.indexOf(" name=") : -1;
  if (from < 0) return { words: text.split(" ") };
  const vmas = text.lastIndexOf(" vmas=");
  const to = vmas > from ? vmas : text.length;
  const words = (text.slice(0, from) + text.slice(to)).split(" ");
  return { words, asked: text.slice(from + " name=".length, to) };
}

const NOTATIONS: Readonly<Record<Notation, string>> = {
  hex: "0x...",
  int: "a decimal number",
  raw: "a number",
};

function argumentOf(text: string, notation: Notation): Word | undefined {
  switch (notation) {
    case "hex":
      return hexWord(text);
    case "int":
      return signedInteger(text);
    case "raw":
      return hexWord(text) ?? signedInteger(text) ?? decimalWord(text);
  }
}

function resultOf(text: string, address: boolean): Word | undefined {
  if (address) {
    const value = hexWord(text);
    if (value !== undefined) return value;
  }
  return signedInteger(text);
}

/** Stores a known key. Returns what was expected when the value is none, else nothing. */
function setKey(call: Call, key: string, value: string): string | undefined {
  switch (key) {
    case "vmas":
    case "ofd": {
      const number = count(value);
      if (number === undefined) return `${key}= as a decimal number`;
      call[key] = number;
      return;
    }
    case "size": {
      const size = hexWord(value) ?? decimalWord(value);
      if (size === undefined) return "size= as a number of bytes";
      call.size = size;
      return;
    }
    case "ino":
      if (!isInode(value)) return "ino=MAJ:MIN:INODE";
      call.inode = value;
      return;
    case "open":
      if (value !== "r" && value !== "w" && value !== "rw") return "open=r, w or rw";
      call.open = value;
      return;
    case "file":
    case "type":
      call[key] = value;
      return;
    default:
      call.other.push([key, value]);
  }
}

/** The line of a call, as `parseCall` takes it. */
export function callLine(call: Call): string {
  const { args: known, address }: Form = FORMS[call.name];
  const words = [String(call.task), call.name];
  call.args.forEach((value, i) => {
    words.push(known[i]?.[1] === "int" || value < 0 ? String(value) : hexText(value));
  });
  words.push("=", address && call.result >= 0 ? hexText(call.result) : String(call.result));
  const key = (name: string, value: string | number | undefined) => {
    if (value !== undefined) words.push(`${name}=${value}`);
  };
  key("file", call.file);
  key("type", call.type);
  key("open", call.open);
  key("ino", call.inode);
  key("ofd", call.ofd);
  key("size", call.size === undefined ? undefined : hexText(call.size));
  key("name", call.asked);
  for (const [name, value] of call.other) key(name, value);
  key("vmas", call.vmas);
  return words.join(" ");
}
