// A reader of the Go benchmark data format, after golang.org/design/14313-benchmark-format and the unit metadata
// that benchstat added. It throws where benchstat would report a syntax error or quietly ignore a line.

export interface GoFile {
  configuration: Map<string, string>;
  units: Map<string, string[]>;
  results: { name: string; iterations: number; values: Map<string, number> }[];
}

export function parseGoBenchmarks(text: string): GoFile {
  const file: GoFile = { configuration: new Map(), units: new Map(), results: [] };
  for (const line of text.replace(/\n$/, "").split("\n")) parseLine(line, file);
  return file;
}

function parseLine(line: string, file: GoFile): void {
  const fields = line.split(/[\s\u0085]+/u);
  if (fields[0] === "Unit") {
    const [, unit, ...metadata] = fields;
    if (!unit || metadata.some((pair) => !/^[^=]+=/.test(pair))) throw new Error(line);
    file.units.set(unit, metadata);
  } else if (/^Benchmark\P{Ll}/u.test(line)) {
    const [name, iterations, ...rest] = fields as [string, string, ...string[]];
    if (!/^\d+$/.test(iterations) || rest.length === 0 || rest.length % 2 !== 0)
      throw new Error(line);
    const values = new Map<string, number>();
    for (let i = 0; i < rest.length; i += 2) {
      if (!/^\d+(\.\d+)?(e-?\d+)?$/.test(rest[i] as string)) throw new Error(line);
      values.set(rest[i + 1] as string, Number(rest[i]));
    }
    file.results.push({
      name: name.slice("Benchmark".length),
      iterations: Number(iterations),
      values,
    });
  } else {
    const pair = /^(\p{Ll}[^\s\p{Lu}:]*):[ \t]+(.*)$/u.exec(line);
    if (!pair) throw new Error(line);
    file.configuration.set(pair[1] as string, pair[2] as string);
  }
}
