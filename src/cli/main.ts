// The command line: finds the command, runs it, and turns whatever happens into an exit code.
//
//   0 done    1 a regression or a mismatch was found    2 command line or input file wrong
//   3 the machine cannot do this    70 a bug in vmabench    130 interrupted    143 ended by SIGTERM

import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { MachineError, UsageError } from "../errors.js";
import { printable } from "../printable.js";
import { cannotWrite } from "../record/file.js";
import { interruptible } from "./interrupt.js";

interface Entry {
  name: string;
  summary: string;
  /** Loads only what this command needs. */
  load(): Promise<Command>;
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly Entry[] = [
  {
    name: "run",
    summary: "run scenarios, print the comparison, write a report folder",
    load: async () => (await import("./commands/run.js")).runCommand(),
  },
  {
    name: "list",
    summary: "what there is: kernels, protocols, drivers, workloads, tlbs, suites",
    load: async () => (await import("./commands/list.js")).listCommand(),
  },
  {
    name: "explain",
    summary: "one mmap, step by step, under each protocol side by side",
    load: async () => (await import("./commands/explain.js")).explainCommand(),
  },
  {
    name: "hazards",
    summary: "random hooks that write whatever a protocol lets them: what broke, by class",
    load: async () => (await import("./commands/hazards.js")).hazardsCommand(),
  },
  {
    name: "replay",
    summary: "replay recorded memory calls, and compare with what the kernel did",
    load: async () => (await import("./commands/replay.js")).replayCommand(),
  },
  {
    name: "record",
    summary: "record a program's memory calls with strace",
    load: async () => (await import("./commands/record.js")).recordCliCommand(),
  },
  {
    name: "verify",
    summary: "random memory calls on this machine's kernel, compared with the model",
    load: async () => (await import("./commands/verify.js")).verifyCommand(),
  },
  {
    name: "calibrate",
    summary: "fit a cost model to this machine's kernel, for predicted nanoseconds",
    load: async () => (await import("./commands/calibrate.js")).calibrateCommand(),
  },
  {
    name: "gate",
    summary: "regression gate: exact on work, statistical on time",
    load: async () => (await import("./commands/gate.js")).gateCommand(),
  },
  {
    name: "compare",
    summary: "two result files, or two gate records with one base, side by side",
    load: async () => (await import("./commands/compare.js")).compareCommand(),
  },
  {
    name: "doctor",
    summary: "is this machine fit to measure on, and how small a slowdown shows on it",
    load: async () => (await import("./commands/doctor.js")).doctorCommand(),
  },
  {
    name: "history",
    summary: "time from commit to commit against a fixed reference, and where it changed",
    load: async () => (await import("./commands/history.js")).historyCommand(),
  },
  {
    name: "report",
    summary: "a report again from a result file: a folder, or text for a mailing list",
    load: async () => (await import("./commands/report.js")).reportCommand(),
  },
  {
    name: "export",
    summary: "a result in another tool's format",
    load: async () => (await import("./commands/export.js")).exportCommand(),
  },
  {
    name: "comment",
    summary: "post a report as one comment on a GitHub pull request, or change it",
    load: async () => (await import("./commands/comment.js")).commentCommand(),
  },
  {
    name: "peer",
    summary: "a kernel tree's own mm/vma.c and lib/maple_tree.c, timed beside the model",
    load: async () => (await import("./commands/peer.js")).peerCommand(),
  },
  {
    name: "sweep",
    summary: "a grid of scenarios, on this machine or many",
    load: async () => (await import("./commands/sweep.js")).sweepCommand(),
  },
  {
    name: "worker",
    summary: "takes the jobs of sweeps from a queue",
    load: async () => (await import("./commands/worker.js")).workerCommand(),
  },
  {
    name: "query",
    summary: "SQL over the results of sweeps",
    load: async () => (await import("./commands/query.js")).queryCommand(),
  },
  {
    name: "maple-digest",
    summary: "run a known-answer stream through the maple tree and print its digests",
    load: async () => (await import("./commands/maple-digest.js")).mapleDigestCommand(),
  },
];

const EXIT_CODES = `
Exit codes:
  0    done
  1    a regression or a mismatch was found
  2    the command line or an input file is wrong
  3    this machine cannot do it
  70   a bug in vmabench
  130  interrupted (SIGINT, Ctrl-C)
  143  ended by SIGTERM`;

/**
 * Runs a command line (without node and script) and returns the exit code. Errors are one line on standard
 * error; VMABENCH_DEBUG=1 adds where they came from.
 */
export async function main(args: readonly string[]): Promise<number> {
  surviveLostOutput(process.stdout, "standard output");
  surviveLostOutput(process.stderr, "standard error");
  try {
    return await interruptible(async () => {
      const program = await programFor(args);
      await program.parseAsync([...args], { from: "user" });
      return Number(process.exitCode ?? 0);
    });
  } catch (error) {
    return failure(error);
  }
}

/** The program with the command that the arguments name loaded, and the others only listed. */
async function programFor(args: readonly string[]): Promise<Command> {
  const program = new Command("vmabench")
    .description(
      "What the .mmap() driver hook costs against .mmap_prepare(): in work, in time, in layout",
    )
    .version(version(), "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", EXIT_CODES)
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} }); // failure() prints them
  const words = args.filter((arg) => !arg.startsWith("-"));
  const wanted = words[0] === "help" ? words[1] : words[0];
  for (const { name, summary, load } of COMMANDS) {
    if (name !== wanted) {
      program.command(name).description(summary);
      continue;
    }
    const command = await load();
    program.addCommand(
      command.copyInheritedSettings(program).helpOption("-h, --help", "print this help"),
    );
  }
  return program;
}

function version(): string {
  const manifest = new URL("../../package.json", import.meta.url);
  return JSON.parse(readFileSync(manifest, "utf8")).version;
}

/** Prints the one line that an error deserves. Returns the exit code. */
function failure(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0; // help or version was asked for
    if (error.code !== "commander.help") say(error.message.replace(/^error: /, ""));
    return 2;
  }
  if (process.env.VMABENCH_DEBUG === "1") console.error(error);
  if (error instanceof UsageError || error instanceof MachineError) {
    say(error.message);
    return error.exitCode;
  }
  const message = error instanceof Error ? error.message : String(error);
  say(
    `internal error: ${message}; please report this bug (VMABENCH_DEBUG=1 shows where it happened)`,
  );
  return 70;
}

function say(message: string): void {
  const lines = message.split("\n").map((line) => line.trim());
  process.stderr.write(`vmabench: ${printable(lines.filter(Boolean).join("; "))}\n`);
}

/** Whoever read our output has had enough: no error, and nothing more to print. A full disk is one. */
function surviveLostOutput(stream: NodeJS.WriteStream, name: string): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(Number(process.exitCode ?? 0));
    if (stream !== process.stderr) say(cannotWrite(name, error).message);
    process.exit(3);
  });
}
