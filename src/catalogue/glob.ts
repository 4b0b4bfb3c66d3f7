// Filters over scenario ids. `*` (or `**`) stands for anything, also across parts, `{a,b}` for either;
// everything else, `?` included, stands for itself, since ids contain `?`.

/** Whether a filter selects an id. A filter of fewer parts than the id selects all that begin so. */
export function matches(filter: string, id: string): boolean {
  const isWhole = filter.includes("?");
  const mark = isWhole ? -1 : id.indexOf("?");
  const text = mark < 0 ? id : id.slice(0, mark);
  const places = ends(parse(filter), text, [0]);
  return places.some((at) => at === text.length || (!isWhole && text[at] === "/"));
}

/** Text as it stands, anything, or one of several sequences. */
type Item = string | typeof ANYTHING | Item[][];
const ANYTHING = Symbol("*");

/** Braces within braces; deeper ones stand for themselves. */
const DEPTH = 64;

function parse(glob: string): Item[] {
  const whole: Item[] = [];
  const open: Item[][][] = [];
  let sequence = whole;
  let text = "";
  const put = (...items: Item[]) => {
    if (text !== "") sequence.push(text);
    text = "";
    sequence.push(...items);
  };
  const lastBrace = glob.lastIndexOf("}");
  for (let i = 0; i < glob.length; i++) {
    const c = glob[i] as string;
    const either = open.at(-1);
    if (c === "*") put(ANYTHING);
    else if (c === "{" && i < lastBrace && open.length < DEPTH) {
      const choices: Item[][] = [[]];
      put(choices);
      open.push(choices);
      sequence = choices[0] as Item[];
    } else if (c === "," && either) {
      put();
      sequence = [];
      either.push(sequence);
    } else if (c === "}" && either) {
      put();
      open.pop();
      sequence = open.at(-1)?.at(-1) ?? whole;
    } else text += c;
  }
  put();
  return whole;
}

/**
 * Where in a text a sequence may end that starts at one of these places, in order. All ways are followed at once: the
 * time is bounded by the lengths of both, where a regular expression may try ways by the million.
 */
function ends(
  sequence: readonly Item[],
  text: string,
  starts: readonly number[],
): readonly number[] {
  let places = starts;
  for (const item of sequence) {
    const [first] = places;
    if (first === undefined) return [];
    if (typeof item === "string") {
      places = places.filter((at) => text.startsWith(item, at)).map((at) => at + item.length);
    } else if (item === ANYTHING) {
      places = Array.from({ length: text.length - first + 1 }, (_, i) => first + i);
    } else {
      const from = places;
      const all = new Set(item.flatMap((choice) => ends(choice, text, from)));
      places = [...all].sort((a, b) => a - b);
    }
  }
  return places;
}
