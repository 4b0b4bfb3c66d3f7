import { expect, test } from "vitest";
import { QUICK } from "./commands.js";
import { testDisks } from "./disk.js";
import { makePlace, Running, removePlace } from "./harness.js";

testDisks(QUICK);

test("output that goes to a full disk is one line and exit code 3", async () => {
  const place = makePlace();
  const before = ["sh", "-c", '"$@" >/dev/full', "sh"];
  const { code, stderr } = await new Running(place, ["list", "workloads"], { before }).ended;
  removePlace(place);
  expect([code, stderr]).toEqual([3, "vmabench: cannot write standard output: no space left\n"]);
});
