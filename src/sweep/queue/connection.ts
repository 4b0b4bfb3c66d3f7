// The Redis server of `--queue`. Its address may carry a password: only `shownAddress` is ever printed.

import { Redis } from "ioredis";
import { MachineError, UsageError } from "../../errors.js";

/** Milliseconds in which a server has to answer before anything begins. */
const PATIENCE = 4000;
/** Longest pause between two attempts to get a lost connection back. */
const PAUSE = 1000;

/** A server's address without user, password and parameters. UsageError when it is not an address of Redis. */
export function shownAddress(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === "") {
    // the text itself may hold a password
    throw new UsageError(
      "--queue: expected redis://[USER:PASSWORD@]HOST[:PORT][/DB], or rediss:// for TLS",
    );
  }
  return `${parsed.protocol}//${parsed.hostname}:${parsed.port || 6379}${parsed.pathname.replace(/\/$/, "")}`;
}

/**
 * A connection that comes back by itself, for as long as it takes. MachineError when the server does not answer in
 * a few seconds, or refuses. `say` is told when the connection is lost, and when it is there again.
 */
export async function connect(url: string, say: (text: string) => void): Promise<Redis> {
  const shown = shownAddress(url);
  await checkServer(url);
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    connectTimeout: PATIENCE,
    retryStrategy: (attempt) => Math.min(50 * attempt, PAUSE),
  });
  let lost = false;
  redis.on("error", () => {}); // "close" follows, and says it once
  redis.on("close", () => {
    if (lost || redis.status === "end") return;
    lost = true;
    say(`the connection to ${shown} is lost; trying again`);
  });
  redis.on("ready", () => {
    if (lost) say(`connected to ${shown} again`);
    lost = false;
  });
  return redis;
}

/** MachineError when the server does not answer in a few seconds, or refuses. */
export async function checkServer(url: string): Promise<void> {
  const shown = shownAddress(url);
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: PATIENCE,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let reason = "no answer";
  redis.on("error", (error: Error) => {
    reason = error.message;
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(reason)), PATIENCE);
    });
    await Promise.race([redis.connect().then(() => redis.ping()), late]);
  } catch (error) {
    const message = reason === "no answer" ? (error as Error).message || reason : reason;
    throw new MachineError(`no Redis to use at ${shown}: ${withoutSecrets(message, url)}`);
  } finally {
    clearTimeout(timer);
    redis.disconnect();
  }
}

/** A message without the user and password of an address. */
export function withoutSecrets(message: string, url: string): string {
  const { username, password } = new URL(url);
  return [password, decodeURIComponent(password), username, decodeURIComponent(username)]
    .filter((secret) => secret !== "")
    .reduce((text, secret) => text.replaceAll(secret, "***"), message);
}
