// A Redis server of the tests' own: on loopback, with a password, its data in a folder of theirs.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Redis } from "ioredis";

/** Why there is none; null when there is one. */
export const noRedis: string | null =
  spawnSync("redis-server", ["--version"]).error === undefined
    ? null
    : "redis-server is not installed";

export const PASSWORD = "open-sesame";

export interface TestServer {
  url: string;
  start(): Promise<void>;
  /** As a crash: nothing is written down first. */
  kill(): Promise<void>;
}

export async function testServer(folder: string): Promise<TestServer> {
  const port = await freePort();
  const data = join(folder, `redis-${port}`);
  mkdirSync(data);
  const url = `redis://:${PASSWORD}@127.0.0.1:${port}/0`;
  const settings = [
    ["--port", port],
    ["--bind", "127.0.0.1"],
    ["--dir", data],
    ["--appendonly", "yes"],
    ["--save", ""],
    ["--requirepass", PASSWORD],
  ];
  let server: ChildProcess | undefined;
  return {
    url,
    async start() {
      server = spawn("redis-server", settings.flat().map(String), { stdio: "ignore" });
      const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
      redis.on("error", () => {});
      await redis.ping();
      redis.disconnect();
    },
    async kill() {
      if (!server || server.exitCode !== null) return;
      const ended = new Promise((resolve) => server?.once("exit", resolve));
      server.kill("SIGKILL");
      await ended;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
