// A progress bar where there is somebody to see it.

import { Presets, SingleBar } from "cli-progress";
import { colorsFor } from "./colors.js";

export interface Progress {
  /** `done` of `total` things are finished; `label` is under way. */
  at(done: number, total: number, label: string): void;
  /** Takes the bar away. May be called more than once. */
  stop(): void;
}

/** A bar on a terminal, nothing elsewhere. */
export function progressOn(stream: NodeJS.WriteStream, options: { quiet: boolean }): Progress {
  if (options.quiet || !stream.isTTY) return { at: () => {}, stop: () => {} };
  const dim = colorsFor(stream).dim;
  let bar: SingleBar | undefined;
  return {
    at(done, total, label) {
      if (!bar) {
        const format = `{bar} {value}/{total}  ${dim("{label}")}`;
        bar = new SingleBar(
          { stream, format, clearOnComplete: true, hideCursor: true, barsize: 24 },
          Presets.rect,
        );
        bar.start(total, done, { label });
      }
      bar.update(done, { label });
    },
    stop() {
      bar?.stop();
      bar = undefined;
    },
  };
}
