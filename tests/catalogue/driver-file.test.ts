// `--driver FILE`: the examples, and what is said about wrong files.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { driverJsonSchema } from "../../src/catalogue/description.js";
import { driverArgument, readDriverFile } from "../../src/catalogue/driver-file.js";
import { DRIVERS, parseDriver } from "../../src/catalogue/drivers.js";
import * as abi from "../../src/core/abi.js";
import { UsageError } from "../../src/errors.js";
import { DOCUMENT_BYTES } from "../../src/input/document.js";

const folder = mkdtempSync(join(tmpdir(), "vmabench-driver-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(text: string, ending = "yaml"): string {
  const path = join(folder, `d${files++}.${ending}`);
  writeFileSync(path, text);
  return path;
}

const examples = fileURLToPath(new URL("../../examples/drivers/", import.meta.url));

describe("examples", () => {
  test("there is one for each driver of the catalogue", () => {
    const names = readdirSync(examples).map((name) => name.replace(".yaml", ""));
    expect(names.sort()).toEqual(DRIVERS.map(({ id }) => id).sort());
  });

  test.each(DRIVERS.map(({ id }) => id))("%s.yaml describes the built-in driver", (id) => {
    const mine = driverArgument(join(examples, `${id}.yaml`));
    expect(mine.id).toBe(`my-${id}`);
    const builtIn = parseDriver(id);
    expect(mine.record("mmap")).toEqual(builtIn.record("mmap"));
    const reason = "stays-on-mmap";
    expect(mine.description[reason]).toBe(builtIn.description[reason]);
    // known by its name from now on, with the parameters that every driver has
    expect(parseDriver(`my-${id}?fail=at-once&errno=EIO`).record("mmap")).toMatchObject({
      failPoint: abi.HOOK_FAILS_AT_ONCE,
      errno: abi.EIO,
    });
  });
});

test("the JSON Schema shipped is the current one (vitest -u writes it)", async () => {
  await expect(driverJsonSchema()).toMatchFileSnapshot("../../schemas/driver.schema.json");
});

test("JSON says the same as YAML", () => {
  const text = '{\n\t"driver": "in-json",\n\t"set": ["VM_DONTDUMP"],\n\t"ops": ["fault"]\n}\n';
  const { record } = driverArgument(file(text, "json"));
  expect(record("mmap")).toEqual({
    flagsSet: abi.VM_DONTDUMP,
    flagsCleared: 0,
    ops: abi.OPS_INSTALLED | abi.OPS_FAULT,
  });
});

test("modifiers of a file are applied", () => {
  const text = "driver: modified\nset: [PFNMAP]\nmodifiers: [dontcopy-wipe, refcount-on-map]\n";
  const record = driverArgument(file(text)).record("mmap");
  expect(record.flagsSet).toBe(abi.VM_PFNMAP + abi.VM_DONTCOPY);
  expect(record.ops).toBe(abi.OPS_INSTALLED | abi.OPS_OPEN | abi.OPS_CLOSE | abi.OPS_MAPPED);
});

describe("wrong files", () => {
  const one = "driver: d\n";
  test.each([
    ["an unknown field", `${one}flags: [IO]\n`, /:2: expected flags: one of the fields driver, ti/],
    ["an unknown field below", `${one}fails:\n  where: at-once\n  when: 3\n`, /:4: .*when: one of/],
    ["no name", "title: x\n", /:1: expected driver: a text, found nothing/],
    ["a name that is none", "driver: My Driver\n", /:1: expected driver: a name of lower-case/],
    ["an unknown flag", `${one}set:\n  - IO\n  - DONTDUMB\n`, /:4: expected set\.1: READ, /],
    ["no list", `${one}set: IO\n`, /:2: expected set: a list, found "IO"/],
    ["a wrong errno", `${one}fails: { where: at-once, errno: ENOMEMM }\n`, /:2: .*fails\.errno.*a/],
    ["an errno of 0", `${one}fails: { where: at-once, errno: 0 }\n`, /:2: expected fails\.errno/],
    ["an unknown place", `${one}fails:\n  where: later\n`, /:3: expected fails\.where: at-once, /],
    ["opposites", `${one}set: [SEQ_READ, RAND_READ]\n`, /:2: expected set: SEQ_READ or RAND_READ/],
    ["set and cleared", `${one}set: [IO]\nclear: [VM_IO]\n`, /:3: expected clear: .*\(IO\)/],
    ["both kinds", `${one}set: [PFNMAP, MIXEDMAP]\n`, /:2: expected set: PFNMAP or MIXEDMAP/],
    ["pages and no way", `${one}pages: all\n`, /:1: expected by: remap, pieces or insert/],
    ["a way and no pages", `${one}by: remap\n`, /:1: expected pages: all or a number/],
    ["a lost flag", `${one}clear: [PFNMAP]\npages: all\nby: remap\n`, /:2: expected clear: no PFN/],
    ["too many pages", `${one}pages: 99999999\nby: remap\n`, /:2: expected pages: /],
    ["failing after none", `${one}fails: { where: after-pages }\n`, /:2: expected fails\.where/],
    ["failing in no mapped", `${one}fails: { where: mapped }\n`, /:2: .*`mapped` among `ops`/],
    [
      "failing past the end",
      `${one}pages: 4\nby: insert\nfails: { where: after-pages, after: 9 }\n`,
      /:4: expected fails\.after: fewer pages/,
    ],
    ["an override of nothing", `${one}error-override: EAGAIN\n`, /:2: expected error-override/],
    ["two offsets", `${one}offset: 1\noffset-by: 1\n`, /:3: expected offset-by/],
    [
      "a contradicting modifier",
      `${one}set: [MAYWRITE]\nmodifiers: [drop-may-bits]\n`,
      /:3: expected modifiers/,
    ],
    ["a catalogue name", "driver: vmops-only\n", /the catalogue has one of that name/],
    ["broken YAML", `${one}set: [IO\n`, /:3: expected YAML or JSON, found/],
    [
      "a field twice",
      `${one}pages: all\npages: none\n`,
      /:3: expected each field once, found "pages" again/,
    ],
    [
      "an alias of nothing",
      `${one}title: *other\n`,
      /:2: expected an anchor before it, found "\*other"/,
    ],
    [
      "a tag of one's own",
      `${one}title: !mine x\n`,
      /:2: expected YAML or JSON, found Unresolved tag/,
    ],
    ["a key that is a list", `${one}? [a]\n: b\n`, /:2: expected the name of a field, found/],
    ["__proto__", `${one}__proto__: { ops: [] }\n`, /:2: expected the name of a field/],
    ["two documents", `${one}---\n${one}`, /:2: expected YAML or JSON, found .*multiple documents/],
    ["nothing", "", /:1: expected a mapping, found nothing/],
    ["a list", "- a\n", /:1: expected a mapping, found a list/],
    ["binary", "\u0000\u0001\u0002", /:1: expected/],
  ])("%s", (_, text, message) => {
    const read = () => driverArgument(file(text));
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
  });

  test("a missing file and a folder", () => {
    expect(() => readDriverFile(join(folder, "none.yaml"))).toThrow(/cannot read .*no such file/);
    expect(() => readDriverFile(`${folder}/`)).toThrow(/it is a folder/);
  });

  test("the same name for two different drivers", () => {
    driverArgument(file("driver: twin\n"));
    expect(() => driverArgument(file("driver: twin\n"))).not.toThrow();
    expect(() => driverArgument(file("driver: twin\nset: [IO]\n"))).toThrow(/described twice/);
  });
});

describe("files made to hurt end soon", () => {
  const levels = 9;
  const laughs = Array.from(
    { length: levels },
    (_, i) =>
      `a${i}: &a${i} [${
        i === 0
          ? "x"
          : Array(10)
              .fill(`*a${i - 1}`)
              .join(", ")
      }]`,
  ).join("\n");
  const doubled = Array.from(
    { length: 16 },
    (_, i) => `a${i}: &a${i} [${i === 0 ? "x, x" : `*a${i - 1}, *a${i - 1}`}]`,
  ).join("\n");
  const full = (text: string) => text.repeat(Math.floor(DOCUMENT_BYTES / text.length));
  const deep = Array.from({ length: 200 }, (_, i) => `${" ".repeat(i)}k:`).join("\n");

  test.each([
    ["10 MB", `driver: d\n${"# padding\n".repeat(1 << 20)}`, /at most \d+ bytes/],
    ["aliases that explode", `${laughs}\ndriver: d\n`, /at most 32 aliases, found more/],
    ["aliases that double", `${doubled}\ndriver: d\n`, /:2: .*aliases that stand for at most 32/],
    ["deep brackets", "[".repeat(30_000), /nesting of at most 32 levels/],
    ["deep indentation", deep, /nesting of at most 32 levels/],
    ["deep list in one line", `${"- ".repeat(15_000)}x`, /nesting of at most 32 levels/],
    ["a long list", `driver: d\nset: [${"IO, ".repeat(8_000)}IO]\n`, /at most 64 entries/],
    [
      "many fields",
      Array.from({ length: 3500 }, (_, i) => `f${i}: 1`).join("\n"),
      /:1: expected driver: a text/,
    ],
    ["an error in every letter", full('"'), /:1: expected YAML or JSON/],
    ["a key over and over", full("a:\n"), /:2: expected each field once/],
    ["lists one after the other", full("[]"), /:1: expected YAML or JSON/],
    ["one long line", `driver: ${"x".repeat(DOCUMENT_BYTES - 100)}\n`, /a name of lower-case/],
  ])("%s", (_, text, message) => {
    const path = file(text);
    const start = process.cpuUsage();
    expect(() => driverArgument(path)).toThrow(message);
    expect(() => driverArgument(path)).toThrow(UsageError);
    const { user } = process.cpuUsage(start);
    expect(user / 2e6, "seconds of processor time for one read").toBeLessThan(3);
  });
});
