// Cores as bytes: what a build says about itself, copies that differ in nothing that runs, and whether two
// builds can be driven by the same operations.

import { createHash } from "node:crypto";
import { z } from "zod";
import { UsageError } from "../errors.js";

const ABI_SECTION = "vmabench.abi";
const MAGIC = Buffer.from("\0asm\x01\0\0\0", "latin1");

const abiSchema = z.object({
  /** Constants and record fields that the shell uses. */
  constants: z.record(z.string(), z.union([z.number(), z.string()])),
  /** Index of each counter. */
  events: z.record(z.string(), z.number()),
});

/** What the shell must know to drive a core; written into the build by scripts/build.js. */
export type Abi = z.infer<typeof abiSchema>;

/** SHA-256 of the parts of a core that run: custom sections are left out. */
export function codeSha256(bytes: Uint8Array): string {
  const hash = createHash("sha256");
  for (const { custom, from, to } of sections(bytes)) {
    if (custom === null) hash.update(bytes.subarray(from, to));
  }
  return hash.digest("hex");
}

/**
 * A copy with one more custom section: other bytes, the same code. V8 shares compiled code between modules of
 * equal bytes, and a comparison of a core with itself would then be one of nothing.
 */
export function withSection(bytes: Uint8Array, name: string): Uint8Array {
  const title = Buffer.from(name);
  if (title.length > 100) throw new RangeError("the name of a section is short");
  return Buffer.concat([bytes, Buffer.from([0, title.length + 1, title.length]), title]);
}

/** A core's own account of its ABI; null when it was built before cores carried one. */
export function abiOf(bytes: Uint8Array, path: string): Abi | null {
  const found = sections(bytes, path).find(({ custom }) => custom === ABI_SECTION);
  if (!found) return null;
  try {
    return abiSchema.parse(
      JSON.parse(Buffer.from(bytes.subarray(found.contents, found.to)).toString()),
    );
  } catch {
    throw new UsageError(`${path}: its section ${ABI_SECTION} cannot be read`);
  }
}

/** Twelve digits that stand for an ABI: equal when nothing the shell uses differs. */
export function abiVersion(abi: Abi): string {
  const sorted = Object.entries(abi.constants).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 12);
}

/** Constants that two ABIs give other values: one shell cannot drive both then. What only one has is new. */
export function abiConflicts(one: Abi, other: Abi): string[] {
  return Object.entries(one.constants).flatMap(([name, value]) => {
    const theirs = other.constants[name];
    return theirs === undefined || theirs === value ? [] : [`${name} is ${value} and ${theirs}`];
  });
}

interface Section {
  from: number;
  to: number;
  /** Name of a custom section, null for one that matters to the engine. */
  custom: string | null;
  /** Where the contents of a custom section begin. */
  contents: number;
}

/** The sections of a module. UsageError when these are not the bytes of one. */
function sections(bytes: Uint8Array, path = "core"): Section[] {
  if (Buffer.compare(bytes.subarray(0, MAGIC.length), MAGIC) !== 0) {
    throw new UsageError(`${path}: not a WebAssembly module`);
  }
  const found: Section[] = [];
  let at = MAGIC.length;
  const unsigned = () => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 28) throw new UsageError(`${path}: a section is cut short`);
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const from = at;
    const id = bytes[at++];
    const length = unsigned();
    const to = at + length;
    if (to > bytes.length) throw new UsageError(`${path}: a section is cut short`);
    if (id === 0) {
      const nameLength = unsigned();
      const custom = Buffer.from(bytes.subarray(at, at + nameLength)).toString();
      found.push({ from, to, custom, contents: at + nameLength });
    } else {
      found.push({ from, to, custom: null, contents: from });
    }
    at = to;
  }
  return found;
}
