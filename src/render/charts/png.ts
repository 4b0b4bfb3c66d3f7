// PNG with a palette: charts have few colours, and a file of a third of the size is what a repository or a
// comment has to carry. The 256 commonest colours stay as they are, the rest take the nearest of them.

import { crc32, deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MOST_COLOURS = 256;

/** The image file of opaque RGBA pixels, row by row. The same bytes for the same pixels. */
export function palettePng(pixels: Uint8ClampedArray, width: number, height: number): Uint8Array {
  const words = new Uint32Array(width * height);
  for (let i = 0; i < words.length; i++) {
    words[i] = (pixels[4 * i]! << 16) | (pixels[4 * i + 1]! << 8) | pixels[4 * i + 2]!;
  }
  const { palette, indexOf } = paletteOf(words);
  // each row begins with its filter: none, which suits indices best
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0, i = 0; y < height; y++) {
    let [colour, index] = [-1, 0];
    for (let x = 0; x < width; x++, i++) {
      if (words[i] !== colour) {
        colour = words[i]!;
        index = indexOf.get(colour)!;
      }
      rows[y * (width + 1) + 1 + x] = index;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // 8 bits, indexed
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]))),
    chunk("IDAT", deflateSync(rows, { level: 7 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function paletteOf(words: Uint32Array): { palette: number[]; indexOf: Map<number, number> } {
  const uses = new Map<number, number>();
  for (let i = 0, end = 0; i < words.length; i = end) {
    // most pixels are like their neighbour
    while (end < words.length && words[end] === words[i]) end++;
    uses.set(words[i]!, (uses.get(words[i]!) ?? 0) + end - i);
  }
  const colours = [...uses].sort(([a, n], [b, m]) => m - n || a - b).map(([colour]) => colour);
  const palette = colours.slice(0, MOST_COLOURS);
  const indexOf = new Map(palette.map((colour, i) => [colour, i]));
  for (const colour of colours.slice(MOST_COLOURS)) indexOf.set(colour, nearest(palette, colour));
  return { palette, indexOf };
}

function nearest(palette: readonly number[], colour: number): number {
  const [r, g, b] = [colour >> 16, (colour >> 8) & 255, colour & 255];
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < palette.length; i++) {
    const other = palette[i]!;
    const distance =
      ((other >> 16) - r) ** 2 + (((other >> 8) & 255) - g) ** 2 + ((other & 255) - b) ** 2;
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

function chunk(name: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
