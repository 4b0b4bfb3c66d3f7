// `--driver FILE`: a driver that its author describes, in YAML or JSON.

import { readDocument } from "../input/document.js";
import { fileArgument } from "./argument.js";
import { contradiction, driverSchema } from "./description.js";
import { addDriver, type Driver, driverOf, parseDriver } from "./drivers.js";
import { modified } from "./modifiers.js";

/**
 * The driver of `--driver`: one of the catalogue by name, or a file that describes one, with parameters behind
 * it. UsageError for an unknown name or parameter, InputError naming line and field for a wrong file.
 */
export function driverArgument(text: string): Driver {
  const file = fileArgument(text);
  return file ? driverOf(addDriver(readDriverFile(file.path)), file.query) : parseDriver(text);
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
