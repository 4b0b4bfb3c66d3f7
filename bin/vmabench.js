#!/usr/bin/env node
// Starts vmabench. In a checkout, whatever is missing or older than its sources is built first; an installed
// package carries its builds and no sources.

import { existsSync } from "node:fs";

const present = (path) => existsSync(new URL(`../${path}`, import.meta.url));

async function start() {
  if (present("scripts/build.js") && present("assembly/") && present("src/")) {
    const { buildIfStale } = await import("../scripts/build.js");
    await buildIfStale();
  }
  return import("../dist/cli/main.js");
}

let main;
try {
  ({ main } = await start());
} catch (error) {
  if (process.env.VMABENCH_DEBUG === "1") console.error(error);
  console.error(`vmabench: cannot start: ${error instanceof Error ? error.message : error}`);
  process.exit(70);
}
process.exitCode = await main(process.argv.slice(2));
