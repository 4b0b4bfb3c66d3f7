// What any cache of a size could do at best with a stream, and what true LRU of every size does. Pure functions.

/**
 * Stack distance of each reference (Mattson et al., 1970): how many different pages were used since the page's last
 * use, itself included; Infinity for the first use. A fully associative LRU cache of C entries misses exactly those
 * beyond C.
 */
export function stackDistances(pages: readonly number[]): Float64Array {
  const distances = new Float64Array(pages.length);
  const marks = new Marks(pages.length);
  const last = new Map<number, number>();
  pages.forEach((page, i) => {
    const before = last.get(page);
    if (before === undefined) {
      distances[i] = Number.POSITIVE_INFINITY;
    } else {
      distances[i] = marks.upTo(i - 1) - marks.upTo(before) + 1;
      marks.add(before, -1);
    }
    marks.add(i, 1);
    last.set(page, i);
  });
  return distances;
}

/** Misses of a fully associative LRU cache. */
export function lruMisses(distances: Float64Array, capacity: number): number {
  return distances.reduce((misses, distance) => misses + Number(distance > capacity), 0);
}

/** Misses of the best replacement there can be (Belady, 1966), which must take every missing page in. */
export function optimalMisses(pages: readonly number[], capacity: number): number {
  const next = nextUses(pages);
  const held = new Map<number, number>(); // page -> its next use
  const heap = new FarthestFirst();
  let misses = 0;
  pages.forEach((page, i) => {
    if (!held.has(page)) {
      misses++;
      if (held.size === capacity) held.delete(heap.takeFarthest(held));
    }
    const use = next[i] as number;
    held.set(page, use);
    heap.push(use, page);
  });
  return misses;
}

function nextUses(pages: readonly number[]): Float64Array {
  const next = new Float64Array(pages.length);
  const seen = new Map<number, number>();
  for (let i = pages.length - 1; i >= 0; i--) {
    const page = pages[i] as number;
    next[i] = seen.get(page) ?? Number.POSITIVE_INFINITY;
    seen.set(page, i);
  }
  return next;
}

/** A binary heap of (next use, page), farthest first. Entries that a later use overtook are passed over. */
class FarthestFirst {
  private readonly uses: number[] = [];
  private readonly pages: number[] = [];

  push(use: number, page: number): void {
    let at = this.uses.length;
    this.uses.push(use);
    this.pages.push(page);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.uses[parent] as number) >= use) break;
      this.swap(at, parent);
      at = parent;
    }
  }

  takeFarthest(held: ReadonlyMap<number, number>): number {
    for (;;) {
      const use = this.uses[0] as number;
      const page = this.pages[0] as number;
      this.pop();
      if (held.get(page) === use) return page;
    }
  }

  private pop(): void {
    const last = this.uses.length - 1;
    this.swap(0, last);
    this.uses.pop();
    this.pages.pop();
    for (let at = 0; ; ) {
      let largest = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < last && (this.uses[child] as number) > (this.uses[largest] as number)) {
          largest = child;
        }
      }
      if (largest === at) return;
      this.swap(at, largest);
      at = largest;
    }
  }

  private swap(i: number, j: number): void {
    [this.uses[i], this.uses[j]] = [this.uses[j] as number, this.uses[i] as number];
    [this.pages[i], this.pages[j]] = [this.pages[j] as number, this.pages[i] as number];
  }
}

/** Marks on positions, with the number of them up to one (a Fenwick tree). */
class Marks {
  private readonly sums: Int32Array;
  constructor(size: number) {
    this.sums = new Int32Array(size + 1);
  }

  add(position: number, value: number): void {
    for (let i = position + 1; i < this.sums.length; i += i & -i) {
      this.sums[i] = (this.sums[i] as number) + value;
    }
  }

  upTo(position: number): number {
    let sum = 0;
    for (let i = position + 1; i > 0; i -= i & -i) sum += this.sums[i] as number;
    return sum;
  }
}
