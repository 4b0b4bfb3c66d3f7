// Names come from files that others wrote. What a terminal, a log or a mail reader would obey instead of show
// is written as an escape.

/** DEL and C1 controls, line separators, direction marks and overrides, the byte order mark, tag characters. */
const BEYOND_C0 =
  "\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}";
const OBEYED = new RegExp(`[\\u0000-\\u001f${BEYOND_C0}]`, "gu");
/** What is left of them in JSON, which escapes the controls of C0 itself. */
export const OBEYED_IN_JSON = new RegExp(`[${BEYOND_C0}]`, "gu");

/** Text that shows what it is: one line, no control character, as `\u001b` where there was one. */
export function printable(text: string): string {
  return text.toWellFormed().replace(OBEYED, (character) => {
    const code = character.codePointAt(0) as number;
    const digits = code.toString(16).padStart(4, "0");
    return code > 0xffff ? `\\u{${digits}}` : `\\u${digits}`;
  });
}
