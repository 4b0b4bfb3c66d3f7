// times.json of a report folder, schema vmabench/times@1: what every batch took, in the order of measuring. The times
// of results.json are worked out from these numbers; drift and pre-emptions show only here.

/** Of one scenario, nanoseconds per operation; scenarios of one comparison have the same rounds. */
export interface RawTimes {
  id: string;
  nanoseconds: number[];
}

/** The file's text: one line a scenario. A thousandth of a nanosecond is enough. */
export function timesText(seed: number, times: readonly RawTimes[]): string {
  const lines = times.map(({ id, nanoseconds }) => {
    const rounded = nanoseconds.map((value) => Math.round(value * 1000) / 1000);
    return `    ${JSON.stringify({ id, nanoseconds: rounded })}`;
  });
  return `{
  "schema": "vmabench/times@1",
  "seed": ${seed},
  "scenarios": [
${lines.join(",\n")}
  ]
}
`;
}
