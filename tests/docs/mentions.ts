// What a page names that has to exist: commands, their options, npm scripts, scripts of ours.

import { existsSync, readFileSync } from "node:fs";
import { COMMANDS } from "../../src/cli/main.js";
import { type Page, root } from "./page.js";

const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
  scripts: Record<string, string>;
};

/** Options of every command, as the command line has them. */
const OPTIONS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  await Promise.all(
    COMMANDS.map(async ({ name, load }) => {
      const { options } = await load();
      return [name, new Set([...options.flatMap(({ long }) => long ?? []), "--help"])] as const;
    }),
  ),
);

/** Everything named in code, in blocks and in the text, that does not exist. */
export function unknownIn({ blocks, spans }: Page): string[] {
  const code = [...blocks.map(({ text }) => text), ...spans].map((text) =>
    text.replace(/\\\n/g, " "),
  );
  return [
    ...code.flatMap(wrongCommands),
    ...code.flatMap(wrongScripts),
    ...spans.flatMap(wrongOption),
  ];
}

function wrongCommands(code: string): string[] {
  const calls = code.matchAll(/\bvmabench(?:\.js"?)? ([a-z][a-z-]*)\b([^\n|;&]*)/g);
  return [...calls].flatMap(([call, name = "", rest = ""]) => {
    const known = OPTIONS.get(name);
    if (!known) return [`no command ${name}: ${call}`];
    const flags = rest.split(" -- ")[0]?.match(/(?<=[\s([])--[a-z][a-z-]*/g) ?? [];
    return flags
      .filter((flag) => !known.has(flag))
      .map((flag) => `${name} has no ${flag}: ${call}`);
  });
}

function wrongScripts(code: string): string[] {
  const missing = [...code.matchAll(/\bnpm (?:run )?([a-z][a-z:-]*)/g)]
    .map(([call, name = ""]) => ({ call, name }))
    .filter(({ call, name }) => (call.startsWith("npm run") || name === "test") && !scripts[name])
    .map(({ call }) => `no script for ${call}`);
  const files = [...code.matchAll(/\b(?:node|bash) ([a-z][\w/-]*\.(?:js|sh))\b/g)]
    .map(([, file = ""]) => file)
    .filter((file) => !existsSync(root + file));
  return [...missing, ...files.map((file) => `no file ${file}`)];
}

/** Options of Node.js that pages name by themselves. */
const OF_NODE = new Set(["--no-liftoff"]);

/** An option named by itself is one of some command. */
function wrongOption(span: string): string[] {
  const [flag] = /^--[a-z][a-z-]*/.exec(span) ?? [];
  if (flag === undefined || OF_NODE.has(flag)) return [];
  if ([...OPTIONS.values()].some((known) => known.has(flag))) return [];
  return [`no command has ${flag}`];
}
