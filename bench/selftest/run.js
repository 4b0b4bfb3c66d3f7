// The gate, tested on itself: how often it cries wolf, and how often it sleeps.
//
//   node bench/selftest/run.js [--false-alarms N] [--power N] [--percent LIST] [--busy] [--seed N] [--file FILE]
//   node bench/selftest/run.js --bounded
//
// --false-alarms N  N gate runs of the whole suite, a core against a byte-different copy of itself
// --power N         N gate runs for each path of the core and each injected slowdown; a run times only the scenario
//                   concerned, and corrects for the whole suite
// --percent LIST    the slowdowns, 2,3,5,10 unless given
// --busy            another process keeps one processor busy meanwhile
// --file FILE       one line a run; what the file has already is not run again, so that a long test may be
//                   interrupted and gone on with (default: reports/latest/selftest.ndjson)
// --bounded         what CI does, in under a minute: one A/A run, one slow core, one extra node read; exit code 1
//                   when one of them ends as it should not
//
// Without a number of runs it only prints what the file says, as Markdown with exact binomial intervals.

import { parseArgs } from "node:util";
import { buildIfStale } from "../../scripts/build.js";

await buildIfStale();
const { bounded } = await import("./bounded.js");
const { falseAlarms, power } = await import("./long.js");
const { openLog } = await import("./log.js");
const { keepBusy } = await import("./busy.js");
const { summary } = await import("./summary.js");

const { values: flags } = parseArgs({
  options: {
    "false-alarms": { type: "string", default: "0" },
    power: { type: "string", default: "0" },
    percent: { type: "string", default: "2,3,5,10" },
    busy: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    file: { type: "string", default: "reports/latest/selftest.ndjson" },
    bounded: { type: "boolean", default: false },
  },
});

if (flags.bounded) {
  process.exitCode = (await bounded(Number(flags.seed))) ? 0 : 1;
} else {
  const log = openLog(flags.file);
  const plan = { log, busy: flags.busy, seed: Number(flags.seed) };
  const idle = flags.busy ? keepBusy() : () => {};
  try {
    await falseAlarms({ ...plan, runs: Number(flags["false-alarms"]) });
    await power({
      ...plan,
      runs: Number(flags.power),
      percents: flags.percent.split(",").map(Number),
    });
  } finally {
    idle();
  }
  console.log(summary(log.entries()));
}
