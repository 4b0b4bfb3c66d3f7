// Reading maps and smaps of this process, as far as the windows.

import { closeSync, openSync, readSync } from "node:fs";
import type { Window } from "./messages.js";

const CHUNK = 1 << 16;
const NEWLINE = 0x0a;

/**
 * Reads lines of /proc/self/maps or smaps. The kernel writes them in address order, a page at a time, so that
 * what lies above the windows is never asked for.
 */
export class MapsReader {
  private readonly buffer = Buffer.alloc(CHUNK);
  private readonly maps = openSync("/proc/self/maps", "r");
  private readonly smaps = openSync("/proc/self/smaps", "r");
  private readonly status = openSync("/proc/self/status", "r");

  /** The maps lines of the VMAs that overlap a window. */
  mapsOf(windows: readonly Window[]): string {
    return this.read(this.maps, windows, () => false);
  }

  /** The same, each with the lines of its flags and its protection key. */
  smapsOf(windows: readonly Window[]): string {
    return this.read(this.smaps, windows, (line) => /^(?:VmFlags|ProtectionKey):/.test(line));
  }

  /** How many VMAs there are. Allocates next to nothing. */
  count(): number {
    let lines = 0;
    let last = 0;
    for (let at = 0; ; ) {
      const length = readSync(this.maps, this.buffer, 0, CHUNK, at);
      if (length === 0) break;
      at += length;
      last = length;
      for (let i = 0; i < length; i++) if (this.buffer[i] === NEWLINE) lines++;
    }
    // the gate area is shown and is no VMA
    return this.buffer.subarray(0, last).includes("[vsyscall]") ? lines - 1 : lines;
  }

  /** Everything, as maps lines. */
  all(): string {
    return this.mapsOf([{ start: 0, end: Number.MAX_SAFE_INTEGER }]);
  }

  /** A row of /proc/self/status in pages, such as VmSize. Allocates next to nothing. */
  statusPages(name: string): number {
    const length = readSync(this.status, this.buffer, 0, CHUNK, 0);
    let at = this.buffer.subarray(0, length).indexOf(`\n${name}:`) + name.length + 2;
    let kilobytes = 0;
    for (; ; at++) {
      const byte = this.buffer[at] as number;
      if (byte >= 0x30 && byte <= 0x39) kilobytes = kilobytes * 10 + byte - 0x30;
      else if (kilobytes > 0 || byte === 0x6b) return kilobytes / 4;
    }
  }

  close(): void {
    for (const descriptor of [this.maps, this.smaps, this.status]) closeSync(descriptor);
  }

  private read(
    descriptor: number,
    windows: readonly Window[],
    wanted: (line: string) => boolean,
  ): string {
    const top = Math.max(...windows.map(({ end }) => end));
    let kept = "";
    let inside = false;
    this.scan(descriptor, top, (line, start, end) => {
      if (start >= 0) inside = windows.some((window) => start < window.end && end > window.start);
      if (inside && (start >= 0 || wanted(line))) kept += `${line}\n`;
    });
    return kept;
  }

  /** Every line up to the first VMA at or above `top`; with its range, which is -1 where it has none. */
  private scan(
    descriptor: number,
    top: number,
    take: (line: string, start: number, end: number) => void,
  ): void {
    let at = 0;
    let rest = "";
    for (;;) {
      const length = readSync(descriptor, this.buffer, 0, CHUNK, at);
      if (length === 0) return;
      at += length;
      const lines = (rest + this.buffer.toString("latin1", 0, length)).split("\n");
      rest = lines.pop() as string;
      for (const line of lines) {
        const dash = line.indexOf("-");
        const start = dash > 0 && isHex(line.charCodeAt(0)) ? hexBefore(line, dash) : -1;
        if (start >= top) return;
        take(line, start, start < 0 ? -1 : Number.parseInt(line.slice(dash + 1), 16));
      }
    }
  }
}

function isHex(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66);
}

/** The hexadecimal number in front of a dash; -1 when it is none. */
function hexBefore(line: string, dash: number): number {
  for (let i = 0; i < dash; i++) if (!isHex(line.charCodeAt(i))) return -1;
  return Number.parseInt(line.slice(0, dash), 16);
}
