// What has been run: one JSON line a run, appended as soon as it is done.

import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

export function openLog(path) {
  mkdirSync(dirname(path), { recursive: true });
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  // the last line may be cut short by whatever ended the run before
  const entries = lines.flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
  if (lines.length > 0 && lines.at(-1) !== "") appendFileSync(path, "\n");
  return {
    entries: () => entries,
    /** The entry that has all of these values; undefined when there is none. */
    find: (wanted) =>
      entries.find((entry) => Object.entries(wanted).every(([key, value]) => entry[key] === value)),
    add(entry) {
      entries.push(entry);
      appendFileSync(path, `${JSON.stringify(entry)}\n`);
    },
  };
}
