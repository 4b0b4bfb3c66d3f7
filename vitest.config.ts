import { readFileSync } from "node:fs";
import { configDefaults, defineConfig } from "vitest/config";

/** Random worlds of about thirty calls: a million calls in `npm run test:long`. */
const LONG_RUNS = "34000";
const MINUTE = 60_000;
/** Those that measure, or wait for other programs: `npm run test:slow`. */
const SLOW = "tests/**/*.slow.test.ts";

/** GitHub's parser imports JSON as only a bundler may, and names source maps that it does not carry. */
const PARSER = "@actions/workflow-parser";
const parserWithoutMaps = {
  name: "parser-without-maps",
  load: (id: string) =>
    id.includes(PARSER) && id.endsWith(".js")
      ? readFileSync(id, "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, "")
      : null,
};

// How long a test takes says something about the machine, not about the code: the limit only ends one that hangs.
export default defineConfig(({ mode }) => {
  const isLong = mode === "long";
  const limit = (isLong ? 120 : 2) * MINUTE;
  return {
    plugins: [parserWithoutMaps],
    test: {
      server: { deps: { inline: [PARSER] } },
      testTimeout: limit,
      hookTimeout: limit,
      env: isLong ? { VMABENCH_RUNS: LONG_RUNS } : {},
      ...(mode === "slow" ? { include: [SLOW] } : { exclude: [...configDefaults.exclude, SLOW] }),
      // by itself vitest leaves one core idle, which on two cores is half of them; what measures runs alone
      maxWorkers: mode === "slow" ? 1 : "100%",
    },
  };
});
