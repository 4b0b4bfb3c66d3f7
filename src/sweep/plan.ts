// A plan: a spec with everything that it names looked up, as data that travels to workers on any machine.

import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { fileArgument } from "../catalogue/argument.js";
import type { DriverDescription } from "../catalogue/description.js";
import { readDriverFile } from "../catalogue/driver-file.js";
import {
  addDriver,
  driverFamily,
  driverText,
  forgetDrivers,
  parseDriver,
} from "../catalogue/drivers.js";
import { parseProtocol } from "../catalogue/kernels.js";
import { type Parameter, type ParameterValue, queryText } from "../catalogue/parameters.js";
import { tlbArgument } from "../catalogue/tlb-file.js";
import type { TlbPreset } from "../catalogue/tlbs.js";
import {
  parseWorkload,
  readWorkloadFile,
  workloadParameters,
  workloadText,
} from "../catalogue/workloads.js";
import { coreBytes } from "../core/core.js";
import { type InputError, quoted, UsageError } from "../errors.js";
import { type Read, readDocument } from "../input/document.js";
import { axisOf, isList, VALUES_MOST } from "./axis.js";
import { bare, gridOf } from "./grid.js";
import { type SweepSpec, sweepSchema } from "./spec.js";

export interface SweepPlan extends Omit<SweepSpec, "tlbs"> {
  tlbs: TlbPreset[];
  /** Drivers that files describe: known to whoever executes the plan. */
  described: DriverDescription[];
  /** Workload files, absolute: they and the traces they name stay on this machine. */
  workloadFiles: string[];
  /** SHA-256 of the core that counts. Another core may count otherwise. */
  core: string;
}

/** Reads a sweep's file and looks up what it names. UsageError or InputError naming line and field. */
export function readPlan(path: string): SweepPlan {
  const file = readDocument(path, sweepSchema);
  const { data } = file;
  const described: DriverDescription[] = [];
  const workloadFiles: string[] = [];
  const plan: SweepPlan = {
    ...data,
    workloads: at(file, "workloads", (text) => workloadName(text, workloadFiles)),
    drivers: at(file, "drivers", (text) => driverName(text, described)),
    protocols: at(file, "protocols", (text) => parseProtocol(text).id),
    tlbs: data.tlbs.map((text, i) => saying(file, ["tlbs", i], () => tlbArgument(text))),
    include: data.include.map((point, i) =>
      saying(file, ["include", i], () => ({
        ...point,
        workload: workloadText(parseWorkload(point.workload)),
        driver: driverText(parseDriver(point.driver)),
        ...(point.tlb === undefined ? {} : { tlb: tlbArgument(point.tlb).id }),
      })),
    ),
    described,
    workloadFiles,
    core: workCoreHash(),
  };
  checkTwice(
    file,
    "tlbs",
    plan.tlbs.map(({ id }) => id),
  );
  checkAdditions(file, plan);
  checkSeeds(file);
  for (const name of Object.keys(data.parameters)) checkParameter(file, plan, name);
  checkSize(path, plan);
  return plan;
}

/** The same plan gives the same 16 hexadecimal digits. */
export function planId(plan: SweepPlan): string {
  return createHash("sha256").update(JSON.stringify(plan)).digest("hex").slice(0, 16);
}

/** SHA-256 of the work build of the core here. */
export function workCoreHash(): string {
  return createHash("sha256").update(coreBytes("work")).digest("hex");
}

/** Makes what the plan's files describe known here, and nothing that another plan described. */
export function enterPlan(plan: SweepPlan): void {
  forgetDrivers();
  for (const description of plan.described) addDriver(description);
  for (const path of plan.workloadFiles) readWorkloadFile(path);
}

/** What is too much only together belongs to no field. */
function checkSize(path: string, plan: SweepPlan): void {
  try {
    gridOf(plan);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${path}: ${error.message}`);
  }
}

type SpecFile = Read<SweepSpec>;

/** What a list names, each entry once. */
function at(
  file: SpecFile,
  field: "workloads" | "drivers" | "protocols",
  nameOf: (text: string) => string,
): string[] {
  const names = file.data[field].map((text, i) => saying(file, [field, i], () => nameOf(text)));
  checkTwice(file, field, names);
  return names;
}

function checkTwice(file: SpecFile, field: string, names: readonly string[]): void {
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice >= 0)
    throw file.wrong([field, twice], "each entry once", `${quoted(names[twice] ?? "")} again`);
}

/** An error of the catalogue with the line that asked for it. */
function saying<T>(file: SpecFile, field: readonly PropertyKey[], look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw named(file, field, error.message);
  }
}

function named(file: SpecFile, field: readonly PropertyKey[], what: string): InputError {
  return file.wrong(field, "something that there is", what);
}

function workloadName(text: string, files: string[]): string {
  const file = fileArgument(text);
  if (!file) return workloadText(parseWorkload(text));
  const entry = readWorkloadFile(file.path);
  files.push(resolve(file.path));
  return workloadText(entry.choose(file.query));
}

function driverName(text: string, described: DriverDescription[]): string {
  const file = fileArgument(text);
  if (!file) return driverText(parseDriver(text));
  const description = readDriverFile(file.path);
  addDriver(description);
  if (!described.some(({ driver }) => driver === description.driver)) described.push(description);
  return driverText(parseDriver(description.driver + queryText(file.query)));
}

function checkAdditions(file: SpecFile, { include, tlbs }: SweepPlan): void {
  include.forEach(({ tlb }, i) => {
    if (tlb === undefined || tlbs.some(({ id }) => id === tlb)) return;
    throw file.wrong(["include", i, "tlb"], "one of the sweep's tlbs", quoted(tlb));
  });
}

function checkSeeds(file: SpecFile): void {
  const { seeds } = file.data;
  if (!isList(seeds)) return;
  const wrong = seeds.findIndex((seed) => typeof seed !== "number");
  if (wrong >= 0) throw file.wrong(["seeds", wrong], "an integer", quoted(String(seeds[wrong])));
  checkTwice(file, "seeds", seeds.map(String));
}

/** Every value of a parameter is one for every workload and driver that has it, and somebody has it. */
function checkParameter(file: SpecFile, plan: SweepPlan, name: string): void {
  const field = ["parameters", name];
  const axis = axisOf(plan.parameters[name]!);
  if (axis.length > VALUES_MOST) {
    throw file.wrong(field, `at most ${VALUES_MOST} values`, String(axis.length));
  }
  const takers = takersOf(plan, name);
  if (takers.length === 0) {
    throw file.wrong(
      field,
      "a parameter that a workload or a driver of the sweep has",
      quoted(name),
    );
  }
  const values: ParameterValue[] = Array.from({ length: axis.length }, (_, i) => axis.at(i));
  checkTwiceIn(file, field, values);
  for (const value of values) {
    for (const taker of takers) {
      try {
        taker.parse(String(value));
      } catch (error) {
        const expected = (error as Error).message.replace(/^expected /, "");
        throw file.wrong(field, expected, quoted(String(value)));
      }
    }
  }
}

function checkTwiceIn(file: SpecFile, field: string[], values: readonly ParameterValue[]): void {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(String(value)))
      throw file.wrong(field, "each value once", `${quoted(String(value))} again`);
    seen.add(String(value));
  }
}

/** The declarations of a parameter among the workloads and drivers of a sweep. */
function takersOf(plan: SweepPlan, name: string): Parameter[] {
  const declared = [
    ...plan.workloads.map((text) => ({ text, of: workloadParameters(bare(text)) })),
    ...plan.drivers.map((text) => ({ text, of: driverFamily(bare(text)).parameters })),
  ];
  return declared.flatMap(({ of }) => of.filter((parameter) => parameter.name === name));
}
