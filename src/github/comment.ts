// One comment on a pull request: made the first time, changed from then on.

import { z } from "zod";
import { MachineError, UsageError } from "../errors.js";
import { markerOf } from "./body.js";
import { type Client, Passing } from "./client.js";

export interface Target {
  /** `owner/name` */
  repo: string;
  pull: number;
  key: string;
}

export interface Posted {
  action: "created" | "updated" | "unchanged";
  url: string | null;
}

const commentSchema = z.object({
  id: z.int().positive(),
  html_url: z.string(),
  body: z.string().nullish(),
  user: z.object({ login: z.string(), type: z.string() }).nullish(),
});
type Comment = z.infer<typeof commentSchema>;

const PER_PAGE = 100;
/** No pull request has more comments than that. */
const MOST_PAGES = 100;

/**
 * Makes the comment, or changes the one that is there. Making it is not repeated blindly: after a failure it is
 * first looked up whether it was made after all.
 */
export async function postComment(client: Client, target: Target, body: string): Promise<Posted> {
  const { repo, pull } = target;
  const mine = await authorship(client);
  for (;;) {
    const found = await findComment(client, target, mine);
    if (found && sameText(found.body ?? "", body)) {
      return { action: "unchanged", url: found.html_url };
    }
    if (found) {
      const path = `/repos/${repo}/issues/comments/${found.id}`;
      const { data } = await client.request("PATCH", path, { body });
      return { action: "updated", url: urlOf(data) };
    }
    try {
      const path = `/repos/${repo}/issues/${pull}/comments`;
      const { data } = await client.request("POST", path, { body }, true);
      return { action: "created", url: urlOf(data) };
    } catch (error) {
      if (!(error instanceof Passing)) throw error;
      await client.again(error);
    }
  }
}

/**
 * UsageError unless the pull request's newest commit is `head`: whoever takes the number from a foreign run's
 * artifact must not be sent to another pull request.
 */
export async function checkHead(client: Client, target: Target, head: string): Promise<void> {
  const { repo, pull } = target;
  const { data } = await client.request("GET", `/repos/${repo}/pulls/${pull}`);
  const found = z.object({ head: z.object({ sha: z.string() }) }).safeParse(data);
  if (found.data?.head.sha !== head) {
    throw new UsageError(`pull request ${pull} of ${repo}: its newest commit is not ${head}`);
  }
}

/** Whose comments are ours: the token's user, or any bot's where the token belongs to an app and has none. */
async function authorship(client: Client): Promise<(comment: Comment) => boolean> {
  try {
    const { data } = await client.request("GET", "/user");
    const user = z.object({ login: z.string() }).safeParse(data);
    if (user.success) return (comment) => comment.user?.login === user.data.login;
  } catch (error) {
    // an app's token, such as that of a workflow, may not ask
    if (!(error instanceof MachineError || error instanceof UsageError)) throw error;
  }
  return (comment) => comment.user?.type === "Bot";
}

/** The oldest comment of ours that begins with the marker. */
async function findComment(
  client: Client,
  { repo, pull, key }: Target,
  mine: (comment: Comment) => boolean,
): Promise<Comment | null> {
  const marker = markerOf(key);
  for (let page = 1; page <= MOST_PAGES; page++) {
    const path = `/repos/${repo}/issues/${pull}/comments?per_page=${PER_PAGE}&page=${page}`;
    const { data, more } = await client.request("GET", path);
    const comments = z.array(commentSchema).safeParse(data);
    if (!comments.success) throw new MachineError(`GET ${path}: the answer is no list of comments`);
    const found = comments.data.find((c) => c.body?.startsWith(marker) && mine(c));
    if (found) return found;
    if (!more) break;
  }
  return null;
}

function sameText(one: string, other: string): boolean {
  const plain = (text: string) => text.replaceAll("\r\n", "\n").trimEnd();
  return plain(one) === plain(other);
}

function urlOf(data: unknown): string | null {
  return commentSchema.safeParse(data).data?.html_url ?? null;
}
