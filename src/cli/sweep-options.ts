// Options that sweep and worker share.

import { Option } from "commander";
import { UsageError } from "../errors.js";
import { defaultWorkers } from "../sweep/pool.js";
import { shownAddress } from "../sweep/queue/connection.js";
import { DEFAULT_QUEUE } from "../sweep/queue/wire.js";
import { integerOption } from "./integer.js";

const WORKERS_MOST = 1024;

export function workersOption(): Option {
  return new Option("--workers <n>", "threads, each with a core of its own")
    .argParser(integerOption("--workers", 1, WORKERS_MOST))
    .default(defaultWorkers(), "one for each processor");
}

/** Also from the environment, where other users of the machine do not see the password. */
export function queueOption(): Option {
  return new Option("--queue <url>", "a Redis server: redis://..., or rediss://... for TLS")
    .env("VMABENCH_QUEUE")
    .argParser((url: string) => {
      shownAddress(url);
      return url;
    });
}

export function queueNameOption(): Option {
  return new Option("--queue-name <name>", "which queue of that server")
    .argParser((name: string) => {
      if (/^[a-z0-9][a-z0-9-]{0,63}$/.test(name)) return name;
      throw new UsageError(
        `--queue-name ${name}: expected lower-case letters, digits and -, 64 at most`,
      );
    })
    .default(DEFAULT_QUEUE);
}
