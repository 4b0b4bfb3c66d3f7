// A replay on the running kernel, for people.

import Table from "cli-table3";
import { printable } from "../printable.js";
import type { Colors } from "../render/colors.js";
import { integer, number } from "../render/format.js";
import type { RealReplay } from "./replay-real.js";

/** Predicted and measured beside each other, call kind by call kind. */
export function realText(result: RealReplay, colors: Colors): string {
  const { predicted, measured, kinds } = result;
  const table = new Table({
    head: ["", "calls", "predicted µs", "measured µs", "predicted / measured"].map(colors.dim),
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: NO_LINES,
  });
  for (const { kind, calls, ...times } of kinds) {
    table.push([
      `  ${kind}`,
      integer(calls),
      micro(times.predicted),
      micro(times.measured),
      ratio(times.predicted, times.measured),
    ]);
  }
  table.push([
    "  all",
    integer(result.calls),
    micro(predicted.ns),
    micro(measured.ns),
    colors.bold(ratio(predicted.ns, measured.ns)),
  ]);
  const left = Object.entries(result.notReplayed).map(
    ([name, times]) => `${integer(times)} ${name}`,
  );
  const lines = [
    `${colors.bold(printable(result.file))} on Linux ${result.kernelRelease} (model ${result.protocol}, touch ${result.touch})`,
    table.toString(),
    `  the model's band: ± ${number(predicted.relativeError * 100)} %; entry and exit are ${micro(predicted.entryNs)} µs of it`,
    `  ${result.passes} passes in each of ${result.processes} processes; the first pass of each, not counted: ${micro(measured.firstPassNs)} µs`,
    `  a system call that does nothing: ${number(measured.nullCallNs)} ns now, ${number(result.modelEntryNs)} ns when the model was made`,
  ];
  if (left.length > 0) lines.push(`  not replayed: ${left.join(", ")}`);
  if (result.placedElsewhere > 0) {
    lines.push(
      `  given a fixed address, as this kernel would choose another: ${result.placedElsewhere}`,
    );
  }
  if (result.otherResults > 0) {
    lines.push(colors.yellow(`  ended otherwise than in the model: ${result.otherResults}`));
  }
  return `${lines.join("\n").replace(/ +$/gm, "")}\n`;
}

const NO_LINES = Object.fromEntries(
  "top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle"
    .split(" ")
    .map((name) => [name, ""]),
);

const micro = (nanoseconds: number) => number(nanoseconds / 1000);
const ratio = (a: number, b: number) => (b > 0 ? (a / b).toFixed(2) : "–");
