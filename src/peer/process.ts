// The peer's program, running: told over a pipe what to execute, it says how long that took.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { endTogether } from "../cleanup.js";
import { MachineError } from "../errors.js";

export interface PeerOptions {
  /** Path of the built program. */
  program: string;
  /** Path of the operation file. */
  operations: string;
  hook: "mmap" | "mmap_prepare";
  /** vm_flags that the hook sets. */
  set: number;
  /** The hook installs vm_ops. */
  installsOps: boolean;
  /** errno that the hook fails with; 0 = it does not. */
  error: number;
}

/** Thrown when the program ended on its own: the tree's code crashed, or said why it cannot go on. */
export class PeerFailed extends Error {
  override name = "PeerFailed";
}

export class Peer {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private stderr = "";
  private readonly ended: Promise<{ how: string; killed: boolean }>;

  private constructor(options: PeerOptions) {
    const { program, operations, hook, set, installsOps, error } = options;
    const args = [operations, hook, set.toString(16), installsOps ? "1" : "0", String(error)];
    this.child = endTogether(spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] }));
    this.child.stdin?.on("error", () => {}); // the end of the program is noticed where its answer is missing
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr = (this.stderr + chunk.toString("utf8")).slice(-2000);
    });
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
    this.ended = new Promise((resolve) => {
      this.child.on("error", ({ message }) => resolve({ how: message, killed: false }));
      this.child.on("close", (status, signal) =>
        resolve({ how: `ended with ${signal ?? status}`, killed: signal === "SIGKILL" }),
      );
    });
  }

  /** Starts the program; it has executed the set-up when this resolves. PeerFailed with what it said. */
  static async start(options: PeerOptions): Promise<Peer> {
    const peer = new Peer(options);
    await peer.answer();
    return peer;
  }

  /** Executes operations [first, first + count); nanoseconds. */
  async run(first: number, count: number): Promise<number> {
    return Number(await this.ask(`run ${first} ${count}`));
  }

  /** Back to where the operations start. */
  async rewind(): Promise<void> {
    await this.ask("rewind");
  }

  /** Over the results of what was run since the last rewind; `checksum` of measure/work.ts. */
  async checksum(): Promise<number> {
    return Number(await this.ask("checksum"));
  }

  /** Lines of a layout file. */
  async layout(): Promise<string[]> {
    const lines: string[] = [];
    for (let line = await this.ask("layout"); line !== "end"; line = await this.answer()) {
      lines.push(line);
    }
    return lines;
  }

  stop(): void {
    this.child.kill();
  }

  private ask(command: string): Promise<string> {
    this.child.stdin?.write(`${command}\n`);
    return this.answer();
  }

  private async answer(): Promise<string> {
    const { value, done } = await this.lines.next();
    if (!done) return value;
    const { how, killed } = await this.ended;
    if (killed)
      throw new MachineError("the kernel tree's program was killed: is there memory for it?");
    throw new PeerFailed(`the kernel tree's program ${how}: ${this.stderr.trim() || "no message"}`);
  }
}
