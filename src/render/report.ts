// A result as the files of a report folder.

import type { Results } from "../record/schema.js";
import type { ReportFiles } from "../record/store.js";
import { resultsText } from "../record/text.js";
import { picturesOf } from "./charts/index.js";
import { type Picture, pictureFile } from "./charts/picture.js";
import { DARK, LIGHT, THEMES } from "./charts/theme.js";
import { type ChartLink, markdownReport } from "./markdown.js";
import { pageDocument } from "./page/document.js";

/** What report.md says of the charts. */
export function chartLinks(pictures: readonly Picture[]): ChartLink[] {
  return pictures.map((picture) => ({
    title: picture.title,
    alt: picture.alt,
    light: pictureFile(picture, LIGHT),
    dark: pictureFile(picture, DARK),
  }));
}

/**
 * results.json, report.md, report.html and the charts. The same bytes for the same result.
 */
export function reportFiles(results: Results): ReportFiles {
  const pictures = picturesOf(results);
  return new Map<string, string | Uint8Array>([
    ["results.json", `${resultsText(results)}\n`],
    ["report.md", markdownReport(results, chartLinks(pictures))],
    ["report.html", pageDocument(results, pictures)],
    ...pictures.flatMap((picture) =>
      THEMES.map((theme) => [pictureFile(picture, theme), picture.draw(theme)] as const),
    ),
  ]);
}
