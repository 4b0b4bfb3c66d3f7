// Drivers to choose from: archetypes and modifiers of the kernel tree, and those that a user describes in a file.

import type { DriverRecord } from "../core/core.js";
import { errnoName, MAX_ERRNO } from "../errno.js";
import { quoted, UsageError } from "../errors.js";
import { ARCHETYPES } from "./archetypes.js";
import {
  contradiction,
  type DriverDescription,
  errnoNumber,
  FAIL_POINTS,
  type FailPoint,
  type FlagName,
  recordOf,
} from "./description.js";
import type { HookName } from "./kernels.js";
import { MODIFIERS, modified } from "./modifiers.js";
import {
  choice,
  integer,
  type Parameter,
  type Parameters,
  parseParameters,
  queryText,
  splitQuery,
} from "./parameters.js";

export interface DriverExample {
  file: string;
  function: string;
}

/** A family of hooks, before its parameters are chosen. */
export interface DriverFamily {
  id: string;
  /** `archetype` and `modifier` are families of the kernel tree, `file` comes from its user. */
  kind: "archetype" | "modifier" | "file";
  title: string;
  examples: readonly DriverExample[];
  parameters: readonly Parameter[];
  /** How the hook is written as .mmap_prepare; null when it cannot be. */
  prepare: string | null;
  /** What the hook does without parameters. */
  does: DriverDescription;
}

/** A hook, ready for the core. */
export interface Driver {
  id: string;
  title: string;
  examples: readonly DriverExample[];
  /** The parameters that differ from their default. */
  params: Parameters;
  description: DriverDescription;
  /** The driver record for a hook of the given kind, without the file that `file: other` asks for. */
  record(hook: HookName): DriverRecord;
}

const errno: Parameter = {
  name: "errno",
  meaning: "the hook fails with this error (a name or a number)",
  parse(text) {
    const number = errnoNumber(/^\d+$/.test(text) ? Number(text) : text);
    if (number === undefined) {
      throw new Error(`expected a number from 1 to ${MAX_ERRNO} or a name such as ENOMEM`);
    }
    return errnoName(number) ?? number;
  },
};

const fail: Parameter = {
  ...choice("fail", "where the hook fails", Object.keys(FAIL_POINTS)),
  default: undefined as never,
};
const failAfter = integer("fail-after", "the mapping of pages fails after this many of them", {
  low: 1,
  high: 1 << 20,
});

/** Words of a list, joined by +, in one order. */
function words(name: string, meaning: string, known: readonly string[], initial?: string) {
  const parameter: Parameter = {
    name,
    meaning,
    parse(text) {
      const given = text.split("+");
      const unknown = given.find((word) => word !== "none" && !known.includes(word));
      if (unknown !== undefined) {
        throw new Error(
          `${quoted(unknown)} is not one of ${known.join(", ")} (joined by +) or none`,
        );
      }
      return [...new Set(given)].sort().join("+");
    },
  };
  return initial === undefined ? parameter : { ...parameter, default: initial };
}

const HINT_FLAGS = ["DONTDUMP", "SEQ_READ", "RAND_READ", "DONTCOPY", "LOCKED"];
const withModifiers = words(
  "with",
  "modifiers joined by +",
  MODIFIERS.map(({ id }) => id),
);
const callee = choice("callee", "what the subsystem's callback does", [
  "dma-coherent-eager",
  ...ARCHETYPES.map(({ id }) => id).filter(
    (id) => id !== "dma-coherent-eager" && id !== "dispatch-second-level",
  ),
]);

function parametersOf(id: string, does: DriverDescription): Parameter[] {
  const own: Parameter[] = [];
  if (id === "hint-or-dump-flag") {
    own.push(
      words("set", "flags the hook sets, joined by +", HINT_FLAGS, "DONTDUMP"),
      words("clear", "flags the hook clears, joined by +", HINT_FLAGS, "none"),
    );
  }
  if (id === "dispatch-second-level") own.push(callee);
  own.push(id === "always-reject" ? { ...errno, default: "ENOMEM" } : errno, fail);
  if ((does.pages ?? "none") !== "none" || id === "dispatch-second-level") own.push(failAfter);
  return [...own, withModifiers];
}

function family(
  kind: DriverFamily["kind"],
  does: DriverDescription,
  rest: Pick<DriverFamily, "examples" | "prepare">,
): DriverFamily {
  const { driver: id, title = "described in a file" } = does;
  return { id, kind, title, parameters: parametersOf(id, does), does, ...rest };
}

/** Every driver family of the catalogue. */
export const DRIVERS: readonly DriverFamily[] = [
  ...ARCHETYPES.map(({ id, title, does, prepare, examples }) =>
    family("archetype", { driver: id, title, ...does }, { prepare, examples }),
  ),
  ...MODIFIERS.map(({ id, title, prepare, examples }) => {
    const base: DriverDescription = { driver: id, title, ...ARCHETYPES[0]?.does };
    return family("modifier", modified(base, [id]), { prepare, examples });
  }),
];

/** Drivers that files have described, by name: the command line makes them known before it reads scenarios. */
const described = new Map<string, DriverFamily>();

/**
 * Makes a described driver known under its name, besides those of the catalogue. UsageError when that name stands
 * for another driver.
 */
export function addDriver(description: DriverDescription): DriverFamily {
  const { driver: id } = description;
  if (DRIVERS.some((d) => d.id === id)) {
    throw new UsageError(
      `driver ${quoted(id)}: the catalogue has one of that name, choose another`,
    );
  }
  const known = described.get(id);
  if (known && JSON.stringify(known.does) !== JSON.stringify(description)) {
    throw new UsageError(`driver ${quoted(id)} is described twice, and not alike`);
  }
  const reason = description["stays-on-mmap"];
  const prepare = reason === undefined ? "as described" : null;
  const added = family("file", description, { examples: [], prepare });
  described.set(id, added);
  return added;
}

/** Forgets what files have described: a worker goes from one sweep to another. */
export function forgetDrivers(): void {
  described.clear();
}

/** The family of that name. UsageError listing what there is. */
export function driverFamily(id: string): DriverFamily {
  const all = [...DRIVERS, ...described.values()];
  const found = all.find((d) => d.id === id);
  if (found) return found;
  throw new UsageError(`no driver ${quoted(id)}; there is ${all.map((d) => d.id).join(", ")}`);
}

/** A driver from `ID?name=value&...`. UsageError for an unknown id, parameter or value. */
export function parseDriver(text: string): Driver {
  const { id, query } = splitQuery(text);
  return driverOf(driverFamily(id), query);
}

/** A family with its parameters chosen. UsageError for values that contradict what the driver does. */
export function driverOf(family: DriverFamily, query: Readonly<Record<string, string>>): Driver {
  const { values, params } = parseParameters(`driver ${family.id}`, family.parameters, query);
  const description = chosen(family, values);
  const wrong = contradiction(description);
  if (wrong) {
    throw new UsageError(
      `driver ${family.id}${queryText(params)}: expected ${wrong.field.join(".")}: ${wrong.expected}`,
    );
  }
  return {
    id: family.id,
    title: family.title,
    examples: family.examples,
    params,
    description,
    record: () => recordOf(description),
  };
}

/** What the driver does with these parameters. */
function chosen({ does, parameters }: DriverFamily, values: Parameters): DriverDescription {
  let result: DriverDescription = { ...does };
  if (values.callee !== undefined) result = dispatched(result, String(values.callee));
  if (values.set !== undefined) {
    result.set = flagNames(values.set);
    result.clear = flagNames(values.clear);
  }
  const given = parameters.some(
    ({ name, default: initial }) =>
      ["errno", "fail", "fail-after"].includes(name) &&
      values[name] !== undefined &&
      values[name] !== initial,
  );
  if (given) result.fails = failureOf(does.fails, values);
  const names = [...(does.modifiers ?? []), ...String(values.with ?? "").split("+")];
  return modified(result, names);
}

function failureOf(
  before: DriverDescription["fails"],
  values: Parameters,
): DriverDescription["fails"] {
  const after = values["fail-after"];
  const where = values.fail ?? (after === undefined ? (before?.where ?? "at-once") : "after-pages");
  const failure: NonNullable<DriverDescription["fails"]> = {
    where: where as FailPoint,
    errno: values.errno ?? before?.errno ?? "ENOMEM",
  };
  if (after !== undefined) failure.after = Number(after);
  return failure;
}

function dispatched(front: DriverDescription, to: string): DriverDescription {
  const { driver, title, "stays-on-mmap": reason } = front;
  const does = ARCHETYPES.find(({ id }) => id === to)?.does;
  return { driver, title, ...does, "stays-on-mmap": reason };
}

function flagNames(value: Parameters[string] | undefined): FlagName[] {
  return String(value)
    .split("+")
    .filter((word) => word !== "none") as FlagName[];
}

/** The driver as the command line takes it. */
export function driverText(driver: Driver): string {
  return driver.id + queryText(driver.params);
}
