// How times of batches are distributed: the comparisons that lie farthest apart, each protocol's own spread.

import type { Results } from "../../record/schema.js";
import { quantile } from "../../stats/quantile.js";
import { number } from "../format.js";
import { renderPng } from "./canvas.js";
import { type Group, groupScenarios, protocolsOf } from "./groups.js";
import type { Picture } from "./picture.js";
import { legend, protocolStyle, ratioAxis, rowAxis, titles, WIDTH } from "./style.js";
import type { Theme } from "./theme.js";

const MOST_GROUPS = 8;
const LEAST_BATCHES = 8;

interface Spread {
  group: number;
  protocol: string;
  /** 5, 25, 50, 75 and 95 % of the batches, as multiples of the baseline's median. */
  quantiles: number[];
  median: number;
}

/** The spread of batches; null where no times of batches are kept. */
export function batchesChart(results: Results): Picture | null {
  const protocols = protocolsOf(results);
  const all = groupScenarios(results)
    .map((group) => ({ group, own: spreadOf(group, protocols) }))
    .filter(({ own }) => own.length > 0)
    .map((entry) => ({ ...entry, distance: Math.max(...entry.own.map(distance)) }));
  const chosen = [...all].sort((a, b) => b.distance - a.distance).slice(0, MOST_GROUPS);
  if (chosen.length === 0) return null;
  const groups = chosen.map(({ group }) => group);
  const spreads = chosen.flatMap(({ own }, g) => own.map((spread) => ({ ...spread, group: g })));
  const everywhere = all.flatMap(({ own }) => own);
  const title = finding(everywhere);
  const shown =
    groups.length < all.length ? `; the ${groups.length} of ${all.length} farthest apart` : "";
  return {
    name: "batches",
    title,
    alt: `How times of batches scatter, a line a protocol. ${title}`,
    draw: (theme) => draw(theme, groups, protocols, spreads, title, shown),
  };
}

/** How far a median lies from the baseline's, as a logarithm. */
function distance({ quantiles }: Spread): number {
  return Math.abs(Math.log(quantiles[2]!));
}

function spreadOf(group: Group, protocols: readonly string[]): Spread[] {
  const base = protocols
    .map((protocol) => group.of.get(protocol)?.time)
    .find((time) => time)?.median;
  return protocols.flatMap((protocol) => {
    const { batches = [], median = 0 } = group.of.get(protocol)?.time ?? {};
    if (!base || batches.length < LEAST_BATCHES) return [];
    const sorted = [...batches].sort((a, b) => a - b);
    const quantiles = [0.05, 0.25, 0.5, 0.75, 0.95].map((share) => quantile(sorted, share) / base);
    return [{ group: 0, protocol, quantiles, median }];
  });
}

function finding(spreads: readonly Spread[]): string {
  const widths = spreads.map(({ quantiles }) => (quantiles[3]! - quantiles[1]!) / quantiles[2]!);
  const per = (share: number) => `${number(100 * share)} %`;
  const typical = quantile(
    [...widths].sort((a, b) => a - b),
    0.5,
  );
  return (
    `The middle half of a typical scenario's batches spans ${per(typical)} of their median, ` +
    `${per(Math.max(...widths))} at worst`
  );
}

function draw(
  theme: Theme,
  groups: readonly Group[],
  protocols: readonly string[],
  spreads: readonly Spread[],
  title: string,
  shown: string,
): Uint8Array {
  const pitch = protocols.length + 0.8;
  const place = ({ group, protocol }: Spread) => group * pitch + protocols.indexOf(protocol);
  const range = { min: -0.9, max: groups.length * pitch - 0.9 };
  const every = spreads.flatMap(({ quantiles }) => quantiles);
  const [low, high] = [Math.min(...every, 0.95) / 1.04, Math.max(...every, 1.05) * 1.04];

  const datasets = protocols.flatMap((protocol, i) => {
    const own = spreads.filter((spread) => spread.protocol === protocol);
    const { colour, shape } = protocolStyle(theme, i);
    const bars = (from: number, to: number, borderWidth: number) =>
      own.map((spread) => ({
        type: "line",
        label: "",
        data: [spread.quantiles[from]!, spread.quantiles[to]!].map((x) => ({
          x,
          y: place(spread),
        })),
        pointRadius: 0,
        borderColor: colour,
        borderWidth,
        order: 2,
      }));
    return [
      {
        type: "scatter",
        label: protocol,
        data: own.map((spread) => ({ x: spread.quantiles[2]!, y: place(spread) })),
        pointStyle: shape,
        radius: 5,
        borderWidth: 2,
        borderColor: colour,
        backgroundColor: theme.paper,
        order: 1,
      },
      ...bars(0, 4, 1.5),
      ...bars(1, 3, 7),
    ];
  });
  return renderPng(WIDTH, 150 + 19 * groups.length * pitch, theme, {
    type: "scatter",
    data: { datasets },
    options: {
      layout: { padding: { left: 8, right: 8 } },
      scales: {
        x: ratioAxis(theme, "time of a batch ÷ the baseline's median", low, high),
        y: {
          ...rowAxis(
            theme,
            groups.map(({ label }) => label),
            "left",
            groups.map((_, g) => g * pitch + (protocols.length - 1) / 2),
            range,
          ),
          grid: { display: false },
        },
        numbers: rowAxis(
          theme,
          spreads.map(({ median }) => `${number(median)} ns`),
          "right",
          spreads.map(place),
          range,
        ),
      },
      plugins: {
        ...titles(
          theme,
          title,
          `mark: median; bar: the middle half; line: from 5 to 95 %; right: median per operation${shown}`,
        ),
        legend: {
          ...legend(theme),
          labels: { ...legend(theme).labels, filter: (item: { text: string }) => item.text !== "" },
        },
      },
    },
  } as never);
}
