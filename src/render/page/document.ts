// report.html: one file without anything from elsewhere. Style, scripts and data stand inside it, and the page's
// own policy forbids it to ask anybody for anything.

import { readFileSync } from "node:fs";
import type { PageData } from "../../page/data.js";
import type { Results } from "../../record/schema.js";
import type { Picture } from "../charts/picture.js";
import { reproduce } from "../reproduce.js";
import { findings } from "../rows.js";
import { pageData } from "./data.js";

/** Made by scripts/build.js. */
const folder = new URL("../../../dist/page/", import.meta.url);
const part = (name: string) => readFileSync(new URL(name, folder), "utf8");

/** The page. The same bytes for the same result. */
export function pageDocument(results: Results, pictures: readonly Picture[]): string {
  const [finding = "vmabench", ...others] = findings(results);
  const end = `${finding} `.indexOf(". ");
  const title = end < 0 ? finding : finding.slice(0, end);
  const more = [finding.slice(title.length + 2), ...others].filter((text) => text !== "");
  const data = pageData(results, pictures);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="color-scheme" content="light dark">
<title>${escaped(`vmabench: ${title}`)}</title>
<style>
${part("style.css")}</style>
</head>
<body>
<a class="skip" href="#comparisons">Skip to the comparisons</a>
<header>
<p class="kicker"><span>vmabench</span> <span>suite ${escaped(results.settings.suite)}</span><button type="button" id="theme">Dark</button></p>
<h1>${escaped(title)}</h1>
${more.map((text) => `<p class="lede">${escaped(text)}</p>`).join("\n")}
</header>
<main>
${comparisonSection(data)}
<section aria-labelledby="charts-title">
<h2 id="charts-title">Work and growth</h2>
<div id="work"></div>
<div id="plots"></div>
</section>
${SPACE}
${readingSection(data)}
</main>
<footer>
<h2>Where it comes from</h2>
${provenance(results)}
</footer>
<noscript><p>The tables of this page are made by its scripts. report.md beside it says the same without.</p></noscript>
<script type="application/json" id="data">${embedded(data)}</script>
<script>
${part("page.js")}</script>
</body>
</html>
`;
}

/** Text as it may stand between tags and in attributes. */
export function escaped(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
}

/** JSON that no parser of HTML or of scripts takes for anything else. */
export function embedded(data: unknown): string {
  return JSON.stringify(data)
    .replace(/</g, "\\u003c")
    .replace(/\u2028/g, "\\u2028")
    .replace(/\u2029/g, "\\u2029");
}

function comparisonSection({ rows }: PageData): string {
  const compared = rows.some(({ baseline }) => baseline !== null);
  const select = (id: string, label: string) =>
    `<label>${label} <select id="${id}" name="${id}"><option value="">all</option></select></label>`;
  return `<section aria-labelledby="comparisons">
<h2 id="comparisons" tabindex="-1">${compared ? "Comparisons" : "Scenarios"}</h2>
<form id="filters" role="search" aria-label="Filter">
<label class="find">Find <input name="text" type="search" autocomplete="off" spellcheck="false"></label>
${select("workload", "Workload")}
${select("driver", "Driver")}
${select("protocol", "Protocol")}
${select("verdict", "Verdict")}
<label class="sort">Sort <select id="sort"></select></label>
<button type="reset">Reset</button>
</form>
<p id="count" role="status" aria-live="polite"></p>
<div class="scroll wide" role="region" aria-labelledby="comparisons" tabindex="0">
<table id="table">
<thead><tr id="heads"></tr></thead>
<tbody id="rows"></tbody>
</table>
</div>
<p id="nothing" hidden>Nothing matches.</p>
<button type="button" id="more" hidden></button>
</section>`;
}

const SPACE = `<section id="space" aria-labelledby="space-title">
<h2 id="space-title">Address space, call by call</h2>
<p class="hint">Left and right arrows step, <kbd>d</kbd> goes to the next difference. Every piece is as wide as the logarithm of its size; holes are narrow.</p>
<div class="controls">
<label>Program <select id="film"></select></label>
<div class="buttons"><button type="button" id="previous">Back</button><button type="button" id="next">Next</button><button type="button" id="difference">Next difference</button></div>
<label class="slider"><span>Call <span id="step-number"></span></span><input type="range" id="step" min="0" max="1" value="0" step="1"></label>
</div>
<p id="call"></p>
<p id="step-note" role="status" aria-live="polite"></p>
<div id="strips"></div>
<p class="legend"><span><i class="swatch file"></i>file</span> <span><i class="swatch anonymous"></i>anonymous</span> <span><i class="swatch pale"></i>not writable</span> <span><i class="swatch fresh"></i>made by this call</span> <span><i class="swatch apart"></i>not under the other</span></p>
<div class="scroll tall" role="region" aria-label="VMAs by address" tabindex="0">
<table class="small"><thead><tr id="space-heads"></tr></thead><tbody id="space-rows"></tbody></table>
</div>
</section>`;

function readingSection({ effect }: PageData): string {
  const percent = `${Math.round(effect * 1000) / 10} %`;
  return `<section aria-labelledby="reading">
<h2 id="reading">How to read this</h2>
<dl>
<dt>Time</dt><dd>Candidate divided by baseline, of the WebAssembly model: the median over paired rounds, with its 95 % interval. It compares two protocols in one model; it is not a kernel's time.</dd>
<dt>Verdict</dt><dd><em>Slower</em> and <em>faster</em>: the interval lies more than ${percent} away from 1, and still does after correction for the number of comparisons. <em>Same</em>: it lies within ${percent}, the shaded band. <em>Unclear</em>: the run could not tell.</dd>
<dt>Work</dt><dd>Events per operation, counted exactly, baseline → candidate: the same on every machine.</dd>
<dt>2nd merges</dt><dd>Merges that only succeeded after the hook had run.</dd>
<dt>VMAs left</dt><dd>The layout after the last operation; fewer is cheaper for everything that follows.</dd>
<dt>Unwind steps</dt><dd>Single things undone after a failure.</dd>
</dl>
</section>`;
}

function provenance(results: Results): string {
  const { tool, environment, settings } = results;
  const load = environment.loadAverage.map((value) => value.toFixed(2)).join(" ");
  const entries: [string, string][] = [
    [
      "Tool",
      `${tool.name} ${tool.version}, commit ${tool.commit ?? "unknown"}, core ${tool.coreSha256.slice(0, 16)}`,
    ],
    ["Run", `suite ${settings.suite}, seed ${settings.seed}, ${settings.rounds} rounds`],
    [
      "Machine",
      `${environment.cpu}, ${environment.cores} cores, load ${load}${environment.ci ? `, CI: ${environment.ci}` : ""}`,
    ],
    [
      "Software",
      `Node.js ${environment.node}, V8 ${environment.v8}, ${environment.os}, kernel ${environment.kernelRelease}`,
    ],
  ];
  const list = entries.map(([term, text]) => `<dt>${term}</dt><dd>${escaped(text)}</dd>`);
  return `<dl>${list.join("")}<dt>Again</dt><dd><code>${escaped(reproduce(results))}</code></dd></dl>`;
}
