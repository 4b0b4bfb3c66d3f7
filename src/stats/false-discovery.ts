/**
 * Benjamini and Hochberg's step-up correction (1995): p values adjusted so that, of all the findings at or
 * below a level, no more than that share is false on average. It finds more than Holm and promises less:
 * good for ordering a report, not for failing a build. In the order given.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[b]! - pValues[a]!);
  const adjusted = new Array<number>(pValues.length);
  let lowest = 1;
  order.forEach((index, rank) => {
    const place = pValues.length - rank; // 1 for the smallest
    lowest = Math.min(lowest, (pValues.length / place) * pValues[index]!);
    adjusted[index] = lowest;
  });
  return adjusted;
}
