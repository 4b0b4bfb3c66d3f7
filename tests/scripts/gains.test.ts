import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
// @ts-expect-error a script without types
import { gains, table } from "../../scripts/gains.js";

interface Row {
  name: string;
  workload: string;
  protocol: string;
  vmas: number;
  work: Record<string, number>;
}

describe("scripts/gains.js", async () => {
  const rows: Row[] = await gains("../src/");

  test("prints the table of docs/findings.md", () => {
    const page = readFileSync(new URL("../../docs/findings.md", import.meta.url), "utf8");
    const [, shown] = /<!-- node scripts\/gains\.js -->\n([\s\S]*?)<!-- end -->/.exec(page) ?? [];
    expect(table(rows)).toBe(shown);
  });

  test("conversion keeps the layout of 6.15 without its second attempt; .mmap in 7.3 loses it", () => {
    const of = (name: string, workload: string) =>
      rows.filter((row) => row.name === name && row.workload === workload);
    for (const { name, workload } of rows) {
      const [m612, m615, m73, p73] = of(name, workload) as [Row, Row, Row, Row];
      expect([m612.vmas, p73.vmas]).toEqual([m615.vmas, m615.vmas]);
      expect(m73.vmas).toBeGreaterThan(m615.vmas);
      expect(m615.work["merge.secondMerged"]).toBeGreaterThan(0);
      expect([m73, p73].map(({ work }) => work["merge.secondAttempts"])).toEqual([0, 0]);
    }
  });
});
