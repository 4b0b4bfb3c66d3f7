// Which open file description a descriptor of a strace text stands for, as far as the text shows.

import type { Word } from "../core/operation.js";
import { descriptorOf } from "./strace-values.js";

export interface Description {
  /** The same for the same description. */
  number: number;
  path: string | null;
  /** As what it was opened; `rw` where the opening was not seen. */
  open: "r" | "w" | "rw";
  /** Kind of file as in a vmatrace; undefined where the path says nothing. */
  type: string | undefined;
}

/**
 * The descriptor table of a program. Without calls that open and close files, a descriptor stays the same file
 * until -y shows another path, or, without -y, until a mapping begins at offset 0.
 */
export class Descriptors {
  private readonly table = new Map<number, Description>();
  private opened = 0;
  /** Opening and closing is in the text. */
  private followed = false;

  /** Takes note of a call that opens, closes or copies descriptors; any other is passed over. */
  see(name: string, args: readonly string[], result: Word | undefined): void {
    if (result === undefined || result < 0) return;
    const fd = Number(result);
    if (name === "close" || name.startsWith("open")) this.followed = true;
    switch (name) {
      case "open":
      case "openat":
      case "openat2":
      case "creat":
        this.table.set(fd, this.make(null, openedAs(name, args.join(","))));
        break;
      case "memfd_create":
        this.table.set(fd, { ...this.make(null, "rw"), type: "memfd:tmpfs" });
        break;
      case "close":
        this.table.delete(descriptorOf(args[0] ?? "")?.fd ?? -1);
        break;
      case "dup":
      case "dup2":
      case "dup3": {
        const from = this.table.get(descriptorOf(args[0] ?? "")?.fd ?? -1);
        if (from) this.table.set(fd, from);
        else this.table.delete(fd);
        break;
      }
    }
  }

  /** The description that a mapping names. `first`: at offset 0 and where the kernel liked. */
  mapped(fd: number, path: string | null, first: boolean): Description {
    const known = this.table.get(fd);
    const otherPath = path !== null && known?.path != null && known.path !== path;
    const perhapsReused = path === null && first && !this.followed;
    if (known && !otherPath && !perhapsReused) {
      if (path !== null && known.path === null) {
        known.path = path;
        known.type ??= typeOf(path);
      }
      return known;
    }
    const made = this.make(path, "rw");
    this.table.set(fd, made);
    return made;
  }

  private make(path: string | null, open: Description["open"]): Description {
    return { number: ++this.opened, path, open, type: path === null ? undefined : typeOf(path) };
  }
}

function openedAs(name: string, args: string): Description["open"] {
  if (name === "creat" || /\bO_WRONLY\b/.test(args)) return "w";
  return /\bO_RDWR\b/.test(args) ? "rw" : "r";
}

function typeOf(path: string): string | undefined {
  if (path === "/dev/zero") return "chr:1:5";
  return path.startsWith("/memfd:") ? "memfd:tmpfs" : undefined;
}
