import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type FakeGitHub, fakeGitHub, HEAD, TOKEN } from "../github/server.js";
import { vmabench } from "./command.js";

let folder = "";
let report = "";
let github: FakeGitHub;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-comment-"));
  report = join(folder, "report.md");
  writeFileSync(report, "# A report\n\n![x](charts/time.png)\n");
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  github = await fakeGitHub();
});
afterEach(() => github.close());

const NOWHERE = { GITHUB_REPOSITORY: "", GITHUB_EVENT_PATH: "", GITHUB_STEP_SUMMARY: "" };
const comment = (args: string[], env: Record<string, string> = {}) =>
  vmabench(["comment", "--body", report, ...args], {
    env: { ...NOWHERE, GITHUB_API_URL: github.api, GITHUB_TOKEN: TOKEN, ...env },
  });
const here = ["--repo", "octo/spoon", "--pull", "7"];

describe("vmabench comment", () => {
  test("posts, and says where", async () => {
    const images = "https://example.org/7";
    const { code, stdout, stderr } = await comment([
      ...here,
      "--images",
      images,
      "--expect-head",
      HEAD,
    ]);
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toBe("octo/spoon#7: created: https://github.example/octo/spoon/pull/7#1000\n");
    expect(github.comments[0]!.body).toMatch(
      /# A report\n\n!\[x\]\(https:\/\/example\.org\/7\/charts\//,
    );
  });

  test("takes repository and number from the workflow's surroundings; --json is one document", async () => {
    const event = join(folder, "event.json");
    writeFileSync(event, JSON.stringify({ pull_request: { number: 7 } }));
    const { stdout } = await comment(["--json"], {
      GITHUB_REPOSITORY: "octo/spoon",
      GITHUB_EVENT_PATH: event,
    });
    expect(JSON.parse(stdout)).toMatchObject({
      action: "created",
      pull: 7,
      repo: "octo/spoon",
      cut: false,
    });
  });

  test("a read-only token: exit code 3, and the report is in the job's summary", async () => {
    github.access = "read";
    const summary = join(folder, "summary.md");
    const { code, stderr } = await comment(here, { GITHUB_STEP_SUMMARY: summary });
    expect(code).toBe(3);
    expect(stderr).toMatch(/the report is in the summary of the job\nvmabench: POST .* 403/);
    expect(readFileSync(summary, "utf8")).toContain("# A report");
    expect(stderr).not.toContain(TOKEN);
  });

  test("--dry-run prints the comment and asks nobody", async () => {
    const { code, stdout, stderr } = await comment([...here, "--dry-run"], { GITHUB_TOKEN: "" });
    expect([code, stderr]).toEqual([0, "octo/spoon#7: dry run\n"]);
    expect(stdout).toMatch(/^<!-- vmabench comment: report -->\n# A report\n/);
    expect(github.requests).toEqual([]);
  });

  test.each([
    [["--pull", "7"], "which repository?"],
    [["--repo", "octo/../spoon", "--pull", "7"], "expected owner/name"],
    [["--repo", "octo/..", "--pull", "7"], "expected owner/name"],
    [["--repo", "octo/spoon"], "which pull request?"],
    [["--repo", "octo/spoon", "--pull", "7/../8"], "expected the number of a pull request"],
    [[...here, "--key", "--> x"], "--key"],
    [[...here, "--images", "javascript:alert(1)"], "--images"],
    [[...here, "--expect-head", "HEAD"], "--expect-head"],
    [[...here, "--body", "/nowhere/report.md"], "cannot read /nowhere/report.md"],
  ])("%j is refused before anything is sent", async (args, message) => {
    const { code, stderr } = await comment(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(github.requests).toEqual([]);
  });

  test("without a token it says where one is expected", async () => {
    const { code, stderr } = await comment(here, { GITHUB_TOKEN: "" });
    expect([code, stderr]).toEqual([2, "vmabench: no token: expected one in GITHUB_TOKEN\n"]);
  });
});
