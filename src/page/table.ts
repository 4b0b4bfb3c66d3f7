// The table of comparisons: filtered, sorted, each row opened by its link.

import { integer, interval } from "../render/format.js";
import type { PageData, PageRow } from "./data.js";
import { detailOf } from "./detail.js";
import { byId, element } from "./dom.js";
import { axisPicture, intervalPicture, type Scale, scaleOf } from "./interval.js";
import {
  type Choice,
  changeText,
  chosenRows,
  EVERYTHING,
  eventOf,
  type SortKey,
  sidesOf,
  totalWork,
  workloadName,
} from "./rows.js";

/** Rows drawn at first; the rest comes when asked for. */
const FIRST_ROWS = 200;

interface Column {
  key: SortKey;
  title: string;
  numeric?: true;
}

export interface Table {
  /** Opens the row with a key and brings it into view. False when there is none. */
  open(key: string): boolean;
}

/** Fills the table and listens to the form. `chosen` hears which rows are left, whenever that changes. */
export function startTable(data: PageData, chosen: (rows: readonly PageRow[]) => void): Table {
  const compared = data.rows.some(({ baseline }) => baseline !== null);
  const scale = scaleOf(
    data.rows.flatMap(({ ratio }) => (ratio ? [ratio] : [])),
    data.effect,
  );
  const body = byId<HTMLTableSectionElement>("rows");
  const more = byId<HTMLButtonElement>("more");
  // without times, what is ranked is work
  const timed = data.rows.some(({ ratio }) => ratio !== null);
  byId("table").classList.toggle("untimed", !timed);
  let choice: Choice = { ...EVERYTHING, sort: timed || !compared ? "ratio" : "work" };
  let rows: PageRow[] = [];
  let limit = FIRST_ROWS;
  let openKey: string | null = null;

  // one protocol for all rows stands in the title already
  const several = new Set(data.rows.map((row) => sidesOf(data, row).candidate.protocol)).size > 1;
  const columns: Column[] = [
    { key: "workload", title: "Workload" },
    { key: "driver", title: "Driver" },
    ...(several ? [{ key: "protocol", title: "Protocol" } as const] : []),
    { key: "ratio", title: compared ? "Time, ratio" : "ns per operation", numeric: true },
    { key: "work", title: "Work", numeric: true },
    { key: "merges", title: "2nd merges", numeric: true },
    { key: "vmas", title: "VMAs left", numeric: true },
    { key: "unwind", title: "Unwind steps", numeric: true },
  ];
  const sortBy = (key: SortKey) => {
    const text = key === "workload" || key === "driver" || key === "protocol";
    choice = {
      ...choice,
      sort: key,
      descending: choice.sort === key ? !choice.descending : !text,
    };
    update();
  };
  const heads = headRow(columns, scale, timed, sortBy);
  // where there is no room for the heads
  const sort = byId<HTMLSelectElement>("sort");
  for (const { key, title } of columns) sort.append(element("option", { value: key }, title));
  sort.addEventListener("change", () => sortBy(sort.value as SortKey));

  function draw(): void {
    body.replaceChildren(
      ...rows.slice(0, limit).flatMap((row) => {
        const line = rowOf(data, row, scale, several, row.key === openKey);
        return row.key === openKey
          ? [line, element("tr", { class: "detail" }, detailCell(data, row, columns.length))]
          : [line];
      }),
    );
    const left = rows.length - limit;
    more.hidden = left <= 0;
    more.textContent = `Show the other ${integer(Math.max(left, 0))}`;
    byId("nothing").hidden = rows.length > 0;
  }

  function update(): void {
    rows = chosenRows(data, choice);
    limit = FIRST_ROWS;
    draw();
    for (const [key, head] of heads) {
      const state = choice.descending ? "descending" : "ascending";
      head.setAttribute("aria-sort", choice.sort === key ? state : "none");
    }
    sort.value = choice.sort;
    const what = compared ? "comparisons" : "scenarios";
    byId("count").textContent = `${integer(rows.length)} of ${integer(data.rows.length)} ${what}`;
    chosen(rows);
  }

  more.addEventListener("click", () => {
    const first = limit;
    limit = Number.POSITIVE_INFINITY;
    draw();
    body.querySelectorAll<HTMLElement>("tr.row a")[first]?.focus();
  });
  body.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a.key");
    if (!link) return;
    // a second click on an open row closes it
    if (link.dataset.key === openKey) {
      event.preventDefault();
      openKey = null;
      history.replaceState(null, "", location.pathname + location.search);
      draw();
      body
        .querySelector<HTMLElement>(`a[data-key="${CSS.escape(link.dataset.key ?? "")}"]`)
        ?.focus();
    }
  });
  startForm(data, (part) => {
    choice = { ...choice, ...part };
    update();
  });
  update();

  return {
    open(key) {
      const known = data.rows.find((row) => row.key === key);
      if (!known) return false;
      openKey = key;
      if (!rows.includes(known)) {
        byId<HTMLFormElement>("filters").reset();
        choice = { ...EVERYTHING, sort: choice.sort, descending: choice.descending };
        update();
      }
      if (rows.indexOf(known) >= limit) limit = Number.POSITIVE_INFINITY;
      draw();
      const line = body.querySelector<HTMLElement>(`a[data-key="${CSS.escape(key)}"]`);
      line?.closest("tr")?.scrollIntoView({ block: "start" });
      line?.focus({ preventScroll: true });
      return true;
    },
  };
}

function headRow(
  columns: readonly Column[],
  scale: Scale,
  timed: boolean,
  sort: (key: SortKey) => void,
): [SortKey, HTMLElement][] {
  const heads = columns.map(({ key, title, numeric }): [SortKey, HTMLElement] => {
    const button = element("button", { type: "button" }, title);
    button.addEventListener("click", () => sort(key));
    const axis = key === "ratio" && timed ? axisPicture(scale) : null;
    const classes = [numeric ? "number" : "", `column-${key}`].join(" ").trim();
    return [key, element("th", { scope: "col", class: classes }, button, axis)];
  });
  byId("heads").replaceChildren(...heads.map(([, head]) => head));
  return heads;
}

function rowOf(
  data: PageData,
  row: PageRow,
  scale: Scale,
  withProtocol: boolean,
  open: boolean,
): HTMLTableRowElement {
  const { base, candidate } = sidesOf(data, row);
  const count = (name: string) =>
    changeText(base && eventOf(data, base, name), eventOf(data, candidate, name));
  const number = (label: string, text: string, ...more: Node[]) =>
    element("td", { class: "number", "data-label": label }, ...more, text);
  const link = element(
    "a",
    {
      class: "key",
      href: `#${encodeURIComponent(row.key)}`,
      "data-key": row.key,
      "aria-expanded": String(open),
      title: `Everything about ${row.key}`,
    },
    row.workload,
  );
  return element(
    "tr",
    { class: open ? "row open" : "row" },
    element("th", { scope: "row" }, link),
    element("td", { "data-label": "Driver" }, row.driver),
    withProtocol && element("td", { "data-label": "Protocol" }, candidate.protocol),
    timeCell(row, candidate.time, scale),
    number("Work", changeText(base && totalWork(data, base), totalWork(data, candidate))),
    number("2nd merges", count("merge.secondMerged")),
    number("VMAs left", changeText(base?.vmas ?? null, candidate.vmas, true)),
    number("Unwind steps", count("unwind.steps")),
  );
}

function timeCell(
  { ratio, verdict }: PageRow,
  time: { median: number; low: number; high: number } | null,
  scale: Scale,
): HTMLTableCellElement {
  const label = { class: "number time", "data-label": "Time" };
  if (ratio && verdict) {
    return element(
      "td",
      { ...label, title: interval(ratio) },
      intervalPicture(scale, ratio, verdict),
      element("span", { class: "verdict" }, verdict),
      element("span", { class: "ratio" }, ratio.ratio.toFixed(3)),
    );
  }
  return element("td", label, time ? time.median.toFixed(1) : "not timed");
}

function detailCell(data: PageData, row: PageRow, columns: number): HTMLTableCellElement {
  return element("td", { colspan: columns }, detailOf(data, row));
}

/** The filters: what there is to choose, and what the reader chose. */
function startForm(data: PageData, changed: (part: Partial<Choice>) => void): void {
  const form = byId<HTMLFormElement>("filters");
  const offer = (id: string, values: readonly string[]) => {
    const select = byId<HTMLSelectElement>(id);
    for (const value of [...new Set(values)]) select.append(element("option", { value }, value));
    const few = new Set(values).size < 2;
    if (few) select.closest("label")?.setAttribute("hidden", "");
  };
  offer("workload", data.rows.map(workloadName).sort());
  offer("driver", data.rows.map(({ driver }) => driver).sort());
  offer(
    "protocol",
    data.rows.map(({ candidate }) => data.scenarios[candidate]!.protocol),
  );
  offer(
    "verdict",
    ["slower", "faster", "unclear", "same"].filter((verdict) =>
      data.rows.some((row) => row.verdict === verdict),
    ),
  );
  const read = () => {
    const value = (name: string) => String(new FormData(form).get(name) ?? "");
    changed({
      text: value("text"),
      workload: value("workload"),
      driver: value("driver"),
      protocol: value("protocol"),
      verdict: value("verdict"),
    });
  };
  form.addEventListener("input", (event) => {
    if ((event.target as Element).id !== "sort") read();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(read));
}
