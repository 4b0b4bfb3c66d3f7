// A program as small as there can be: the runner's code and nothing else. Descriptions: elf(5).

import { machineCode } from "./code.js";

/** Where the code lies: below all that programs map, as the heap begins behind the highest segment. */
export const CODE_AT = 0x100000;
const PAGE = 4096;
const HEADER = 64;
const PROGRAM_HEADER = 56;
const LOAD = 1;
const GNU_STACK = 0x6474e551;
const [EXECUTE, WRITE, READ] = [1, 2, 4];

/** An ELF file. `brk`: where its heap begins, whole pages; a page below it is mapped. */
export function programFile(brk: number): Buffer {
  const code = machineCode();
  const begin = HEADER + 3 * PROGRAM_HEADER;
  const file = Buffer.alloc(begin + code.length);
  file.write("\x7fELF\x02\x01\x01", "latin1"); // 64 bits, little endian, version 1
  file.writeUInt16LE(2, 16); // ET_EXEC: runs where it says
  file.writeUInt16LE(62, 18); // x86-64
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(CODE_AT + begin), 24); // entry
  file.writeBigUInt64LE(BigInt(HEADER), 32);
  file.writeUInt16LE(HEADER, 52);
  file.writeUInt16LE(PROGRAM_HEADER, 54);
  file.writeUInt16LE(3, 56);
  segment(file, 0, {
    type: LOAD,
    flags: READ | EXECUTE,
    at: CODE_AT,
    bytes: file.length,
    size: file.length,
  });
  segment(file, 1, { type: LOAD, flags: READ | WRITE, at: brk - PAGE, bytes: 0, size: PAGE });
  segment(file, 2, { type: GNU_STACK, flags: READ | WRITE, at: 0, bytes: 0, size: 0 });
  code.copy(file, begin);
  return file;
}

interface Segment {
  type: number;
  flags: number;
  at: number;
  /** In the file, from its beginning; the rest of `size` is zero. */
  bytes: number;
  size: number;
}

function segment(file: Buffer, index: number, { type, flags, at, bytes, size }: Segment): void {
  const header = HEADER + index * PROGRAM_HEADER;
  file.writeUInt32LE(type, header);
  file.writeUInt32LE(flags, header + 4);
  file.writeBigUInt64LE(BigInt(at), header + 16);
  file.writeBigUInt64LE(BigInt(at), header + 24);
  file.writeBigUInt64LE(BigInt(bytes), header + 32);
  file.writeBigUInt64LE(BigInt(size), header + 40);
  file.writeBigUInt64LE(BigInt(PAGE), header + 48);
}
