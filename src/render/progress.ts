// A progress bar where there is somebody to see it.

import { type Options, type Params, Presets, SingleBar } from "cli-progress";
import { orUndo } from "../cleanup.js";
import { printable } from "../printable.js";
import { colorsFor } from "./colors.js";
import { columnsOf, cutMiddle } from "./width.js";

export interface Progress {
  /** `done` of `total` things are finished; `label` is under way. */
  at(done: number, total: number, label: string): void;
  /** Takes the bar away. May be called more than once. */
  stop(): void;
}

const BAR = 24;

function barOf(share: number): string {
  return "■".repeat(Math.round(share * BAR)).padEnd(BAR);
}

/** A bar on a terminal, nothing elsewhere. */
export function progressOn(stream: NodeJS.WriteStream, options: { quiet: boolean }): Progress {
  if (options.quiet || !stream.isTTY) return { at: () => {}, stop: () => {} };
  const { dim } = colorsFor(stream);
  const since = performance.now();
  let bar: SingleBar | undefined;
  let forget = () => {};
  let finished = since;
  const format = (_: Options, { progress, value, total }: Params, payload: object) => {
    const { label } = payload as { label: string };
    const left = timeLeft(value, total, finished - since, performance.now() - finished);
    const head = `${barOf(progress)} ${value}/${total}${left && `  ${left}`}  `;
    const room = columnsOf(stream) - head.length - 1;
    return room < 8 ? head : head + dim(cutMiddle(label, room));
  };
  return {
    at(done, total, text) {
      const label = printable(text);
      if (!bar) {
        bar = new SingleBar(
          { stream, format, clearOnComplete: true, hideCursor: true },
          Presets.rect,
        );
        bar.start(total, done, { label });
        forget = orUndo(() => bar?.stop());
      }
      finished = performance.now();
      bar.update(done, { label });
    },
    stop() {
      forget();
      bar?.stop();
      bar = undefined;
    },
  };
}

/**
 * `12 s left`: as long for each thing to come as for those done, less what has gone by since the last was finished.
 * Nothing before the first is done. Times in milliseconds.
 */
export function timeLeft(done: number, total: number, took: number, since: number): string {
  if (done === 0) return "";
  const seconds = Math.max(0, ((took / done) * (total - done) - since) / 1000);
  if (seconds < 1) return "almost done";
  if (seconds < 90) return `${Math.round(seconds)} s left`;
  return seconds < 5400
    ? `${Math.round(seconds / 60)} min left`
    : `${Math.round(seconds / 3600)} h left`;
}
