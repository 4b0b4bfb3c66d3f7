import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MachineError, UsageError } from "../../src/errors.js";
import { BODY_LIMIT, commentBody, markerOf } from "../../src/github/body.js";
import { type ClientOptions, githubClient } from "../../src/github/client.js";
import { checkHead, postComment } from "../../src/github/comment.js";
import { type Failure, type FakeGitHub, fakeComment, fakeGitHub, HEAD, TOKEN } from "./server.js";

const NOW = 1_750_000_000_000;
const target = { repo: "octo/spoon", pull: 7, key: "report" };
const { text: body } = commentBody("**3 slower**", "report", null);

let github: FakeGitHub;
let waits: number[] = [];
beforeEach(async () => {
  github = await fakeGitHub();
  waits = [];
});
afterEach(() => github.close());

const client = (options: Partial<ClientOptions> = {}) =>
  githubClient({
    api: github.api,
    token: TOKEN,
    now: () => NOW,
    sleep: async (milliseconds) => void waits.push(milliseconds),
    ...options,
  });
const post = () => postComment(client(), target, body);
const fail = (method: string, ...failures: Failure[]) =>
  github.failures.push(...failures.map((failure) => ({ method, failure })));
const ours = () => github.comments.filter((comment) => comment.body === body);

describe("the comment", () => {
  test("is made once, then changed, then left alone when nothing changed", async () => {
    github.comments = [fakeComment(1, "nice", "mona")];
    expect(await post()).toEqual({
      action: "created",
      url: "https://github.example/octo/spoon/pull/7#1001",
    });
    github.comments[1]!.body = `${markerOf("report")}\nan older report`;
    expect((await post()).action).toBe("updated");
    expect((await post()).action).toBe("unchanged");
    expect(github.comments.map((comment) => comment.body)).toEqual(["nice", body]);
  });

  test("is found on the third page", async () => {
    github.comments = Array.from({ length: 250 }, (_, i) => fakeComment(i + 1, "talk", "mona"));
    github.comments[230] = fakeComment(231, `${markerOf("report")}\nold`);
    expect((await post()).action).toBe("updated");
    expect(github.comments[230]!.body).toBe(body);
    expect(github.requests.filter((line) => line.startsWith("GET /repos"))).toHaveLength(3);
  });

  test("of another key, of another person, or quoting the marker, is not ours", async () => {
    github.comments = [
      fakeComment(1, `${markerOf("other")}\nold`),
      fakeComment(2, `${markerOf("report")}\nforged`, "mallory"),
      fakeComment(3, `> ${markerOf("report")}\nquoted`),
    ];
    expect((await post()).action).toBe("created");
    expect(ours()).toHaveLength(1);
  });

  test("of a person's token is that person's", async () => {
    github.access = "user";
    github.comments = [
      fakeComment(1, `${markerOf("report")}\nold`),
      fakeComment(2, `${markerOf("report")}\nold`, "mona"),
    ];
    expect((await post()).action).toBe("updated");
    expect(github.comments[1]!.body).toBe(body);
  });
});

describe("failures in passing", () => {
  test.each<[string, Failure, number]>([
    ["an error of the service", { status: 502, body: "<html>" }, 1000],
    ["an error that says when", { status: 503, headers: { "retry-after": "7" } }, 7000],
    ["a closed connection", "reset", 1000],
    ["an answer that ends too early", "cut off", 1000],
    ["half a document", { status: 200, body: '[{"id": 1, "bo' }, 1000],
    ["a secondary limit", { status: 403, headers: { "retry-after": "30" } }, 30_000],
    [
      "a secondary limit in words",
      { status: 403, body: '{"message":"You have exceeded a secondary rate limit"}' },
      60_000,
    ],
    ["too many requests", { status: 429 }, 60_000],
    [
      "the primary limit",
      {
        status: 403,
        headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW / 1000 + 20) },
      },
      21_000,
    ],
    [
      "a date",
      { status: 429, headers: { "retry-after": new Date(NOW + 5000).toUTCString() } },
      5000,
    ],
  ])("%s is waited for", async (_, failure, wait) => {
    github.comments = [fakeComment(1, `${markerOf("report")}\nold`)];
    fail("PATCH", failure);
    expect((await post()).action).toBe("updated");
    expect(waits).toEqual([wait]);
  });

  test.each<Failure>(["reset", "done, then reset", "done, then 502", "cut off"])(
    "making the comment fails with %s: there is one all the same",
    async (failure) => {
      fail("POST", failure);
      expect(["created", "unchanged"]).toContain((await post()).action);
      expect(ours()).toHaveLength(1);
    },
  );

  test("an error that stays is given up, after waits that double", async () => {
    fail("PATCH", ...Array.from({ length: 9 }, () => ({ status: 500 }) as const));
    github.comments = [fakeComment(1, `${markerOf("report")}\nold`)];
    await expect(post()).rejects.toThrow(/answered 500; gave up after 6 attempts/);
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000]);
  });

  test("nobody waits an hour for a limit", async () => {
    const reset = String(NOW / 1000 + 3600);
    fail("POST", {
      status: 403,
      headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset },
    });
    await expect(post()).rejects.toThrow(/not waiting another 3601 s/);
    await expect(post()).resolves.toMatchObject({ action: "created" });
    expect(waits).toEqual([]);
  });

  test("a server that is not there", async () => {
    const { api } = github;
    await github.close();
    await expect(post()).rejects.toThrow(MachineError);
    await expect(post()).rejects.toThrow(/cannot reach http:\/\/127/);
    github = await fakeGitHub();
    expect(api).not.toBe(github.api);
  });
});

describe("refusals", () => {
  test("a read-only token: exit code 3, and what to do", async () => {
    github.access = "read";
    const error = await post().catch((e: Error) => e);
    expect(error).toBeInstanceOf(MachineError);
    expect((error as Error).message).toMatch(
      /403: Resource not accessible by integration.*fork.*docs\/ci\.md/,
    );
    expect(waits).toEqual([]);
  });

  test("a pull request that does not exist: exit code 2", async () => {
    const error = await postComment(client(), { ...target, pull: 8 }, body).catch((e: Error) => e);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(
      /404: Not Found; no such thing, or the token cannot see it/,
    );
  });

  test("a wrong token", async () => {
    await expect(postComment(client({ token: "wrong" }), target, body)).rejects.toThrow(
      /401: Bad credentials; GITHUB_TOKEN is not valid/,
    );
  });

  test("a repository that has moved: the token does not follow", async () => {
    fail(
      "GET",
      { status: 403 },
      { status: 301, headers: { location: "http://127.0.0.1:9/elsewhere" } },
    );
    await expect(post()).rejects.toThrow(/301; the repository has moved/);
  });

  test("the head of the pull request is not the one expected", async () => {
    await checkHead(client(), target, HEAD);
    await expect(checkHead(client(), target, "b".repeat(40))).rejects.toThrow(UsageError);
  });

  test("no message carries the token, whatever the server says", async () => {
    for (const status of [400, 401, 403, 404, 422]) {
      fail("POST", { status, body: JSON.stringify({ message: `no ${TOKEN}\u001b[2J` }) });
      const error = (await post().catch((e: Error) => e)) as Error;
      expect(error.message).toContain("no ***\\u001b[2J");
      expect(String(error.stack) + JSON.stringify(error)).not.toContain(TOKEN);
    }
  });

  test("a token or an address that cannot be right is refused before it is sent", () => {
    expect(() => client({ token: "two\nlines" })).toThrow(/^GITHUB_TOKEN: expected a token/);
    for (const api of ["http://example.org", "ftp://example.org", "https://u:p@example.org", "x"])
      expect(() => client({ api })).toThrow(/GITHUB_API_URL: expected an https address/);
    client({ api: "https://github.example/api/v3/" });
  });
});

describe("the body", () => {
  test("begins with the marker; pictures get the address of their folder", () => {
    const markdown = [
      "![1 slower](charts/time.png)",
      '<source srcset="charts/time-dark.png"><img src="./charts/time.png">',
      "[a link](charts/time.png) ![elsewhere](https://example.org/charts/x.png)",
    ].join("\n");
    expect(commentBody(markdown, "k", "https://example.org/pr-7/").text.split("\n")).toEqual([
      markerOf("k"),
      "![1 slower](https://example.org/pr-7/charts/time.png)",
      '<source srcset="https://example.org/pr-7/charts/time-dark.png"><img src="https://example.org/pr-7/charts/time.png">',
      "[a link](charts/time.png) ![elsewhere](https://example.org/charts/x.png)",
      "",
    ]);
  });

  test("that is too long ends with a whole line, closes what it opened, and is taken", async () => {
    const lines = Array.from({ length: 9000 }, (_, i) => `line ${i} ${"x".repeat(20)}`);
    const { text, cut } = commentBody(["<details>", "````", ...lines].join("\n"), "report", null);
    expect(cut).toBe(true);
    expect(text.length).toBeLessThanOrEqual(BODY_LIMIT);
    expect(text).toMatch(
      /\nline \d+ x{20}\n````\n<\/details>\n\n\*Cut here: \d+ more lines .*\*\n$/,
    );
    await postComment(client(), target, text);
    expect(github.comments[0]!.body).toBe(text);
  });

  test("of one endless line is cut as well", () => {
    expect(commentBody("x".repeat(200_000), "k", null).text.length).toBeLessThan(500);
  });
});
