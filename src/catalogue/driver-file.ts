// `--driver FILE`: a driver that its author describes, in YAML or JSON.

import { readDocument } from "../input/document.js";
import { contradiction, driverSchema } from "./description.js";
import { addDriver, type Driver, driverOf, parseDriver } from "./drivers.js";
import { modified } from "./modifiers.js";

/**
 * The driver of `--driver`: the name of one in the catalogue, or a file that describes one. UsageError for an
 * unknown name, InputError naming line and field for a wrong file.
 */
export function driverArgument(text: string): Driver {
  return isFile(text) ? driverOf(addDriver(readDriverFile(text)), {}) : parseDriver(text);
}

/** Names of the catalogue have neither a folder nor an ending. */
export function isFile(text: string): boolean {
  return /\.(ya?ml|json)$/i.test(text) || text.includes("/");
}

/** What a driver file describes. InputError naming line and field when it is wrong. */
export function readDriverFile(path: string) {
  const { data, wrong } = readDocument(path, driverSchema);
  const inItself = contradiction(data);
  if (inItself) throw wrong(inItself.field, inItself.expected);
  const withModifiers = contradiction(modified(data, data.modifiers ?? []));
  if (withModifiers) throw wrong(["modifiers"], `none that contradicts the other fields`);
  return data;
}
