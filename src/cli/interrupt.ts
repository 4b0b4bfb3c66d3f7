// SIGINT (Ctrl-C) and SIGTERM, the same for every command: what the command has to finish, then exit code 130 or
// 143. What is temporary goes with the process (src/cleanup.ts), and files are renamed into place in one go, so that
// most commands have nothing to finish.

import { constants } from "node:os";

export type Interruption = "SIGINT" | "SIGTERM";

const SIGNALS: readonly Interruption[] = ["SIGINT", "SIGTERM"];

let finish: ((signal: Interruption) => unknown) | null = null;
let ending = false;

/**
 * Has a signal call `end` and wait for it before the process ends; a second signal does not wait. The function
 * returned takes that back.
 */
export function onInterrupt(end: (signal: Interruption) => unknown): () => void {
  finish = end;
  return () => {
    finish = null;
  };
}

/** Does the work of a command while signals are heard. */
export async function interruptible<T>(work: () => Promise<T>): Promise<T> {
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await work();
  } finally {
    // one that came while the thread was busy; it may be the reason why the work has failed
    await new Promise((resolve) => setImmediate(resolve));
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}

function interrupt(signal: Interruption): void {
  const exit = () => process.exit(128 + constants.signals[signal]);
  if (finish === null || ending) exit();
  ending = true;
  Promise.resolve(finish?.(signal)).then(exit, exit);
}
