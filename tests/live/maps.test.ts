import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { parseMaps } from "../../src/live/maps.js";

const ANONYMOUS = "10020000-10023000 rw-p 00000000 00:00 0 ";
const FILE = "10023000-10024000 r-xs 0001f000 fe:00 2155238                    /tmp/a b (deleted)";

describe("maps", () => {
  test("lines as the kernel writes them", () => {
    expect(parseMaps(`${ANONYMOUS}\n${FILE}\n`)).toEqual([
      {
        start: 0x10020000,
        end: 0x10023000,
        perms: "rw-p",
        offset: 0,
        inode: "00:00:0",
        name: "",
        flags: null,
      },
      {
        start: 0x10023000,
        end: 0x10024000,
        perms: "r-xs",
        offset: 0x1f000,
        inode: "fe:00:2155238",
        name: "/tmp/a b (deleted)",
        flags: null,
      },
    ]);
    expect(parseMaps("")).toEqual([]);
  });

  test("the flags of smaps, whatever else stands there", () => {
    const text = `${ANONYMOUS}\nSize:  12 kB\nTHPeligible:    0\nProtectionKey:         0\nVmFlags: rd wr mr mw me ac \n${FILE}\nVmFlags: rd ??\n`;
    expect(parseMaps(text).map(({ flags }) => flags)).toEqual([
      { flags: abi.VM_READ + abi.VM_WRITE + 0x70 + abi.VM_ACCOUNT, unnamed: false },
      { flags: abi.VM_READ, unnamed: true },
    ]);
  });

  test.each([
    ["VmFlags: rd"],
    ["10020000-10023000 rw-p"],
    [`${ANONYMOUS}\nVmFlags: zz`],
    ["10023000-10020000 rw-p 00000000 00:00 0 "],
  ])("a line out of place is an error: %s", (text) => {
    expect(() => parseMaps(text)).toThrow(/\/proc\/self\/s?maps/);
  });
});
