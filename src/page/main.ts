// Starts the page: reads what was embedded, fills the sections, follows the address.

import { drawPlot, drawWork } from "./charts.js";
import type { PageData, PageRow } from "./data.js";
import { byId } from "./dom.js";
import { startSpace } from "./space.js";
import { startTable } from "./table.js";
import { startTheme } from "./theme.js";

const data = JSON.parse(byId("data").textContent ?? "") as PageData;

startTheme();
let pending: ReturnType<typeof setTimeout> | undefined;
const table = startTable(data, (rows) => {
  clearTimeout(pending);
  pending = setTimeout(() => showWork(rows), 150);
});
startSpace(data);
const plots = byId("plots");
plots.replaceChildren(...data.plots.map(drawPlot));

function showWork(rows: readonly PageRow[]): void {
  const figure = drawWork(data, rows);
  byId("work").replaceChildren(...(figure ? [figure] : []));
}

function follow(): void {
  const key = decodeURIComponent(location.hash.slice(1));
  if (key !== "") table.open(key);
}

addEventListener("hashchange", follow);
follow();
document.documentElement.dataset.ready = "";
