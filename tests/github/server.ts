// A server on this machine that behaves like the part of GitHub's REST API that comments need: tokens and what
// they may do, pages with a Link header, numbers that exist or not, and failures on order.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeComment {
  id: number;
  body: string;
  user: { login: string; type: string };
}

/** Instead of an answer: a status with headers and text, or what else can happen on a network. */
export type Failure =
  | { status: number; headers?: Record<string, string>; body?: string }
  | "reset"
  | "cut off"
  | "done, then reset"
  | "done, then 502";

export interface FakeGitHub {
  api: string;
  comments: FakeComment[];
  /** `METHOD PATH` of every request, in order. */
  requests: string[];
  /** Taken one by one by requests of that method. */
  failures: { method: string; failure: Failure }[];
  /** What the token may do. */
  access: "write" | "read" | "user";
  close(): Promise<void>;
}

export const TOKEN = "ghs_secretSECRETsecret";
export const HEAD = "a".repeat(40);
const PULL = "/repos/octo/spoon/pulls/7";
const LIST = "/repos/octo/spoon/issues/7/comments";

export function fakeComment(id: number, body: string, login = "github-actions[bot]"): FakeComment {
  return { id, body, user: { login, type: login.endsWith("[bot]") ? "Bot" : "User" } };
}

export async function fakeGitHub(): Promise<FakeGitHub> {
  const fake: FakeGitHub = {
    api: "",
    comments: [],
    requests: [],
    failures: [],
    access: "write",
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => answer(fake, request, response, text));
  });
  server.keepAliveTimeout = 1;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  fake.api = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3`;
  return fake;
}

function answer(
  fake: FakeGitHub,
  request: IncomingMessage,
  response: ServerResponse,
  text: string,
) {
  const method = request.method ?? "";
  const path = (request.url ?? "").replace(/^\/api\/v3/, "");
  fake.requests.push(`${method} ${path}`);
  const at = fake.failures.findIndex((entry) => entry.method === method);
  const failure = at < 0 ? null : fake.failures.splice(at, 1)[0]!.failure;
  if (failure === "reset") {
    request.socket.destroy();
    return;
  }
  if (typeof failure === "object" && failure !== null) {
    response.writeHead(failure.status, failure.headers).end(failure.body ?? "");
    return;
  }
  if (request.headers.authorization !== `Bearer ${TOKEN}`) {
    send(response, 401, { message: "Bad credentials" });
    return;
  }
  const { status, data, link } = handle(fake, method, path, text);
  if (failure === "done, then reset") request.socket.destroy();
  else if (failure === "done, then 502") response.writeHead(502).end("<html>Bad gateway</html>");
  else if (failure === "cut off") {
    const whole = JSON.stringify(data);
    response.writeHead(status, { "content-length": whole.length });
    response.write(whole.slice(0, whole.length / 2), () => request.socket.destroy());
  } else send(response, status, data, link);
}

function send(response: ServerResponse, status: number, data: object, link?: string) {
  response.writeHead(status, { "content-type": "application/json", ...(link && { link }) });
  response.end(JSON.stringify(data));
}

interface Handled {
  status: number;
  data: object;
  link?: string;
}

function handle(fake: FakeGitHub, method: string, path: string, text: string): Handled {
  const url = new URL(path, fake.api);
  if (method === "GET" && path === "/user") {
    if (fake.access === "user") return { status: 200, data: { login: "mona" } };
    return { status: 403, data: { message: "Resource not accessible by integration" } };
  }
  if (method === "GET" && path === PULL) return { status: 200, data: { head: { sha: HEAD } } };
  if (method === "GET" && url.pathname === LIST) return listed(fake, url.searchParams);
  const changes =
    method === "POST" ? path === LIST : /^\/repos\/octo\/spoon\/issues\/comments\//.test(path);
  if (!changes || method === "GET") return { status: 404, data: { message: "Not Found" } };
  if (fake.access === "read") {
    return { status: 403, data: { message: "Resource not accessible by integration" } };
  }
  return changed(fake, method, path, (JSON.parse(text) as { body: string }).body);
}

function listed(fake: FakeGitHub, search: URLSearchParams): Handled {
  const [perPage, page] = [Number(search.get("per_page")), Number(search.get("page"))];
  const all = fake.comments.map((comment) => withUrl(comment));
  const more = page * perPage < all.length;
  return {
    status: 200,
    data: all.slice((page - 1) * perPage, page * perPage),
    ...(more && { link: `<${fake.api}${LIST}?page=${page + 1}>; rel="next", <x>; rel="last"` }),
  };
}

function changed(fake: FakeGitHub, method: string, path: string, body: string): Handled {
  if (body.length > 65_536) return { status: 422, data: { message: "Body is too long" } };
  if (method === "POST") {
    const login = fake.access === "user" ? "mona" : "github-actions[bot]";
    const comment = fakeComment(1000 + fake.comments.length, body, login);
    fake.comments.push(comment);
    return { status: 201, data: withUrl(comment) };
  }
  const comment = fake.comments.find(({ id }) => path.endsWith(`/${id}`));
  if (!comment) return { status: 404, data: { message: "Not Found" } };
  comment.body = body;
  return { status: 200, data: withUrl(comment) };
}

function withUrl(comment: FakeComment): object {
  return { ...comment, html_url: `https://github.example/octo/spoon/pull/7#${comment.id}` };
}
