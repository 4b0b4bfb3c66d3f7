// The forms of new issues, by what GitHub documents of them, and what they name.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { COMMANDS } from "../../src/cli/main.js";

const folder = new URL("../../.github/ISSUE_TEMPLATE/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), "utf8");
const forms = readdirSync(folder).filter((name) => name !== "config.yml");

const text = z.string().trim().min(1);
const validations = z.strictObject({ required: z.boolean() }).optional();
const named = { label: text, description: text.optional() };
const field = <T extends string, S extends z.ZodRawShape>(type: T, attributes: S) =>
  z.strictObject({
    type: z.literal(type),
    id: z.string().regex(/^[A-Za-z0-9_-]+$/),
    attributes: z.strictObject({ ...named, ...attributes }),
    validations,
  });
const typed = { placeholder: text.optional(), value: text.optional() };

const form = z.strictObject({
  name: text,
  description: text,
  labels: z.array(text).optional(),
  body: z
    .array(
      z.discriminatedUnion("type", [
        z.strictObject({
          type: z.literal("markdown"),
          attributes: z.strictObject({ value: text }),
        }),
        field("input", typed),
        field("textarea", { ...typed, render: text.optional() }),
        field("dropdown", { options: z.array(text).min(1), multiple: z.boolean().optional() }),
      ]),
    )
    .min(1),
});
const config = z.strictObject({ blank_issues_enabled: z.boolean() });

describe.each(forms)("%s", (name) => {
  const parsed = () => form.parse(parse(read(name)));

  test("is a form as GitHub documents it", () => {
    expect(() => parsed()).not.toThrow();
  });

  test("has every name once, and asks for something", () => {
    const { body } = parsed();
    const fields = body.flatMap((item) => (item.type === "markdown" ? [] : [item]));
    expect(fields.some((item) => item.validations?.required)).toBe(true);
    for (const names of [fields.map(({ id }) => id), fields.map((f) => f.attributes.label)])
      expect(new Set(names).size).toBe(names.length);
  });

  test("names commands that exist", () => {
    const known = COMMANDS.map((command) => command.name);
    for (const [, command] of read(name).matchAll(/`vmabench ([a-z-]+)/g))
      if (!command?.startsWith("-")) expect(known).toContain(command);
  });
});

test("the chooser's settings are as GitHub documents them", () => {
  expect(() => config.parse(parse(read("config.yml")))).not.toThrow();
});

test("the schema does find what is wrong", () => {
  for (const [right, wrong] of [
    ["required:", "requires:"],
    ["type: input", "type: inputs"],
    ["label: vmabench", "lable: vmabench"],
  ] as const)
    expect(form.safeParse(parse(read("bug.yml").replace(right, wrong))).success, wrong).toBe(false);
});
