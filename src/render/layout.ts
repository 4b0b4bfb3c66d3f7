// Tables without lines that fit a terminal: of several sets of columns the first that fits, and if need be the
// first column's texts cut in the middle.

import Table from "cli-table3";
import type { Colors } from "./colors.js";
import { cutMiddle, widthOf } from "./width.js";

export interface Column<Row> {
  title: string;
  align: "left" | "right";
  cell: (row: Row) => string;
}

export interface Layout<Row> {
  /** The first column holds plain text, which may be cut. */
  columns: readonly Column<Row>[];
  /** Columns that the first one keeps when it is cut; null when it is not to be cut for this layout. */
  least: number | null;
}

export interface Group<Row> {
  /** Above the rows; null for none. */
  title: string | null;
  rows: readonly Row[];
}

const GAP = 2;

export interface FittedTable {
  text: string;
  /** Titles of the columns that found room. */
  titles: readonly string[];
}

/** The table in lines of at most `width` columns, or in the last layout at its narrowest. */
export function fittedTable<Row>(
  layouts: readonly Layout<Row>[],
  groups: readonly Group<Row>[],
  width: number,
  colors: Colors,
): FittedTable {
  const rows = groups.flatMap((group) => group.rows);
  const { columns, first } = chosen(layouts, rows, width);
  const table = emptyTable(columns, colors);
  for (const { title, rows: members } of groups) {
    if (title !== null) {
      table.push([{ content: colors.bold(cutMiddle(title, width)), colSpan: columns.length }]);
    }
    for (const row of members) {
      const [name = "", ...cells] = columns.map(({ cell }) => cell(row));
      table.push([cutMiddle(name, first), ...cells]);
    }
  }
  return { text: table.toString(), titles: columns.map(({ title }) => title) };
}

/** The first layout that fits, with the width of its first column. */
function chosen<Row>(
  layouts: readonly Layout<Row>[],
  rows: readonly Row[],
  width: number,
): { columns: readonly Column<Row>[]; first: number } {
  let narrowest: { columns: readonly Column<Row>[]; first: number } | null = null;
  for (const { columns, least } of layouts) {
    const [natural = 0, ...others] = columns.map(({ title, cell }) =>
      Math.max(widthOf(title), ...rows.map((row) => widthOf(cell(row)))),
    );
    const left = width - others.reduce((sum, other) => sum + other + GAP, 0);
    if (left >= Math.min(natural, least ?? natural)) {
      return { columns, first: Math.min(natural, left) };
    }
    narrowest = { columns, first: Math.min(natural, least ?? natural) };
  }
  if (!narrowest) throw new Error("a table needs a layout");
  return narrowest;
}

function emptyTable<Row>(columns: readonly Column<Row>[], colors: Colors): Table.Table {
  return new Table({
    head: columns.map(({ title }) => colors.dim(title)),
    colAligns: columns.map(({ align }) => align),
    style: { head: [], border: [], "padding-left": 0, "padding-right": GAP },
    chars: Object.fromEntries(
      "top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle"
        .split(" ")
        .map((name) => [name, ""]),
    ),
  });
}
