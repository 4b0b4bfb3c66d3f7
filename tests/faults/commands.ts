// Every command that writes files or starts programs, in a small form.

import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { KEPT_CORES } from "../../src/measure/source.js";
import { hollowTree } from "../peer/tree.js";
import { type Place, run, writeProgram } from "./harness.js";

export interface Small {
  name: string;
  /** The command line in a place. */
  args: (place: Place) => string[];
  /** Exit code where nothing goes wrong. */
  code?: number;
  /** Where it depends on how busy the machine is. */
  codes?: number[];
  env?: (place: Place) => Record<string, string>;
  /** Says why it cannot run here. */
  missing?: string | null;
  /** Files that it leaves to be resumed from. */
  resumes?: string[];
  /** Files that are written one after the other, or several at once. */
  several?: true;
  /** What is there already has to be right. */
  readsOld?: true;
  /** Does its work only where its files are not there yet. */
  anew?: true;
  /** What is kept from one run to the next: forgets it, and throws when it is not whole. */
  cache?: { forget: () => void; check: () => void };
}

const repository = fileURLToPath(new URL("../../", import.meta.url));
const noLinux = process.platform === "linux" && process.arch === "x64" ? null : "needs Linux";
const noStrace =
  spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0 ? null : "strace may not trace";

const TRACE = join(repository, "bench/traces/bash-script.vmatrace.gz");
const RESULTS = "results.json";
const ONE = ["--filter", "append-merge/vmops-only/*"];

/** Files that commands read. Made once, for places to be copied from. */
export async function prepare(place: Place): Promise<void> {
  const made = await run(place, ["run", "--work-only", ...ONE, "--out", "made"]);
  if (made.code !== 0) throw new Error(made.stderr);
  cpSync(join(place.root, "made", RESULTS), join(place.root, RESULTS));
  cpSync(join(repository, "reports/history.ndjson"), join(place.root, "history.ndjson"));
  writeFileSync(join(place.root, "sweep.yaml"), SWEEP);
  hollowTree(join(place.root, "tree"));
  writeProgram(join(place.root, "bin"), "gcc", GCC);
  mkdirSync(join(place.root, "core"));
  cpSync(join(repository, "build/timing.wasm"), join(place.root, "core/timing.wasm"));
  cpSync(join(repository, "build/work.wasm"), join(place.root, "core/work.wasm"));
  const head = spawnSync("git", ["-C", repository, "rev-parse", "HEAD"], { encoding: "utf8" });
  const reference = {
    schema: "vmabench/reference@1",
    commit: head.stdout.trim(),
    reason: "measured against itself",
  };
  writeFileSync(join(place.root, "reference.json"), JSON.stringify(reference));
}

const SWEEP = `sweep: small
workloads: [append-merge]
drivers: [vmops-only, hint-or-dump-flag]
protocols: [mmap@6.15, mmap_prepare@7.3]
parameters:
  ops: [512]
  pages: [1, 2]
seeds: { from: 1, to: 20 }
`;

/** Takes its time, and makes a program that answers as the peer's does, but knows nothing. */
const GCC = `#!/bin/sh
[ "$1" = --version ] && { echo gcc 1; exit; }
while [ "$1" != -o ]; do shift; done
sleep 1
cat >"$2" <<'END'
#!/bin/sh
echo ready
while read -r command; do
  case $command in layout) echo end ;; *) echo 500000 ;; esac
done
END
chmod +x "$2"
`;

const out = (place: Place, name: string) => join(place.out, name);

/** Those that write files. */
export const WRITING: readonly Small[] = [
  {
    name: "run --work-only",
    args: (at) => ["run", "--work-only", ...ONE, "--out", out(at, "report")],
    several: true,
  },
  { name: "report", args: (at) => ["report", RESULTS, "--out", out(at, "report")] },
  {
    name: "report --format mail",
    args: (at) => ["report", RESULTS, "--format", "mail", "--out", out(at, "mail.txt")],
  },
  {
    name: "export",
    args: (at) => ["export", RESULTS, "--format", "ndjson", "--out", out(at, "results.ndjson")],
  },
  { name: "replay --layout", args: (at) => ["replay", TRACE, "--layout", out(at, "layout")] },
  {
    name: "record",
    args: (at) => ["record", "--out", out(at, "sleep.strace"), "--", "sh", "-c", "sleep 0.5; exit"],
    missing: noStrace,
  },
  {
    name: "hazards",
    args: (at) => ["hazards", "--runs", "500", "--out", out(at, "examples")],
    several: true,
  },
  {
    name: "explain --svg",
    args: (at) => ["explain", "append-merge/vmops-only/mmap@7.3", "--svg", out(at, "steps.svg")],
  },
  {
    name: "gate --refresh",
    args: (at) => ["gate", "--refresh", "--baseline", out(at, "baseline.json")],
    readsOld: true,
  },
  {
    name: "history --chart",
    args: (at) => ["history", "--file", "history.ndjson", "--chart", out(at, "history.png")],
    several: true,
  },
  {
    name: "sweep",
    args: (at) => ["sweep", "sweep.yaml", "--workers", "2", "--out", out(at, "sweep")],
    several: true,
    resumes: ["sweep/sweep.log.ndjson"],
  },
];

/** Of those, some that are done at once. */
export const QUICK = WRITING.filter(({ name }) => ["export", "hazards"].includes(name));

/** Those that measure, for seconds, and write files too. */
export const MEASURING: readonly Small[] = [
  { name: "run", args: (at) => ["run", ...ONE, "--out", out(at, "report")] },
  {
    name: "calibrate",
    args: (at) => ["calibrate", "--seconds", "1", "--out", out(at, "model.json")],
    missing: noLinux,
  },
  {
    name: "gate",
    args: (at) => [
      ...["gate", "--base", "core", "--head", "core", "--time-identical", ...ONE],
      ...["--processes", "3", "--sittings", "1", "--rounds", "5", "--out", out(at, "gate.json")],
    ],
    codes: [0, 1, 3], // so short a look says nothing
  },
  {
    name: "history --append",
    args: (at) => [
      ...["history", "--append", "--reference", "reference.json", ...ONE],
      ...["--processes", "3", "--sittings", "1", "--rounds", "5"],
      ...["--file", out(at, "history.ndjson")],
    ],
    codes: [0, 3],
    anew: true,
  },
  {
    name: "gate, building its base",
    args: (at) => [
      ...["gate", "--base", "HEAD", "--head", "core", "--work-only", ...ONE],
      ...["--out", out(at, "gate.json")],
    ],
    codes: [0, 1], // an unfinished change may do more work
    cache: {
      forget: () => rmSync(KEPT_CORES, { recursive: true, force: true }),
      check: () => {
        for (const path of existsSync(KEPT_CORES) ? readdirSync(KEPT_CORES) : []) {
          for (const name of ["timing.wasm", "work.wasm"]) {
            new WebAssembly.Module(readFileSync(join(KEPT_CORES, path, name)));
          }
        }
      },
    },
  },
];

/** Those that write nothing, but start programs or make temporary files. */
export const SPAWNING: readonly Small[] = [
  { name: "verify", args: () => ["verify", "--ops", "4000"], missing: noLinux },
  { name: "doctor", args: () => ["doctor", "--seconds", "1"], codes: [0, 3] },
  {
    name: "peer",
    args: () => ["peer", "--kernel-source", "tree", "--workload", "append-merge", "--rounds", "1"],
    env: (at) => ({ PATH: `${join(at.root, "bin")}:${process.env.PATH}` }),
    code: 1, // it differs from the model
    missing: noLinux,
  },
  {
    name: "replay --real",
    args: () => ["replay", "--real", TRACE],
    missing: noLinux,
  },
];

/** Throws when a file is not whole, by what its kind ends with. */
export function checkWhole(name: string, bytes: Buffer): void {
  const text = bytes.toString("latin1");
  const fine = {
    json: () => JSON.parse(bytes.toString("utf8")),
    ndjson: () =>
      text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    png: () => text.includes("IEND") || fail(name),
    html: () => text.trimEnd().endsWith("</html>") || fail(name),
    svg: () => text.trimEnd().endsWith("</svg>") || fail(name),
    parquet: () => text.endsWith("PAR1") || fail(name),
    gz: () => gunzipSync(bytes),
  }[name.split(".").at(-1) as string];
  if (fine) fine();
  else if (!text.endsWith("\n")) fail(name);
}

function fail(name: string): never {
  throw new Error(`${name} is cut off`);
}
