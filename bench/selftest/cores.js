// Cores that are slower on purpose. Each path is compiled once, with a number of idle passes that is easy to
// find in the module; any other number is then written over it, which takes no compiler.

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

/** Five bytes in LEB128, so that every smaller number fits in its place. */
const PLACEHOLDER = 0x5a3c_1e77;

function signed(value) {
  const bytes = [];
  for (let i = 0, rest = value; i < 4; i++, rest >>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, (value >> 28) & 127]);
}

/** The timing build with a placeholder on `path`. */
export async function slowTemplate(path) {
  return compile("timing", [`SLOW_PATH=${path}`, `SLOW_SPIN=${PLACEHOLDER}`]);
}

/** The work build that reads every node twice. */
export async function extraReadCore() {
  return compile("work", ["EXTRA_READ=1"]);
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

/** A template with `spin` idle passes, in 1/1024, at each visit. Error when there is no place for them. */
export function withSpin(template, spin) {
  const [from, to] = [signed(PLACEHOLDER), signed(Math.round(spin))];
  const bytes = Buffer.from(template);
  let places = 0;
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + to.length)) {
    to.copy(bytes, at);
    places++;
  }
  if (places === 0) throw new Error("the slowdown was compiled away");
  return bytes;
}
