// The little of GitHub's REST API that a comment needs: requests that wait and try again where that helps, within
// bounds, and errors that say what to do and never carry the token.

import { MachineError, UsageError } from "../errors.js";
import { printable } from "../printable.js";
import { retryWait } from "./retry.js";

export interface ClientOptions {
  /** Such as `https://api.github.com`. */
  api: string;
  token: string;
  /** Waits that the service asks for may take together at most so many milliseconds. */
  patience?: number;
  /** For tests: how to wait so many milliseconds. */
  sleep?: (milliseconds: number) => Promise<void>;
  /** For tests: milliseconds since 1970. */
  now?: () => number;
}

export interface Answer {
  status: number;
  /** Parsed; undefined when the answer was empty. */
  data: unknown;
  /** Whether the service says that there is another page. */
  more: boolean;
}

export interface Client {
  /**
   * One request. MachineError for what the token may not do or what did not get better in time, UsageError for
   * what does not exist. `once`: a failure in passing is thrown as Passing instead of tried again, because
   * whether the request took effect has to be looked up first.
   */
  request(method: string, path: string, body?: object, once?: boolean): Promise<Answer>;
  /** Waits before another attempt. Throws the failure itself once there were too many. */
  again(failure: Passing): Promise<void>;
}

/** Something that may be gone at the next attempt: the network, an error of the service, a rate limit. */
export class Passing extends Error {
  override name = "Passing";

  /** `wait`: milliseconds that the service asked for; null when it said nothing. */
  constructor(
    message: string,
    readonly wait: number | null,
  ) {
    super(message);
  }
}

/** Failures of a client before it gives up, whatever requests they were of. */
const MOST_FAILURES = 6;
const PATIENCE = 180_000;
const REQUEST_TIMEOUT = 30_000;
/** First wait when the service does not say how long, doubled each time. */
const FIRST_WAIT = 1000;

export function githubClient(options: ClientOptions): Client {
  const { token, patience = PATIENCE, now = Date.now } = options;
  const sleep = options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  const base = checkedBase(options.api);
  if (!/^[!-~]+$/.test(token)) {
    throw new UsageError("GITHUB_TOKEN: expected a token, printable characters without blanks");
  }
  const safe = (text: string) => printable(text.replaceAll(token, "***")).slice(0, 300);
  let failures = 0;
  let waited = 0;

  async function again(failure: Passing): Promise<void> {
    failures++;
    const wait = failure.wait ?? FIRST_WAIT * 2 ** (failures - 1);
    if (failures >= MOST_FAILURES) {
      throw new MachineError(`${failure.message}; gave up after ${failures} attempts`);
    }
    if (waited + wait > patience) {
      const seconds = Math.ceil(wait / 1000);
      throw new MachineError(`${failure.message}; not waiting another ${seconds} s for it`);
    }
    waited += wait;
    await sleep(wait);
  }

  async function request(method: string, path: string, body?: object, once = false) {
    for (;;) {
      try {
        return await attempt(method, path, body);
      } catch (error) {
        if (!(error instanceof Passing) || once) throw error;
        await again(error);
      }
    }
  }

  async function attempt(method: string, path: string, body?: object): Promise<Answer> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(base + path, {
        method,
        redirect: "manual", // the token goes nowhere else
        signal: AbortSignal.timeout(REQUEST_TIMEOUT),
        headers: {
          accept: "application/vnd.github+json",
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          "user-agent": "vmabench",
          "x-github-api-version": "2022-11-28",
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      text = await response.text();
    } catch (error) {
      throw new Passing(safe(`cannot reach ${base}: ${causeOf(error)}`), null);
    }
    const wait = retryWait(response, text, now());
    const said = messageOf(text);
    if (wait !== undefined) {
      throw new Passing(safe(`${base} answered ${response.status}${said}`), wait);
    }
    if (response.status >= 300) throw refusal(method, path, response.status, safe(said));
    return {
      status: response.status,
      data: parsed(text, base),
      more: /rel="?next"?/.test(response.headers.get("link") ?? ""),
    };
  }

  return { request, again };
}

/** The API's address without a slash at its end. The token is sent there: no plain HTTP but to this machine. */
function checkedBase(api: string): string {
  const url = URL.canParse(api) ? new URL(api) : null;
  const local = url !== null && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  const secure = url?.protocol === "https:" || (url?.protocol === "http:" && local);
  if (!url || !secure || url.username || url.password || url.search || url.hash) {
    throw new UsageError(`GITHUB_API_URL: expected an https address`);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** An answer that was cut off on its way is as good as none. */
function parsed(text: string, base: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Passing(`${base}: the answer is no JSON, or only a part of it`, null);
  }
}

function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? `: ${message}` : "";
  } catch {
    return ""; // a page of some proxy
  }
}

function causeOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message ? cause.message : message;
}

function refusal(method: string, path: string, status: number, said: string): Error {
  const what = `${method} ${path} answered ${status}${said}`;
  if (status === 401) return new MachineError(`${what}; GITHUB_TOKEN is not valid`);
  if (status === 403) {
    return new MachineError(
      `${what}; the token may not do this. It needs "pull-requests: write", and a pull request from a fork ` +
        "has a read-only one: docs/ci.md says how to comment there",
    );
  }
  if (status === 404) return new UsageError(`${what}; no such thing, or the token cannot see it`);
  if (status < 400)
    return new UsageError(`${what}; the repository has moved, name it as it is now`);
  return new UsageError(what);
}
