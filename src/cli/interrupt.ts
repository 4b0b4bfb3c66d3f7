// What Ctrl-C waits for.

let last: (() => Promise<void>) | null = null;

/** Has Ctrl-C wait for `end` before the process ends; null = for nothing. A second Ctrl-C does not wait. */
export function beforeInterrupt(end: (() => Promise<void>) | null): void {
  last = end;
}

/** After the handlers of the command itself, which take away progress bars and half-written files. */
export function onInterrupt(): void {
  const exit = () => process.exit(130);
  if (last === null) setImmediate(exit);
  else last().then(exit, exit);
}
