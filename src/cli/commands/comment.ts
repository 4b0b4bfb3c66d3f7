// vmabench comment: one comment on a pull request, made or changed.

import { appendFileSync } from "node:fs";
import { Command } from "commander";
import { MachineError, UsageError } from "../../errors.js";
import { type Body, commentBody } from "../../github/body.js";
import { type Client, githubClient } from "../../github/client.js";
import { checkHead, type Posted, postComment, type Target } from "../../github/comment.js";
import { pullRequestOf, repositoryOf } from "../../github/surroundings.js";
import { readText } from "../../input/text.js";
import { printable } from "../../printable.js";
import { printJson } from "../print-json.js";

interface CommentFlags {
  repo?: string;
  pull?: string;
  body: string;
  key: string;
  images?: string;
  expectHead?: string;
  dryRun?: true;
  json?: true;
  quiet?: true;
}

export function commentCommand(): Command {
  return new Command("comment")
    .description("post a report as one comment on a GitHub pull request, or change it")
    .option("--repo <owner/name>", "the repository (default: GITHUB_REPOSITORY)")
    .option("--pull <n>", "the pull request (default: that of the event in GITHUB_EVENT_PATH)")
    .option("--body <file>", "Markdown to post", "reports/latest/report.md")
    .option("--key <word>", "tells several comments on one pull request apart", "report")
    .option("--images <url>", "address of the folder that the report's charts/ lies in")
    .option("--expect-head <sha>", "refuse when this is not the pull request's newest commit")
    .option("--dry-run", "print what would be posted, ask nobody")
    .option("--json", "print one JSON document")
    .option("--quiet", "do not say what was done")
    .addHelpText(
      "after",
      `
The token comes from GITHUB_TOKEN, the address of the API from GITHUB_API_URL. What could not be posted goes to the
file that GITHUB_STEP_SUMMARY names, where there is one, and the exit code is 3.`,
    )
    .action(comment);
}

async function comment(flags: CommentFlags): Promise<void> {
  const target = targetOf(flags);
  const body = commentBody(readBody(flags.body), target.key, imagesOf(flags.images));
  if (flags.dryRun) {
    if (!flags.json) process.stdout.write(process.stdout.isTTY ? shown(body.text) : body.text);
    say({ action: "dry run", url: null }, target, body, flags);
    return;
  }
  const token = process.env.GITHUB_TOKEN?.trim();
  if (!token) throw new UsageError("no token: expected one in GITHUB_TOKEN");
  const api = process.env.GITHUB_API_URL || "https://api.github.com";
  const client = githubClient({ api, token });
  try {
    say(await post(client, target, body, flags.expectHead), target, body, flags);
  } catch (error) {
    if (error instanceof MachineError) keep(body);
    throw error;
  }
}

async function post(client: Client, target: Target, body: Body, head: string | undefined) {
  if (head !== undefined) await checkHead(client, target, head);
  return postComment(client, target, body.text);
}

function targetOf({ repo, pull, key, expectHead }: CommentFlags): Target {
  if (!/^[\w.-]{1,64}$/.test(key)) {
    throw new UsageError(`--key ${JSON.stringify(key)}: expected letters, digits, ".", "_" or "-"`);
  }
  if (expectHead !== undefined && !/^[0-9a-f]{40,64}$/.test(expectHead)) {
    throw new UsageError("--expect-head: expected a whole commit id");
  }
  return {
    repo: repositoryOf(repo, process.env),
    pull: pullRequestOf(pull, process.env),
    key,
  };
}

function imagesOf(images: string | undefined): string | null {
  if (images === undefined) return null;
  if (URL.canParse(images) && /^https?:\/\/[^\s"'<>()]+$/.test(images)) return images;
  throw new UsageError(`--images ${JSON.stringify(images)}: expected an address`);
}

/** Most bytes of a body; what does not fit into a comment is cut off. */
const BODY_BYTES = 1 << 22;

function readBody(path: string): string {
  const text = readText(path, BODY_BYTES);
  if (text.trim() === "") throw new UsageError(`${path}: expected Markdown, found nothing`);
  return text;
}

function shown(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** Into the summary of the job, so that the report is not lost with the comment. */
function keep({ text }: Body): void {
  const summary = process.env.GITHUB_STEP_SUMMARY;
  if (!summary) return;
  try {
    appendFileSync(summary, `\n${text}`);
    process.stderr.write("vmabench: not posted; the report is in the summary of the job\n");
  } catch (error) {
    process.stderr.write(`vmabench: GITHUB_STEP_SUMMARY: ${printable((error as Error).message)}\n`);
  }
}

function say(
  posted: { action: Posted["action"] | "dry run"; url: string | null },
  { repo, pull }: Target,
  { text, cut }: Body,
  flags: CommentFlags,
): void {
  if (flags.json) {
    const document = { ...posted, repo, pull, characters: text.length, cut };
    printJson(document);
  } else if (!flags.quiet) {
    const where = posted.url ? `: ${printable(posted.url)}` : "";
    const note = cut ? ", cut to what GitHub takes" : "";
    process.stderr.write(`${repo}#${pull}: ${posted.action}${note}${where}\n`);
  }
}
