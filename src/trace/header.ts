// What the header comments of a vmatrace say about the machine and the process.

import { NO_LIMIT } from "../core/abi.js";
import { InputError, quoted } from "../errors.js";
import { count, hexWord } from "./words.js";

/** Sizes and addresses in bytes. Null where the trace does not say. */
export interface Header {
  program: string | null;
  command: string | null;
  kernel: string | null;
  /** `off` for addresses that repeat. */
  aslr: string | null;
  /** Whether the kernel has transparent huge pages built in. */
  thp: boolean | null;
  maxMapCount: number | null;
  /** vm.overcommit_memory: 0 guess, 1 always, 2 never. */
  overcommit: number | null;
  mmapMinAddr: number | null;
  limits: { stack: number | null; as: number | null; data: number | null; memlock: number | null };
  /** The initial program break. */
  startBrk: number | null;
}

export function emptyHeader(): Header {
  return {
    program: null,
    command: null,
    kernel: null,
    aslr: null,
    thp: null,
    maxMapCount: null,
    overcommit: null,
    mmapMinAddr: null,
    limits: { stack: null, as: null, data: null, memlock: null },
    startBrk: null,
  };
}

const VERSION = /^# vmatrace format version (.*)$/;
const KEY = /^# ([a-z_-]+): (.*)$/;

/** Takes over what a comment line says. Comments that are no header, or unknown, change nothing. */
export function addHeader(header: Header, text: string, file: string, line: number): void {
  const version = VERSION.exec(text)?.[1];
  if (version !== undefined && version !== "1") {
    throw new InputError(file, line, "format version 1", quoted(version));
  }
  const [, key, value] = KEY.exec(text) ?? [];
  if (key === undefined || value === undefined) return;
  const number = (parsed: number | undefined, expected: string): number => {
    if (parsed === undefined)
      throw new InputError(file, line, `${key}: ${expected}`, quoted(value));
    return parsed;
  };
  switch (key) {
    case "program":
    case "command":
    case "kernel":
    case "aslr":
      header[key] = value;
      break;
    case "pagesize":
      if (value !== "4096") throw new InputError(file, line, "pagesize: 4096", quoted(value));
      break;
    case "thp-enabled":
      header.thp = value.includes("[");
      break;
    case "max_map_count":
      header.maxMapCount = number(count(value), "a decimal number");
      break;
    case "mmap_min_addr":
      header.mmapMinAddr = number(count(value), "a decimal number of bytes");
      break;
    case "overcommit_memory":
      header.overcommit = number(/^[012]$/.test(value) ? Number(value) : undefined, "0, 1 or 2");
      break;
    case "rlimits":
      for (const [name, text] of pairs(value)) {
        if (!Object.hasOwn(header.limits, name)) continue;
        const limit = text === "unlimited" ? NO_LIMIT : bytes(text);
        const wanted = `${name}= as 0x... or unlimited`;
        header.limits[name as keyof Header["limits"]] = number(limit, wanted);
      }
      break;
    case "mm":
      for (const [name, text] of pairs(value)) {
        if (name === "start_brk") header.startBrk = number(bytes(text), "start_brk= as 0x...");
      }
      break;
  }
}

/** A number of bytes that a number holds exactly; more than that is no limit. */
function bytes(text: string): number | undefined {
  const word = hexWord(text);
  return typeof word === "bigint" ? NO_LIMIT : word;
}

function pairs(text: string): [string, string][] {
  return text.split(" ").map((pair) => {
    const equals = pair.indexOf("=");
    return [pair.slice(0, Math.max(equals, 0)), pair.slice(equals + 1)];
  });
}
