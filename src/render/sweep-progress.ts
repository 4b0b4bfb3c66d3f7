// Progress of a sweep: what is done in all, and by each worker.

import { MultiBar, Presets, type SingleBar } from "cli-progress";
import { orUndo } from "../cleanup.js";
import { printable } from "../printable.js";
import { colorsFor } from "./colors.js";
import { duration, integer, number } from "./format.js";

export interface SweepProgress {
  /** A worker has finished so many scenarios. */
  done(worker: string, scenarios: number): void;
  /** One line above the bars. */
  say(text: string): void;
  stop(): void;
}

/** Rates are of this many milliseconds, or of all before. */
const WINDOW = 20_000;

/** Scenarios a second over the last while. */
export function rateMeter(now: () => number = () => performance.now()) {
  const began = now();
  let events: { at: number; count: number }[] = [];
  return {
    add(count: number): void {
      events.push({ at: now(), count });
    },
    /** A second. */
    rate(): number {
      const time = now();
      events = events.filter(({ at }) => at > time - WINDOW);
      const span = Math.min(WINDOW, time - began);
      return span > 0 ? (1000 * events.reduce((sum, { count }) => sum + count, 0)) / span : 0;
    },
  };
}

/** Bars on a terminal, nothing elsewhere; `before` of `total` are done already. */
export function sweepProgressOn(
  stream: NodeJS.WriteStream,
  { total, before, quiet }: { total: number; before: number; quiet: boolean },
): SweepProgress {
  const say = (text: string) => {
    if (!quiet) stream.write(`vmabench: ${text}\n`);
  };
  if (quiet || !stream.isTTY) return { done: () => {}, say, stop: () => {} };
  const dim = colorsFor(stream).dim;
  const bars = new MultiBar(
    {
      stream,
      format: `{bar} {label}  ${dim("{text}")}`,
      clearOnComplete: true,
      hideCursor: true,
      barsize: 24,
    },
    Presets.rect,
  );
  const all = { bar: bars.create(total, before), meter: rateMeter() };
  const workers = new Map<string, { bar: SingleBar; meter: typeof all.meter; done: number }>();
  let finished = before;
  const show = () => {
    const rate = all.meter.rate();
    const left = total - finished;
    const text = rate > 0 ? `${number(rate)}/s, ${duration(left / rate)} left` : "";
    all.bar.update(finished, { label: `${integer(finished)}/${integer(total)}`, text });
    for (const [name, { bar, meter, done }] of workers) {
      const own = meter.rate();
      // what a worker has still to do is its share of what all have still to do
      const share = rate > 0 ? (left * own) / rate : 0;
      bar.setTotal(Math.max(1, Math.round(done + share)));
      const remaining = own > 0 ? `, ${duration(share / own)} left` : "";
      bar.update(done, {
        label: `worker ${printable(name)}: ${integer(done)}`,
        text: `${number(own)}/s${remaining}`,
      });
    }
  };
  show();
  const forget = orUndo(() => bars.stop());
  return {
    done(name, scenarios) {
      finished += scenarios;
      all.meter.add(scenarios);
      const worker = workers.get(name) ?? { bar: bars.create(1, 0), meter: rateMeter(), done: 0 };
      worker.done += scenarios;
      worker.meter.add(scenarios);
      workers.set(name, worker);
      show();
    },
    say: (text) => bars.log(`vmabench: ${text}\n`),
    stop: () => {
      forget();
      bars.stop();
    },
  };
}
