// The streams of page numbers that the known answers of the TLB are given for (docs/translation.md).

/** Values of the 64-bit xorshift generator (13, 7, 17) from its usual start. */
export function* xorshift(count: number): Generator<bigint> {
  let x = 88172645463325252n;
  for (let i = 0; i < count; i++) {
    x ^= BigInt.asUintN(64, x << 13n);
    x ^= x >> 7n;
    x ^= BigInt.asUintN(64, x << 17n);
    yield x;
  }
}

interface Definition {
  length: number;
  page: (r: bigint) => bigint;
}

const DEFINITIONS = {
  U256: { length: 100_000, page: (r) => (r >> 8n) % 256n },
  U2048: { length: 200_000, page: (r) => (r >> 8n) % 2048n },
  HOT: {
    length: 200_000,
    page: (r) => ((r & 15n) < 14n ? (r >> 8n) % 64n : 64n + ((r >> 8n) % 4096n)),
  },
  WIDE: {
    length: 200_000,
    page: (r) => {
      const k = r & 7n;
      if (k < 5n) return (r >> 8n) % 48n;
      return k < 7n ? 4096n + ((r >> 8n) % 1200n) : 2n ** 20n + ((r >> 8n) % 2n ** 18n);
    },
  },
  DEEP: {
    length: 200_000,
    page: (r) =>
      ((r >> 8n) % 4n) * 2n ** 27n +
      ((r >> 16n) % 4n) * 2n ** 18n +
      ((r >> 24n) % 8n) * 2n ** 9n +
      ((r >> 32n) % 64n),
  },
} satisfies Record<string, Definition>;

export type StreamName = keyof typeof DEFINITIONS;
export const STREAM_NAMES = Object.keys(DEFINITIONS) as StreamName[];

const made = new Map<StreamName, number[]>();

/** The page numbers of a stream. */
export function streamOf(name: StreamName): number[] {
  let pages = made.get(name);
  if (!pages) {
    const { length, page }: Definition = DEFINITIONS[name];
    pages = Array.from(xorshift(length), (r) => Number(page(r)));
    made.set(name, pages);
  }
  return pages;
}
