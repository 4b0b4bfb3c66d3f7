// How much of a trace is taken, so that no file, however it was made, takes the machine's memory or its day.

/** Longest line, in bytes. The longest a recorder writes is a path of 4096 bytes, escaped. */
export const LINE_BYTES = 1 << 16;
/** Most memory calls of a file that has to be in memory as a whole, and VMAs of one recorded layout. */
export const HELD_LIMIT = 2_000_000;
/** Operations of a file, and VMAs of its layouts, that are held in memory where they need not be. */
export const HELD = 1 << 16;

export interface TextLimits {
  /** Lines of one file. */
  lines: number;
  /** Bytes of text, unpacked. */
  bytes: number;
  /** Bytes of text for each byte of a packed file; counted from `PACKED_FREE` bytes of text on. */
  ratio: number;
}

/** Text that a packed file may hold however well it is packed: ten million operations and more. */
export const PACKED_FREE = 2 ** 30;

export const DEFAULT_LIMITS: TextLimits = { lines: 50_000_000, bytes: 2 ** 32, ratio: 200 };
