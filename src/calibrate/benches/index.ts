// All microbenchmarks.

import type { Bench } from "../bench.js";
import { changingBenches } from "./changing.js";
import { mappingBenches } from "./mapping.js";
import { pageBenches } from "./pages.js";

/** Grouped by the number of other VMAs, fewest first. */
export function sessions(): Bench[][] {
  const all = [...mappingBenches(), ...pageBenches(), ...changingBenches()];
  const sizes = [...new Set(all.map(({ others }) => others))].sort((a, b) => a - b);
  return sizes.map((size) => all.filter(({ others }) => others === size));
}
