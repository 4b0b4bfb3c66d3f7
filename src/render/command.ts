// The command that makes a result again, as a shell takes it.

import type { Results } from "../record/schema.js";

/** Words of the command, not quoted. Settings of files that do not have them are left to their defaults. */
export function runWords({ settings }: Results): string[] {
  const named = [
    ...list(settings.drivers).flatMap((driver) => ["--driver", driver]),
    ...list(settings.workloads).flatMap((workload) => ["--workload", workload]),
  ];
  return [
    ...["npx", "vmabench", "run"],
    ...(named.length > 0 ? named : ["--suite", settings.suite]),
    ...list(settings.filters).flatMap((filter) => ["--filter", filter]),
    ...(typeof settings.baseline === "string" ? ["--baseline", settings.baseline] : []),
    ...list(settings.candidates).flatMap((candidate) => ["--candidate", candidate]),
    ...["--seed", String(settings.seed)],
    ...(settings.workOnly === true ? ["--work-only"] : []),
  ];
}

/**
 * Words for a shell, in lines of at most `width` columns of ASCII that the shell joins again. A word that is too
 * long for a line is cut into quoted pieces.
 */
export function shellLines(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    const quoted = quote(word);
    const indent = lines.length === 0 && line === "" ? "" : "  ";
    if (line !== "" && line.length + 1 + quoted.length + 2 <= width) {
      line += ` ${quoted}`;
      continue;
    }
    if (line !== "") lines.push(`${line} \\`);
    line = indent + quoted;
    if (line.length + 2 <= width) continue;
    const pieces = piecesOf(word, width - 3);
    lines.push(...pieces.slice(0, -1).map((piece, i) => `${i === 0 ? indent : ""}${piece}\\`));
    line = pieces.at(-1) as string;
  }
  return [...lines, line];
}

function quote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (/^[ -~]*$/.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const inner = [...word].map((character) => {
    if (/[\\']/.test(character)) return `\\${character}`;
    if (/[ -~]/.test(character)) return character;
    return `\\U${(character.codePointAt(0) as number).toString(16).padStart(8, "0")}`;
  });
  return `$'${inner.join("")}'`;
}

/** Quoted pieces of a word, each short enough; a shell joins what stands without a blank between. */
function piecesOf(word: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const character of word) {
    if (quote(piece + character).length > width) {
      pieces.push(quote(piece));
      piece = "";
    }
    piece += character;
  }
  return [...pieces, quote(piece)];
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}
