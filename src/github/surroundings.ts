// What a workflow tells its steps: repository, pull request, summary.

import { readFileSync } from "node:fs";
import { z } from "zod";
import { UsageError } from "../errors.js";

const number = z.int().positive();
const eventSchema = z.object({
  pull_request: z.object({ number }).nullish(),
  issue: z.object({ number, pull_request: z.object({}).nullish() }).nullish(),
  workflow_run: z.object({ pull_requests: z.array(z.object({ number })).nullish() }).nullish(),
});

/** `owner/name`. UsageError when neither the flag nor the environment says which. */
export function repositoryOf(flag: string | undefined, environment: NodeJS.ProcessEnv): string {
  const text = flag ?? environment.GITHUB_REPOSITORY;
  if (text === undefined || text === "") {
    throw new UsageError("which repository? Expected --repo owner/name, or GITHUB_REPOSITORY");
  }
  const part = /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/;
  const parts = text.split("/");
  if (parts.length !== 2 || !parts.every((name) => part.test(name))) {
    throw new UsageError(`repository ${JSON.stringify(text)}: expected owner/name`);
  }
  return text;
}

/** The pull request's number, from the flag or the event that started the workflow. */
export function pullRequestOf(flag: string | undefined, environment: NodeJS.ProcessEnv): number {
  if (flag !== undefined) {
    if (/^[1-9]\d{0,9}$/.test(flag)) return Number(flag);
    throw new UsageError(`--pull ${JSON.stringify(flag)}: expected the number of a pull request`);
  }
  const found = environment.GITHUB_EVENT_PATH
    ? fromEvent(environment.GITHUB_EVENT_PATH)
    : undefined;
  if (found !== undefined) return found;
  throw new UsageError(
    "which pull request? Expected --pull N, or GITHUB_EVENT_PATH naming the event of one",
  );
}

function fromEvent(path: string): number | undefined {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`GITHUB_EVENT_PATH: ${path}: ${(error as Error).message}`);
  }
  const event = eventSchema.safeParse(data).data;
  const issue = event?.issue?.pull_request ? event.issue.number : undefined;
  return event?.pull_request?.number ?? issue ?? event?.workflow_run?.pull_requests?.[0]?.number;
}
