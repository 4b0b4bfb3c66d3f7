// The child process seen from the command: started, asked, ended.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { endTogether, temporaryFolder } from "../cleanup.js";
import { MachineError } from "../errors.js";
import { ADDR_NO_RANDOMIZE, openLibc } from "./libc.js";
import type { ChildOptions, EpisodeReply, EpisodeRequest, Ready, Reply } from "./messages.js";

/** The built script, also when this file runs from its source. */
const SCRIPT = fileURLToPath(new URL("../../dist/live/child.js", import.meta.url));
/** No thread of V8 maps anything while calls are compared, and where it maps is the same each time. */
const NODE_FLAGS = [
  "--single-threaded",
  "--random-seed=1",
  "--expose-gc",
  "--min-semi-space-size=16",
  "--max-semi-space-size=16",
  "--no-warnings",
];

/** Thrown when the child died: a signal, or an error of its own. */
export class ChildDied extends Error {
  override name = "ChildDied";

  constructor(
    message: string,
    readonly signal: string | null,
  ) {
    super(message);
  }
}

/** A child process, ready for episodes. */
export class LiveProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly ready: Ready,
  ) {}

  /**
   * Starts a child, without address-space randomisation where that is allowed. MachineError where this machine
   * cannot run it.
   */
  static async start({ folder }: ChildOptions): Promise<LiveProcess> {
    const own = folder === null ? null : temporaryFolder("verify", folder);
    try {
      const child = startChild({ folder: own?.path ?? null });
      return new LiveProcess(child, (await replyOf(child)) as Ready);
    } catch (error) {
      if (error instanceof MachineError) throw error;
      throw new MachineError(`cannot start the child process: ${(error as Error).message}`);
    } finally {
      own?.remove();
    }
  }

  /** Runs an episode. ChildDied when it did not come back. */
  async run(request: EpisodeRequest): Promise<EpisodeReply> {
    const reply = replyOf(this.child);
    this.child.send(request, () => {}); // where it has died, the reply fails
    return (await reply) as EpisodeReply;
  }

  /** Ends the child and waits until it is gone. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once("close", resolve));
    this.child.kill("SIGKILL");
    await gone;
  }
}

/** A child without address-space randomisation where that is allowed. */
function startChild(options: ChildOptions): ChildProcess {
  const libc = openLibc();
  const personality = libc.personality();
  if (personality >= 0) libc.setPersonality(personality | ADDR_NO_RANDOMIZE);
  try {
    return endTogether(
      fork(SCRIPT, [JSON.stringify(options)], {
        execArgv: NODE_FLAGS,
        serialization: "advanced",
        stdio: ["ignore", "ignore", "pipe", "ipc"],
      }),
    );
  } finally {
    if (personality >= 0) libc.setPersonality(personality);
  }
}

/** The next message of a child. */
function replyOf(child: ChildProcess): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let stderr = "";
    const onError = (chunk: Buffer) => {
      stderr += chunk;
    };
    const settle = () => {
      child.stderr?.off("data", onError);
      child.off("message", onMessage);
      child.off("close", onClose);
    };
    const onMessage = (reply: Reply) => {
      settle();
      resolve(reply);
    };
    const onClose = (code: number | null, signal: string | null) => {
      settle();
      const line = stderr.split("\n").find((text) => /Error: /.test(text));
      const how = `it ended with ${signal ?? `exit code ${code}`}`;
      reject(new ChildDied(line?.trim() ?? how, signal));
    };
    child.stderr?.on("data", onError);
    child.on("message", onMessage);
    child.on("close", onClose);
  });
}
