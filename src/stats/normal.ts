/** P(Z > z) for a standard normal Z, to about 15 digits of the smaller tail. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    // Phi(z) - 1/2 = phi(z) (z + z^3/3 + z^5/15 + ...), Abramowitz and Stegun 26.2.11
    let term = z;
    let sum = 0;
    for (let k = 1; term > sum * 1e-17; k++) {
      sum += term;
      term *= (z * z) / (2 * k + 1);
    }
    return 0.5 - density * sum;
  }
  // Mills' ratio as a continued fraction, 26.2.14, from far inside
  let ratio = 0;
  for (let k = 200; k > 0; k--) ratio = k / (z + ratio);
  return density / (z + ratio);
}
