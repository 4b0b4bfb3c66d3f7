// How fast are translations, against the same structures in C? Every round times both, one after the other, on each
// stream; the ratio of a round is unhurt by what else the machine does for longer than that. Needs a C compiler.
//
//   node bench/translation/run.js [--rounds N] [--accesses N]

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as abi from "../../dist/core/abi.js";
import { Core } from "../../dist/core/core.js";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "21" },
    accesses: { type: "string", default: "4000000" },
  },
});
const rounds = Number(values.rounds);
const accesses = Number(values.accesses);

const STREAMS = [
  { title: "32 pages in turn: every access hits L1", kind: abi.STREAM_SEQUENTIAL, pages: 32 },
  { title: "48 pages at random: L1", kind: abi.STREAM_UNIFORM, pages: 48 },
  { title: "1024 pages at random: L2", kind: abi.STREAM_UNIFORM, pages: 1024 },
  { title: "65 536 pages chased: walks", kind: abi.STREAM_CHASE, pages: 65_536 },
];
const BASE = 0x1000_0000_0000;

/** Builds the C program. Exit code 3 where there is no compiler. */
function compile(folder) {
  const source = fileURLToPath(new URL("peer.c", import.meta.url));
  const { status, error, stderr } = spawnSync("cc", ["-O2", "-o", join(folder, "peer"), source], {
    encoding: "utf8",
  });
  if (error || status !== 0) {
    process.stderr.write(`cannot compile ${source}: ${error?.message ?? stderr}\n`);
    rmSync(folder, { recursive: true });
    process.exit(3);
  }
  return join(folder, "peer");
}

function startPeer(path) {
  const child = spawn(path, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async time({ kind, pages }) {
      child.stdin.write(`${kind} ${pages} ${accesses}\n`);
      const { value } = await lines.next();
      const [ns, misses] = value.split(" ").map(Number);
      return { ns, misses };
    },
    stop: () => child.stdin.end(),
  };
}

function startCore(build) {
  const core = new Core(build);
  const flags = abi.MAP_PRIVATE | abi.MAP_ANONYMOUS | abi.MAP_FIXED | abi.MAP_NORESERVE;
  core.run([
    { op: abi.OP_MMAP, addr: BASE, len: 2 ** 32, prot: abi.PROT_READ, flags },
    { op: abi.OP_TOUCH, addr: BASE, len: 2 ** 28, flags: 0 },
  ]);
  return {
    time({ kind, pages }) {
      const stream = { op: abi.OP_STREAM, addr: BASE, len: pages * 4096, prot: kind, flags: 0 };
      const before = process.hrtime.bigint();
      const [result] = core.run([{ ...stream, pgoff: accesses }]);
      const ns = Number(process.hrtime.bigint() - before);
      if (result.value !== accesses) throw new Error(`the stream ended with ${result.value}`);
      return { ns, misses: core.counters()["tlb.misses"] };
    },
  };
}

const quantile = (sorted, q) => sorted[Math.round((sorted.length - 1) * q)];
const folder = mkdtempSync(join(tmpdir(), "vmabench-translation-"));
try {
  const peer = startPeer(compile(folder));
  const core = startCore("timing");
  const counting = startCore("work");
  for (const stream of STREAMS) {
    // both count the same misses on the same stream, once it has run
    await peer.time(stream);
    core.time(stream);
    counting.time(stream);
    const before = counting.time(stream).misses;
    const ours = counting.time(stream).misses - before;
    const { misses } = await peer.time(stream);
    if (ours !== misses)
      throw new Error(`${stream.title}: ${ours} misses, the C program ${misses}`);
    const samples = [];
    for (let i = 0; i < rounds; i++) {
      const c = i % 2 === 0 ? await peer.time(stream) : null;
      const wasm = core.time(stream);
      samples.push({ c: (c ?? (await peer.time(stream))).ns, wasm: wasm.ns });
    }
    const sorted = (pick) => samples.map(pick).sort((a, b) => a - b);
    const ratios = sorted(({ c, wasm }) => wasm / c);
    const speed = (pick) => Math.round((accesses / quantile(sorted(pick), 0.5)) * 1000);
    const [low, mid, high] = [0.1, 0.5, 0.9].map((q) => quantile(ratios, q).toFixed(2));
    console.log(
      `${stream.title.padEnd(42)} C ${String(speed(({ c }) => c)).padStart(4)} M/s   ` +
        `WebAssembly ${String(speed(({ wasm }) => wasm)).padStart(4)} M/s   ` +
        `time ratio ${mid} (${low} to ${high})   misses ${misses}`,
    );
  }
  peer.stop();
} finally {
  rmSync(folder, { recursive: true });
}
