import { defineConfig } from "vitest/config";

// How long a test takes says something about the machine, not about the code: the limit only ends one that hangs.
export default defineConfig({ test: { testTimeout: 120_000, hookTimeout: 120_000 } });
