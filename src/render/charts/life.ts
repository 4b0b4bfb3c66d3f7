// VMAs and maple nodes over the life of one trace, a line a protocol.

import type { LifeRecord, Results } from "../../record/schema.js";
import { integer } from "../format.js";
import { renderPng } from "./canvas.js";
import { type Group, groupScenarios, protocolsOf } from "./groups.js";
import type { Picture } from "./picture.js";
import { axis, legend, protocolStyle, titles, WIDTH } from "./style.js";
import type { Theme } from "./theme.js";

interface Lived {
  protocol: string;
  life: LifeRecord;
}

/** The group whose protocols lie farthest apart, else the longest recorded program; null without samples. */
export function lifeChart(results: Results): Picture | null {
  const protocols = protocolsOf(results);
  const lives = (group: Group): Lived[] =>
    protocols.flatMap((protocol) => {
      const life = group.of.get(protocol)?.life;
      return life ? [{ protocol, life }] : [];
    });
  const shown = groupScenarios(results)
    .map((group) => ({ group, lived: lives(group) }))
    .filter(({ lived }) => lived.length > 0)
    .map((entry) => ({ ...entry, rank: interest(entry.group, entry.lived) }))
    .sort((a, b) => b.rank - a.rank)[0];
  if (!shown) return null;
  const title = finding(shown.group, shown.lived);
  return {
    name: "life",
    title,
    alt: `VMAs and maple nodes over the operations of ${shown.group.label}, a line a protocol. ${title}`,
    draw: (theme) => draw(theme, shown.lived, title),
  };
}

/** How far apart protocols lie on the way; then programs that were recorded, those with most VMAs first. */
function interest({ workload }: Group, lived: readonly Lived[]): number {
  const [first, ...others] = lived.map(({ life }) => life.vmas);
  const apart = others.map((vmas) =>
    Math.max(...vmas.map((count, i) => Math.abs(Math.log((count + 1) / ((first![i] ?? 0) + 1))))),
  );
  const recorded = workload.startsWith("trace-") ? 1 : 0;
  return Math.max(0, ...apart) * 1e6 + recorded * 1e3 + Math.max(...first!) / 1e6;
}

function finding({ label }: Group, lived: readonly Lived[]): string {
  const [base, ...others] = lived;
  const end = ({ life }: Lived) => life.vmas.at(-1)!;
  const different = others.filter(({ life }) => life.vmas.some((n, i) => n !== base!.life.vmas[i]));
  if (different.length === 0) {
    const most = integer(Math.max(...base!.life.vmas));
    const who = lived.length === 1 ? base!.protocol : "every protocol";
    return `${label}: ${who} keeps the same VMAs all the way, ${most} at most`;
  }
  const parts = different.map((other) => {
    if (end(other) !== end(base!)) {
      return `${other.protocol} leaves ${integer(end(other))} VMAs where ${base!.protocol} leaves ${integer(end(base!))}`;
    }
    const gaps = other.life.vmas.map((vmas, i) => vmas - (base!.life.vmas[i] ?? 0));
    const widest = gaps.reduce((most, gap) => (Math.abs(gap) > Math.abs(most) ? gap : most), 0);
    const way = widest < 0 ? "fewer" : "more";
    return (
      `${other.protocol} has up to ${integer(Math.abs(widest))} VMAs ${way} than ${base!.protocol} ` +
      `on the way, in the end as many (${integer(end(base!))})`
    );
  });
  return `${label}: ${parts.join("; ")}`;
}

function draw(theme: Theme, lived: readonly Lived[], title: string): Uint8Array {
  const lines = (quantity: "vmas" | "nodes") =>
    lived.map(({ protocol, life }, i) => {
      const { colour, shape } = protocolStyle(theme, i);
      return {
        label: quantity === "vmas" ? protocol : "",
        yAxisID: quantity,
        data: life.after.map((x, k) => ({ x, y: life[quantity][k]! })),
        stepped: quantity === "vmas" ? false : "after",
        borderColor: colour,
        // the baseline broad and the others dashed over it, so that equal lines show both
        borderWidth: i === 0 ? 5 : 2,
        borderDash: i === 0 ? [] : [8, 4 + 2 * i],
        pointStyle: shape,
        backgroundColor: i === 0 ? theme.paper : colour,
        pointRadius: life.after.map((_, k) => ((k + 4 * i) % 8 === 0 ? 5 : 0)),
        pointBorderWidth: 2,
        order: lived.length - i,
      };
    });
  const last = Math.max(...lived.map(({ life }) => life.after.at(-1)!));
  const tick = (value: string | number) => integer(Number(value));
  const panel = (text: string, stackWeight: number) => ({
    ...axis(theme, text),
    type: "linear",
    stack: "panels",
    stackWeight,
    offset: true,
    beginAtZero: true,
    ticks: { color: theme.ink, callback: tick, maxTicksLimit: 6, precision: 0 },
  });
  return renderPng(WIDTH, 480, theme, {
    type: "line",
    data: { datasets: [...lines("vmas"), ...lines("nodes")] },
    options: {
      layout: { padding: { left: 8, right: 24 } },
      scales: {
        x: {
          ...axis(theme, "operations done"),
          type: "linear",
          min: 0,
          max: last,
          ticks: { color: theme.ink, callback: tick, maxRotation: 0 },
        },
        nodes: panel("maple nodes", 2),
        vmas: panel("VMAs", 3),
      },
      plugins: {
        ...titles(theme, title, "counted exactly, at moments spread evenly over the operations"),
        legend: {
          ...legend(theme),
          labels: {
            ...legend(theme).labels,
            filter: (item: { text: string }) => item.text !== "",
            sort: (a: { datasetIndex: number }, b: { datasetIndex: number }) =>
              a.datasetIndex - b.datasetIndex,
          },
        },
      },
    },
  } as never);
}
