// The address-space view: VMAs under two protocols, call by call.

import type { FilmRecord, FilmVma } from "../record/schema.js";
import { integer, number } from "../render/format.js";
import type { PageData } from "./data.js";
import { byId, element, svg } from "./dom.js";
import { type Frame, type Player, playerOf, segmentsOf, sideBySide } from "./film.js";

const STRIP = 34;

/** Sets the view up; takes its section away when there is nothing to see. */
export function startSpace(data: PageData): void {
  const section = byId("space");
  if (data.films.length === 0) {
    section.remove();
    return;
  }
  const players = data.films.map(playerOf);
  const slider = byId<HTMLInputElement>("step");
  const select = byId<HTMLSelectElement>("film");
  let player = players[0]!;
  let step = 0;

  const go = (to: number) => {
    step = Math.min(player.film.steps.length, Math.max(0, to));
    slider.value = String(step);
    show(data, player, step);
  };
  const choose = (index: number) => {
    player = players[index]!;
    slider.max = String(player.film.steps.length);
    go(Math.min(1, player.film.steps.length));
  };

  for (const [i, film] of data.films.entries()) {
    select.append(element("option", { value: String(i) }, filmTitle(film)));
  }
  select.addEventListener("change", () => choose(Number(select.value)));
  slider.addEventListener("input", () => go(Number(slider.value)));
  const difference = () => {
    const next = player.nextDifference(step) ?? player.nextDifference(0);
    if (next === null) byId("step-note").textContent = "Both protocols do the same at every call.";
    else go(next);
  };
  byId("previous").addEventListener("click", () => go(step - 1));
  byId("next").addEventListener("click", () => go(step + 1));
  byId("difference").addEventListener("click", difference);
  section.addEventListener("keydown", (event) => {
    // the slider and the list have keys of their own, and so has what scrolls
    if (event.target === select) return;
    if (event.target === slider && event.key !== "d") return;
    const scrolls = (event.target as Element).closest(".scroll") !== null;
    if (scrolls && !["ArrowLeft", "ArrowRight", "d"].includes(event.key)) return;
    const moves: Record<string, () => void> = {
      ArrowLeft: () => go(step - 1),
      ArrowRight: () => go(step + 1),
      PageUp: () => go(step - 10),
      PageDown: () => go(step + 10),
      Home: () => go(0),
      End: () => go(player.film.steps.length),
      d: difference,
    };
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  });
  choose(0);
}

function filmTitle({ workload, driver, params }: FilmRecord): string {
  const query = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  return `${workload}${query.length > 0 ? `?${query.join("&")}` : ""} / ${driver}`;
}

function show(data: PageData, player: Player, step: number): void {
  const { film } = player;
  const frame = player.frame(step);
  const { steps, operations, protocols } = film;
  const cut = steps.length < operations ? ` (of ${integer(operations)} in all)` : "";
  byId("step-number").textContent = `${integer(step)} of ${integer(steps.length)}${cut}`;
  byId("call").textContent = step === 0 ? "before the first call" : steps[step - 1]!.call;
  byId("step-note").textContent = noteOf(film, step, frame);
  byId<HTMLInputElement>("step").setAttribute(
    "aria-valuetext",
    `${step} of ${steps.length}: ${byId("call").textContent}`,
  );
  byId("strips").replaceChildren(...stripsOf(frame, protocols));
  byId("space-heads").replaceChildren(
    ...["Addresses", ...protocols].map((text) => element("th", { scope: "col" }, text)),
  );
  const lines = sideBySide(frame.layouts).map((pair) => lineOf(data, film, frame, pair));
  const body = byId("space-rows");
  body.replaceChildren(...lines);
  const first = body.querySelector<HTMLElement>("tr.fresh, tr.apart");
  const box = body.closest<HTMLElement>(".scroll");
  if (box) box.scrollTop = first ? first.offsetTop - box.clientHeight / 3 : 0;
}

/** What happened, in a sentence; a screen reader says it at every step. */
function noteOf({ protocols, steps }: FilmRecord, step: number, { layouts }: Frame): string {
  const vmas = layouts.map(({ length }) => length);
  const parts = [
    vmas[0] === vmas[1]
      ? `${vmas[0]} VMAs under both`
      : `${vmas[0]} VMAs under ${protocols[0]}, ${vmas[1]} under ${protocols[1]}`,
  ];
  const last = steps[step - 1];
  if (last) {
    const [base, candidate] = last.events.map(number);
    parts.push(base === candidate ? `${base} events` : `${base} → ${candidate} events`);
    const of = (pair: readonly [number, number] | undefined, one: string) => {
      if (pair) parts.push(`${pair[0]} → ${pair[1]} ${one}`);
    };
    of(last.secondMerges, "second merges");
    of(last.unwound, "things undone");
    const failed = last.failed?.map((was, i) => (was ? protocols[i] : "")).filter(Boolean);
    if (failed)
      parts.push(failed.length === 2 ? "the call fails" : `the call fails under ${failed[0]}`);
    if (!last.change && !last.candidate) parts.push("the layout stays");
  }
  return `${parts.join("; ")}.`;
}

/** Both layouts as strips on one line of addresses. */
function stripsOf({ layouts, fresh }: Frame, protocols: readonly string[]): HTMLElement[] {
  const { segments, width } = segmentsOf(layouts);
  const from = new Map(segments.map((segment) => [segment.start, segment.from]));
  const to = new Map(segments.map((segment) => [segment.end, segment.to]));
  return layouts.map((layout, side) => {
    const others = new Set(layouts[1 - side]!.map((vma) => vma.join(" ")));
    // what is new lies on top, so that its border is whole
    const isFresh = ([start]: FilmVma) => Number(fresh[side]!.has(start));
    const bars = [...layout]
      .sort((a, b) => isFresh(a) - isFresh(b))
      .map((vma) => {
        const [start, pages, flags, , file] = vma;
        const [x, end] = [from.get(start) ?? 0, to.get(start + pages * 4096) ?? 0];
        const words = [
          "vma",
          file > 0 ? "file" : "anonymous",
          fresh[side]!.has(start) ? "fresh" : "",
          others.has(vma.join(" ")) ? "" : "apart",
        ];
        return svg("rect", {
          class: words.filter(Boolean).join(" "),
          x,
          y: 1,
          width: end - x,
          height: STRIP - 2,
          "fill-opacity": flags % 4 >= 2 ? 1 : 0.45,
        });
      });
    const picture = svg(
      "svg",
      {
        viewBox: `0 0 ${Math.max(width, 1)} ${STRIP}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${layout.length} VMAs by address; the table below has every one`,
      },
      ...bars,
    );
    return element("div", { class: "strip" }, element("span", {}, protocols[side]!), picture);
  });
}

function lineOf(
  data: PageData,
  film: FilmRecord,
  { fresh }: Frame,
  pair: [FilmVma | null, FilmVma | null],
): HTMLTableRowElement {
  const [left, right] = pair;
  const start = (left ?? right)![0];
  const isFresh = fresh.some((starts) => starts.has(start));
  const apart = left?.join(" ") !== right?.join(" ");
  const words = [isFresh ? "fresh" : "", apart ? "apart" : ""].filter(Boolean).join(" ");
  const cell = (vma: FilmVma | null) => element("td", {}, vma ? vmaText(data, film, vma) : "–");
  return element(
    "tr",
    words ? { class: words } : {},
    element("th", { scope: "row" }, `0x${start.toString(16)}`, isFresh ? " ●" : ""),
    cell(left),
    cell(right),
  );
}

function vmaText(
  data: PageData,
  { files }: FilmRecord,
  [, pages, flags, pgoff, file]: FilmVma,
): string {
  const name = files[file - 1] ?? (file > 0 ? `file ${file}` : "anonymous");
  const short = name.slice(name.lastIndexOf("/") + 1);
  const offset = file > 0 ? ` + ${integer(pgoff)}` : "";
  return `${integer(pages)} ${pages === 1 ? "page" : "pages"} ${data.flags[String(flags)] ?? ""} ${short}${offset}`;
}
