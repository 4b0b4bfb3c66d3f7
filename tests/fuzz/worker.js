// A process that feeds inputs to targets, one after the other, and says before each what it is about to do: whoever
// watches it knows what killed it.
//
//   node worker.js SEED FOLDER RUNS TARGET...     RUNS inputs of each target, in turn

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { finding } from "./feed.js";
import { inputOf, TARGETS } from "./targets.js";

const [seed, folder, runs, ...names] = process.argv.slice(2);
const targets = TARGETS.filter(({ name }) => names.includes(name));
const tell = (message) => new Promise((done) => process.send(message, done));

for (let run = 0; run < Number(runs); run++) {
  for (const target of targets.filter(({ every = 1 }) => run % every === 0)) {
    const input = inputOf(target, Number(seed), run);
    const path = join(folder, `input${target.ending}`);
    writeFileSync(path, input);
    const of = { target: target.name, run };
    await tell(of);
    const began = performance.now();
    const wrong = await finding(target, path);
    const milliseconds = performance.now() - began;
    const { rss } = process.memoryUsage();
    await tell({ ...of, wrong, bytes: input.length, milliseconds, rss });
  }
}
process.disconnect();
