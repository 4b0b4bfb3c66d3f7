// A check-up for a terminal, in 100 columns.

import type { Diagnosis, Visible } from "../judge/fitness.js";
import type { Checkup } from "../measure/doctor.js";
import { printable } from "../printable.js";
import type { Colors } from "./colors.js";
import { number } from "./format.js";

const WIDTH = 100;
const LABEL = 16;

export function doctorReport(checkup: Checkup, diagnosis: Diagnosis, colors: Colors): string {
  const lines = [
    ...facts(checkup).flatMap(([label, text]) => row(label, text, colors)),
    "",
    ...row("identical code", noiseText(checkup), colors),
    ...row("gate sees", visibleText(diagnosis.visible), colors),
    "",
    verdictLine(diagnosis, colors),
    ...diagnosis.findings.flatMap(({ weight, text }) =>
      wrapped(`${weight === "unfit" ? "✕" : "▲"} ${text}`, WIDTH - 2).map((line, i) =>
        i === 0 ? `  ${line}` : `    ${line}`,
      ),
    ),
  ];
  return lines.join("\n");
}

export function verdictLine({ verdict, findings }: Diagnosis, colors: Colors): string {
  const count = findings.length;
  const why = count === 0 ? "" : `, for ${count} ${count === 1 ? "reason" : "reasons"}`;
  const text = `${verdict}${why}`;
  return colors.bold(verdict === "unfit" ? colors.red(text) : text);
}

function facts(checkup: Checkup): [string, string][] {
  const { environment, clock, processors, load, memory, busy } = checkup;
  const gibibytes = (bytes: number) => `${number(bytes / 2 ** 30)} GiB`;
  const left = memory.available === null ? "" : `, ${gibibytes(memory.available)} to be had`;
  return [
    ["processor", `${printable(environment.cpu)}, ${processors} to be used`],
    ["system", printable(`${environment.os}, ${environment.kernelRelease}`)],
    ["Node.js", `${environment.node}, V8 ${environment.v8}`],
    ["memory", `${gibibytes(memory.total)}${left}`],
    ["virtualisation", checkup.virtualisation ?? "none that shows"],
    ["governor", checkup.governor ?? "unknown"],
    ["turbo", checkup.turbo === null ? "unknown" : checkup.turbo ? "on" : "off"],
    ["clock", `ticks every ${number(clock.tick)} ns, ${number(clock.cost)} ns a reading`],
    ["load", `${load.toFixed(2)} over the last minute`],
    [
      "busy",
      busy.map(({ name, share }) => `${printable(name)} ${Math.round(share * 100)} %`).join(", ") ||
        "nothing else",
    ],
  ];
}

function noiseText({ noise }: Checkup): string {
  const share = (value: number) => `${(value * 100).toFixed(2)} %`;
  return (
    `${noise.processes} processes of ${noise.scenarios.length} scenarios: a process is off by ` +
    `${share(noise.typical)} (standard deviation, typical scenario), ${share(noise.worst)} (worst); ` +
    `${share(noise.controlBeyond)} beyond 3 %, ${noise.involuntarySwitches} pre-emptions`
  );
}

function visibleText(visible: readonly Visible[]): string {
  const share = (value: number | null) =>
    value === null ? "nothing" : `${(value * 100).toFixed(1)} %`;
  const time = (seconds: number) => (seconds < 60 ? `${seconds} s` : `${seconds / 60} min`);
  const parts = visible.map(
    ({ seconds, typical, worst }) =>
      `in ${time(seconds)} ${share(typical)}${worst === null ? "" : ` (worst ${share(worst)})`}`,
  );
  return `a slowdown of any scenario, in 95 of 100 runs with a limit of 3 %: ${parts.join(", ")}`;
}

function row(label: string, text: string, colors: Colors): string[] {
  return wrapped(text, WIDTH - LABEL).map((line, i) =>
    i === 0 ? colors.dim(label.padEnd(LABEL)) + line : " ".repeat(LABEL) + line,
  );
}

/** Lines of at most `width` characters, broken between words. */
function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
