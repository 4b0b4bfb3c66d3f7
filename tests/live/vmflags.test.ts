import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { flagLetters, has, parseVmFlags, sameFlags } from "../../src/live/vmflags.js";

const flagsOf = (text: string) => {
  const shown = parseVmFlags(text);
  if (!shown) throw new Error(`not understood: ${text}`);
  return shown;
};

describe("VmFlags", () => {
  test.each([
    ["rd wr mr mw me ac ", abi.VM_READ + abi.VM_WRITE + 0x70 + abi.VM_ACCOUNT],
    ["", 0],
    ["nr nh mg lo lf", 0x200000 + 0x40000000 + 0x80000000 + 0x2000 + 0x80000],
    ["dp sl ss", abi.VM_DROPPABLE + abi.VM_SEALED + abi.VM_SHADOW_STACK],
  ])('"%s" has its bits', (text, flags) => {
    expect(flagsOf(text)).toEqual({ flags, unnamed: false });
  });

  test("letters and bits are inverse", () => {
    const text = "rd wr ex sh mr mw me ms gd pf gu lo io sr rr dc de lf ac nr wf dd hg nh mg dp sl";
    expect(flagLetters(flagsOf(text).flags)).toBe(text);
  });

  test("a flag without letters is noticed, letters that nobody knows are refused", () => {
    expect(parseVmFlags("rd ??")).toEqual({ flags: abi.VM_READ, unnamed: true });
    expect(parseVmFlags("rd zz")).toBeUndefined();
  });

  test("bits above the 32nd are seen", () => {
    expect(has(abi.VM_SEALED + 1, abi.VM_SEALED)).toBe(true);
    expect(has(abi.VM_SEALED - 1, abi.VM_SEALED)).toBe(false);
    expect(has(5, 0)).toBe(false);
  });
});

describe("comparison with the model", () => {
  test("every bit counts", () => {
    expect(sameFlags(flagsOf("rd mr"), abi.VM_READ + abi.VM_MAYREAD, false)).toBe(true);
    expect(sameFlags(flagsOf("rd mr ac"), abi.VM_READ + abi.VM_MAYREAD, false)).toBe(false);
    expect(sameFlags(flagsOf("rd"), abi.VM_READ + abi.VM_SEALED, false)).toBe(false);
  });

  test("SOFTDIRTY counts only where the kernel keeps it", () => {
    const dirty = abi.VM_READ + abi.VM_SOFTDIRTY;
    expect(sameFlags(flagsOf("rd"), dirty, false)).toBe(true);
    expect(sameFlags(flagsOf("rd"), dirty, true)).toBe(false);
    expect(sameFlags(flagsOf("rd sd"), dirty, true)).toBe(true);
  });

  test("a kernel without letters for a young flag may still have the flag", () => {
    expect(sameFlags(flagsOf("rd ??"), abi.VM_READ + abi.VM_SEALED, false)).toBe(true);
    expect(sameFlags(flagsOf("rd ??"), abi.VM_READ + abi.VM_ACCOUNT, false)).toBe(false);
  });
});
