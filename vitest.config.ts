import { defineConfig } from "vitest/config";

/** Random worlds of about thirty calls: a million calls in `npm run test:long`. */
const LONG_RUNS = "34000";
const MINUTE = 60_000;

// How long a test takes says something about the machine, not about the code: the limit only ends one that hangs.
export default defineConfig(({ mode }) => {
  const isLong = mode === "long";
  const limit = (isLong ? 120 : 2) * MINUTE;
  const env: Record<string, string> = isLong ? { VMABENCH_RUNS: LONG_RUNS } : {};
  // by itself vitest leaves one core idle, which on two cores is half of them
  return { test: { testTimeout: limit, hookTimeout: limit, env, maxWorkers: "100%" } };
});
