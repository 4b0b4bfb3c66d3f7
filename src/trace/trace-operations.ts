// The items of a vmatrace as operations of the core, one after the other.

import * as abi from "../core/abi.js";
import type { OperationSink } from "./collect.js";
import { FileTable } from "./files.js";
import type { Header } from "./header.js";
import { Beginning, placeOperations } from "./initial.js";
import type { RecordedLayout } from "./layout.js";
import type { ProgramHead, ProgramOptions } from "./program.js";
import { Translator } from "./translate.js";
import type { Item, TraceSink } from "./vmatrace.js";

export class TraceOperations implements TraceSink {
  private readonly files: FileTable;
  private readonly translator: Translator;
  private beginning = new Beginning({ vmas: [], gate: null });
  private calls = 0;
  private executed = 0;

  constructor(
    private readonly file: string,
    private readonly options: ProgramOptions,
    private readonly out: OperationSink,
  ) {
    this.files = new FileTable(file, options.driver ?? 0);
    this.translator = new Translator(file, this.files);
  }

  initial(layout: RecordedLayout): void {
    this.beginning = new Beginning(layout);
    for (const place of placeOperations(layout, this.files)) this.out.operation(place, 0, null);
    this.out.mark();
  }

  item(item: Item): void {
    switch (item.kind) {
      case "call": {
        this.beginning.see(item);
        const { operation, comparison } = this.translator.translate(item);
        const expectation = { number: ++this.calls, call: item, comparison };
        this.out.operation(operation, item.line, expectation);
        this.executed++;
        break;
      }
      case "stack-growth":
        this.out.operation({ op: abi.OP_STACK_GROW, addr: item.grown }, item.line, null);
        this.executed++;
        break;
      case "checkpoint": {
        const { after, layout } = item;
        this.out.snapshot({ executed: this.executed, after, layout }, false);
        break;
      }
    }
  }

  /** What the program needs before it begins, which only its end tells. */
  end(header: Header, final: RecordedLayout): ProgramHead {
    const last = { executed: this.executed, after: this.calls, layout: final };
    this.out.snapshot(last, true);
    const touch = this.options.touch ?? abi.TOUCH_WRITTEN;
    const { files, inodes, names } = this.files;
    return {
      file: this.file,
      kernel: header.kernel,
      // recordings do not say; servers have had protection keys since 2017, and only PROT_EXEC alone shows them
      settings: { protectionKeys: true, ...this.beginning.settings(header), touch },
      files,
      inodes,
      names,
      fileNumbers: files.map((_, i) => i + 1),
      isRecorded: true,
    };
  }
}
