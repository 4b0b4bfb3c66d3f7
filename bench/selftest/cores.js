// Cores that are slower on purpose, do more work or answer wrongly (assembly/slow.ts). Each is compiled once, with
// numbers that are easy to find in the module; any others are then written over them, which takes no compiler.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildCore } from "../../scripts/build.js";

/** Paths of assembly/slow.ts, and a scenario of the gate suite in which each is trodden a lot. */
export const PATHS = [
  { name: "tree walk", path: 1, scenario: "mprotect-churn/vmops-only/mmap@6.15?ops=2048" },
  { name: "tree store", path: 2, scenario: "append-never/vmops-only/mmap_prepare@7.3?ops=2048" },
  { name: "merge", path: 3, scenario: "append-merge/hint-or-dump-flag/mmap@6.15?ops=2048" },
  { name: "unmap", path: 4, scenario: "tree-1000/vmops-only/mmap_prepare@7.3?ops=2048" },
  { name: "page fault", path: 5, scenario: "touch-map-unmap/vmops-only/mmap@6.15?ops=256" },
];

/** What stands in a module for each number; five bytes in LEB128, so that every smaller one fits in its place. */
const PLACEHOLDERS = { spin: 0x5a3c_1e77, extraReads: 0x5b3c_1e77, wrong: 0x5c3c_1e77 };

function signed(value) {
  const bytes = [];
  for (let i = 0, rest = value; i < 4; i++, rest >>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, (value >> 28) & 127]);
}

/** The timing build with a place for idle passes on `path`, and for wrong answers. */
export async function slowTemplate(path) {
  const { spin, wrong } = PLACEHOLDERS;
  return compile("timing", [`SLOW_PATH=${path}`, `SLOW_SPIN=${spin}`, `WRONG_RESULT=${wrong}`]);
}

/** The work build with a place for extra node reads, and for wrong answers. */
export async function workTemplate() {
  const { extraReads, wrong } = PLACEHOLDERS;
  return compile("work", [`EXTRA_READ=${extraReads}`, `WRONG_RESULT=${wrong}`]);
}

/** A work build whose operations answer with the paths that they have trodden: bit n for path n. */
export async function markingCore() {
  return compile("work", ["MARK_PATHS=1"]);
}

async function compile(target, use) {
  const folder = mkdtempSync(join(tmpdir(), "vmabench-slow-"));
  try {
    const to = join(folder, "core.wasm");
    await buildCore(target, { to, use });
    return readFileSync(to);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * A template with its numbers: `spin` idle passes, in 1/1024, at each visit of the path; `extraReads` counted for
 * each node read; results off by `wrong`. Error when a number that is not zero has no place.
 */
export function filled(template, numbers) {
  const bytes = Buffer.from(template);
  for (const [name, placeholder] of Object.entries(PLACEHOLDERS)) {
    const value = Math.round(numbers[name] ?? 0);
    const [from, to] = [signed(placeholder), signed(value)];
    let places = 0;
    for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + to.length)) {
      to.copy(bytes, at);
      places++;
    }
    if (places === 0 && value !== 0) throw new Error(`${name} was compiled away`);
  }
  return bytes;
}
