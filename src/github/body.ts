// The text of a comment: marked so that it is found again, within GitHub's limit, pictures by address.

/** GitHub takes 65 536 characters; a little is left for what cutting adds. */
export const BODY_LIMIT = 65_536;
const RESERVE = 400;

export interface Body {
  text: string;
  /** Whether the end was cut off. */
  cut: boolean;
}

/** The first line of every comment of ours; `key` tells several comments on one pull request apart. */
export function markerOf(key: string): string {
  return `<!-- vmabench comment: ${key} -->`;
}

/** Markdown as a comment's body. `images`: address of the folder that relative pictures lie in. */
export function commentBody(markdown: string, key: string, images: string | null): Body {
  const linked = images === null ? markdown : withImages(markdown, images);
  const text = `${markerOf(key)}\n${linked.toWellFormed().replaceAll("\0", "\ufffd").trimEnd()}\n`;
  return text.length <= BODY_LIMIT ? { text, cut: false } : { text: cutBody(text), cut: true };
}

/** Relative `charts/...` of Markdown pictures and of <img> and <source> as addresses. */
function withImages(markdown: string, images: string): string {
  const base = images.replace(/\/+$/, "");
  return markdown
    .replace(/(!\[[^[\]\n]*\]\()(?:\.\/)?(charts\/)/g, `$1${base}/$2`)
    .replace(/((?:src|srcset)=")(?:\.\/)?(charts\/)/g, `$1${base}/$2`);
}

/** Whole lines from the start; what they left open is closed. */
function cutBody(text: string): string {
  const kept: string[] = [];
  const lines = text.split("\n");
  let length = 0;
  for (const line of lines) {
    length += line.length + 1;
    if (length > BODY_LIMIT - RESERVE) break;
    kept.push(line);
  }
  const fence = openFence(kept);
  const details = Math.max(0, count(kept, "<details") - count(kept, "</details>"));
  return [
    ...kept,
    ...(fence === null ? [] : [fence]),
    ...Array.from({ length: Math.min(details, 10) }, () => "</details>"),
    "",
    `*Cut here: ${lines.length - kept.length} more lines are in report.md of the run.*`,
    "",
  ].join("\n");
}

/** The fence of a code block that is still open; null when none is. */
function openFence(lines: readonly string[]): string | null {
  let open: string | null = null;
  for (const line of lines) {
    const fence = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined) continue;
    if (open === null) open = fence;
    else if (fence.startsWith(open) && line.trim() === fence) open = null;
  }
  return open;
}

function count(lines: readonly string[], word: string): number {
  return lines.reduce((sum, line) => sum + line.split(word).length - 1, 0);
}
