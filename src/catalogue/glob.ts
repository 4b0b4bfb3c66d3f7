// Filters over scenario ids. `*` (or `**`) stands for anything, also across parts, `{a,b}` for either;
// everything else, `?` included, stands for itself, since ids contain `?`.

/** Whether a filter selects an id. A filter of fewer parts than the id selects all that begin so. */
export function matches(filter: string, id: string): boolean {
  const mark = id.indexOf("?");
  const path = mark < 0 ? id : id.slice(0, mark);
  const pattern = toRegExp(filter);
  if (filter.includes("?")) return pattern.test(id);
  const parts = path.split("/");
  return parts.some((_, i) => pattern.test(parts.slice(0, i + 1).join("/")));
}

function toRegExp(glob: string): RegExp {
  let source = "";
  let braces = 0;
  for (let i = 0; i < glob.length; i++) {
    const c = glob[i] as string;
    if (c === "*") source += ".*";
    else if (c === "{" && glob.indexOf("}", i) > 0) {
      source += "(?:";
      braces++;
    } else if (c === "}" && braces > 0) {
      source += ")";
      braces--;
    } else if (c === "," && braces > 0) source += "|";
    else source += c.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  }
  while (braces-- > 0) source += ")";
  return new RegExp(`^${source}$`);
}
