// The command line that measures something of a result again, in one line.

import { type RunSettings, runWords, shellWord } from "./command.js";

/** The command for the whole run, or with `ids` for some of its scenarios only. */
export function reproduce(
  { settings }: { settings: RunSettings },
  ids: readonly string[] = [],
): string {
  const own = ids.length > 0 ? { ...settings, filters: ids } : settings;
  return runWords({ settings: own }).map(shellWord).join(" ");
}
