// Inputs that are nearly right: files of the repository with a few things changed.

import { stringify } from "yaml";

const NUMBERS = [
  0,
  -0,
  -1,
  1,
  2,
  0.5,
  255,
  4095,
  4096,
  4097,
  65535,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 47 - 4096,
  2 ** 47,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  2 ** 64,
  1e-9,
  1e21,
  1e308,
  -1e308,
];

const TEXTS = [
  "",
  " ",
  "\0",
  "\n",
  "\r\n",
  "\t",
  "-",
  "--",
  "#",
  "#MARK",
  "=",
  "*",
  "**",
  "{a,b}",
  "**************************************x",
  "../..",
  "/dev/null",
  "/dev/zero",
  "__proto__",
  "constructor",
  "toString",
  "null",
  "true",
  "NaN",
  "Infinity",
  "0x",
  "0x0",
  "0xffffffffffffffff",
  "ffffffffffffffff",
  "0x7ffffffff000",
  "18446744073709551616",
  "99999999999999999999999",
  "-9223372036854775808",
  "1e999",
  "mmap",
  "mmap@6.15",
  "mmap_prepare@7.3",
  "vmops-only?flags=ALL",
  "<script>alert(1)</script>",
  "\u001b[31m\u0007",
  "\u202e\u2028",
  "\ud800",
  "é漢字🧵",
  "&a [*a, *a]",
  "!!binary x",
  "? - ? -",
  "[[[[[[",
  "{{{{{{",
];

/** Of which a line may consist. */
const PIECES = [
  " ",
  "\t",
  "*",
  "*a",
  "{",
  "{a,",
  "(",
  ")",
  "<",
  "/*",
  "-",
  "0",
  "a",
  ",",
  '"',
  "\\",
  "[",
  "|",
];
/** Characters of a line that is read yet. */
const LONG = 65_000;
/** And of one that no longer is. */
const BEYOND = 1 << 21;

/** One input out of the seeds: a text as it is, or with one to eight changes. */
export function mutated(random, seeds, kind) {
  const seed = random.pick(seeds);
  if (kind === "bytes") return changedBytes(random, seed);
  if (kind !== "text" && random.below(3) > 0) {
    const document = changedDocument(random, structuredClone(random.pick(seeds.documents)));
    const text = kind === "yaml" && random.below(2) ? inYaml(document) : inJson(document);
    return Buffer.from(random.below(4) ? text : changedText(random, text, seeds));
  }
  return Buffer.from(changedText(random, seed.toString(), seeds));
}

function inYaml(document) {
  try {
    return stringify(document) ?? "";
  } catch {
    return inJson(document); // what YAML has no word for
  }
}

/** Spread over lines as often as not. */
function inJson(document) {
  return String(JSON.stringify(document, null, 1));
}

function changes(random) {
  return 1 + (random.below(2) ? random.below(8) : 0);
}

function changedBytes(random, seed) {
  let bytes = Buffer.from(seed);
  for (let left = changes(random); left > 0; left--) {
    const at = random.below(bytes.length + 1);
    const roll = random.below(5);
    if (roll < 2 && bytes.length > 0) bytes[at % bytes.length] = random.below(256);
    else if (roll === 2) bytes = bytes.subarray(0, at);
    else if (roll === 3) bytes = Buffer.concat([bytes, bytes.subarray(at)]);
    else
      bytes = Buffer.concat([
        bytes.subarray(0, at),
        Buffer.alloc(random.below(9)),
        bytes.subarray(at),
      ]);
  }
  return bytes;
}

function changedText(random, text, seeds) {
  let lines = text.split("\n");
  // a part of a long file is as good as all of it
  if (lines.length > 400) {
    const from = random.below(lines.length - 200);
    lines = [...lines.slice(0, 30), ...lines.slice(from, from + 200)];
  }
  for (let left = changes(random); left > 0; left--) changeLines(random, lines, seeds);
  return lines.join(random.below(20) ? "\n" : "\r\n");
}

function changeLines(random, lines, seeds) {
  const at = random.below(lines.length);
  const line = lines[at] ?? "";
  switch (random.below(10)) {
    case 0:
      lines.splice(at, 1 + random.below(4));
      break;
    case 1:
      lines.splice(at, 0, line);
      break;
    case 2:
      lines.splice(random.below(lines.length), 0, ...lines.splice(at, 1));
      break;
    case 3: {
      const other = random.pick(seeds).toString().split("\n");
      const from = random.below(other.length);
      lines.splice(at, 0, ...other.slice(from, from + 1 + random.below(5)));
      break;
    }
    case 4:
      lines.length = at;
      break;
    case 5:
      if (random.below(10) === 0) lines.splice(at, 0, ...new Array(random.below(3000)).fill(line));
      else lines[at] = line.slice(0, random.below(line.length + 1));
      break;
    case 6:
      if (random.below(10) === 0) {
        const most = Math.min(2000, Math.ceil(BEYOND / (line.length + 1)));
        lines[at] = line.repeat(1 + random.below(most));
      } else if (random.below(4) === 0) lines[at] = stretched(random, line);
      else lines[at] = line + String(random.pick(TEXTS));
      break;
    default:
      lines[at] = changedWord(random, line);
  }
  if (lines.length === 0) lines.push("");
}

/** A few characters many times, in a line that is not too long to be read: what looks at it again and again stands out. */
function stretched(random, line) {
  const at = random.below(line.length + 1);
  const own = line.slice(at, at + 1 + random.below(4));
  const piece = own === "" || random.below(2) ? random.pick(PIECES) : own;
  const count = Math.max(0, LONG - line.length) / piece.length;
  return line.slice(0, at) + piece.repeat(random.below(2) ? count : count / 100) + line.slice(at);
}

/** A number, a word or a character of a line replaced. */
function changedWord(random, line) {
  const words = [...line.matchAll(/[\w.+-]+/g)];
  if (words.length === 0 || random.below(4) === 0) {
    const at = random.below(line.length + 1);
    const skip = random.below(2);
    return line.slice(0, at) + oddity(random, line) + line.slice(at + skip);
  }
  const { 0: word, index } = random.pick(words);
  return line.slice(0, index) + oddity(random, word) + line.slice(index + word.length);
}

function oddity(random, word) {
  switch (random.below(5)) {
    case 0:
      return random.pick(TEXTS);
    case 1:
      return String(random.pick(NUMBERS));
    case 2:
      return `0x${random.pick(NUMBERS.filter((n) => n >= 0 && Number.isInteger(n))).toString(16)}`;
    case 3:
      return String.fromCharCode(random.below(128));
    default:
      return word.split("").reverse().join("");
  }
}

/** A value somewhere in a document replaced, removed, doubled, or named otherwise. */
function changedDocument(random, document) {
  const root = { document };
  for (let left = changes(random); left > 0; left--) {
    const places = [];
    collect(root, places);
    const { parent, key } = random.pick(places);
    change(random, parent, key, places);
  }
  return root.document;
}

function collect(parent, places) {
  for (const key of Object.keys(parent)) {
    places.push({ parent, key });
    const value = parent[key];
    if (value !== null && typeof value === "object" && places.length < 5000) collect(value, places);
  }
}

function change(random, parent, key, places) {
  const value = parent[key];
  const isList = Array.isArray(parent);
  switch (random.below(8)) {
    case 0:
      if (isList) parent.splice(Number(key), 1);
      else if (key !== "document") delete parent[key];
      break;
    case 1:
      if (isList) parent.splice(Number(key), 0, structuredClone(value));
      else if (key !== "document") setField(parent, random.pick(TEXTS), value);
      break;
    case 2: {
      const other = random.pick(places);
      setField(parent, key, structuredClone(other.parent[other.key]));
      break;
    }
    case 3:
      setField(parent, key, random.pick([null, true, [], {}, [[]], [null], undefined]));
      break;
    case 4:
      if (isList && random.below(10) === 0) {
        for (let i = random.below(2000); i > 0; i--) parent.push(structuredClone(value));
      } else if (random.below(10) === 0) setField(parent, key, nested(random.below(300)));
      else setField(parent, key, random.pick(NUMBERS));
      break;
    default:
      if (typeof value === "number") {
        setField(
          parent,
          key,
          random.below(2) ? random.pick(NUMBERS) : value + random.between(0, 2) - 1,
        );
      } else if (typeof value === "string") {
        if (random.below(10) === 0) setField(parent, key, stretched(random, value));
        else
          setField(parent, key, random.below(2) ? random.pick(TEXTS) : changedWord(random, value));
      } else setField(parent, key, random.pick(TEXTS));
  }
}

function setField(parent, key, value) {
  Object.defineProperty(parent, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function nested(depth) {
  let value = 1;
  for (let i = 0; i < depth; i++) value = i % 2 ? [value] : { a: value };
  return value;
}
