// When an answer is worth another attempt, and how long to wait: by the rules of GitHub's REST API for rate
// limits, primary (x-ratelimit-*) and secondary (retry-after, or only words).

/** Wait of a secondary limit that names none: a minute, as GitHub asks for. */
const SECONDARY_WAIT = 60_000;

/**
 * Milliseconds to wait before the request may be repeated, null when the service does not say how long, undefined
 * when repeating would not help. `now`: milliseconds since 1970.
 */
export function retryWait(
  { status, headers }: Pick<Response, "status" | "headers">,
  body: string,
  now: number,
): number | null | undefined {
  const asked = retryAfter(headers.get("retry-after"), now);
  if (status >= 500) return asked;
  if (status !== 403 && status !== 429) return undefined;
  if (asked !== null) return asked;
  const reset = Number(headers.get("x-ratelimit-reset") ?? Number.NaN);
  if (headers.get("x-ratelimit-remaining") === "0" && Number.isFinite(reset)) {
    // a clock that is a second behind would come too early
    return Math.max(0, reset * 1000 - now) + 1000;
  }
  if (status === 429 || /rate limit/i.test(body)) return SECONDARY_WAIT;
  return undefined;
}

/** Seconds or a date, as HTTP has it. */
function retryAfter(text: string | null, now: number): number | null {
  if (text === null) return null;
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
