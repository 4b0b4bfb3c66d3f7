// Every page, run from its top.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { noRedis, type TestServer, testServer } from "../sweep/redis.js";
import { PAGES, readPage } from "./page.js";
import { runPages } from "./run-page.js";

const folder = mkdtempSync(join(tmpdir(), "vmabench-docs-redis-"));
let server: TestServer | undefined;

beforeAll(async () => {
  if (noRedis !== null) return;
  server = await testServer(folder);
  await server.start();
});

afterAll(async () => {
  await server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

runPages(PAGES.map(readPage), ({ needs }) =>
  needs === "redis" && server ? { VMABENCH_QUEUE: server.url } : {},
);
