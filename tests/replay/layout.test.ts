import { describe, expect, test } from "vitest";
import { VM_READ, VM_SEALED, VM_SOFTDIRTY } from "../../src/core/abi.js";
import { errnoText } from "../../src/replay/errno.js";
import { layoutLines } from "../../src/replay/layout.js";

function vma(start: number, flags: number, pgoff: number, file: number) {
  return {
    start,
    end: start + 4096,
    flags,
    pgoff,
    file,
    anonPgoff: 0,
    anonVma: 0,
    chain: 0,
    ops: 0,
    privateData: 0,
    id: 0,
  };
}

describe("layout files", () => {
  test("a VMA a line, SOFTDIRTY left out, files by their number in the trace", () => {
    const vmas = [
      vma(0x1000, VM_READ, 1, 0),
      vma(0x7fff00000000, VM_READ + VM_SOFTDIRTY + VM_SEALED, 2 ** 40, 1),
      vma(0x7fff00001000, 0, 0, 2),
      vma(0x7fff00002000, 0, 0, 3),
    ];
    expect(layoutLines(vmas, [7, 0])).toEqual([
      "1000 2000 1 1 -",
      "7fff00000000 7fff00001000 40000000001 1099511627776 7",
      "7fff00001000 7fff00002000 0 0 0",
      "7fff00002000 7fff00003000 0 0 8", // made by the model: above every number of the trace
    ]);
  });
});

test("error numbers have their names", () => {
  expect([-12, -17, -95, -4000].map(errnoText)).toEqual([
    "-ENOMEM",
    "-EEXIST",
    "-EOPNOTSUPP",
    "-4000",
  ]);
});
