// What must not outlive this process, however it ends: temporary folders and files, programs it started, progress
// bars. A signal, an error that nobody expected, a reader who has had enough: all of them end in `exit`.

import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cannotWrite } from "./record/file.js";

const pending = new Set<() => void>();
process.on("exit", undoAll);

/** Has `undo` run when the process ends before the function returned was called. */
export function orUndo(undo: () => void): () => void {
  pending.add(undo);
  return () => void pending.delete(undo);
}

/** The latest first; whatever goes wrong with one, the others have their turn. */
function undoAll(): void {
  for (const undo of [...pending].reverse()) {
    try {
      undo();
    } catch {
      // the process ends: there is nobody left to tell
    }
  }
}

/** Has a child killed when this process ends before it. */
export function endTogether<Child extends ChildProcess>(child: Child): Child {
  const forget = orUndo(() => child.kill("SIGKILL"));
  child.once("exit", forget);
  child.once("error", forget);
  return child;
}

export interface TemporaryFolder {
  path: string;
  remove(): void;
}

/** A folder for the moment, gone at the latest with this process. MachineError or UsageError when it cannot be made. */
export function temporaryFolder(name: string, within: string = tmpdir()): TemporaryFolder {
  const start = join(within, `vmabench-${name}-`);
  let path: string;
  try {
    path = mkdtempSync(start);
  } catch (error) {
    throw cannotWrite(start, error);
  }
  // a child that is being killed may be writing still
  const take = () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  const forget = orUndo(take);
  return {
    path,
    remove: () => {
      forget();
      take();
    },
  };
}
