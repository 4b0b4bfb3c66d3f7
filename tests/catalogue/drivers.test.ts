import { describe, expect, test } from "vitest";
import { DRIVERS, driverText, parseDriver } from "../../src/catalogue/drivers.js";
import * as abi from "../../src/core/abi.js";
import { UsageError } from "../../src/errors.js";

describe("drivers", () => {
  test("each family has a record for both hooks and names members in the kernel tree", () => {
    for (const family of DRIVERS) {
      const driver = parseDriver(family.id);
      expect(driver.params).toEqual({});
      expect(driver.examples.length).toBeGreaterThan(0);
      for (const hook of ["mmap", "mmap_prepare"] as const) driver.record(hook);
    }
  });

  test("hint-or-dump-flag sets exactly DONTDUMP unless told otherwise", () => {
    expect(parseDriver("hint-or-dump-flag").record("mmap").flagsSet).toBe(abi.VM_DONTDUMP);
    const other = parseDriver("hint-or-dump-flag?set=SEQ_READ&clear=RAND_READ").record("mmap");
    expect(other.flagsSet).toBe(abi.VM_SEQ_READ);
    expect(other.flagsCleared).toBe(abi.VM_RAND_READ);
  });

  test("vmops-only leaves flags alone and installs the page-cache operations", () => {
    const record = parseDriver("vmops-only").record("mmap_prepare");
    expect(record.flagsSet ?? 0).toBe(0);
    expect(record.ops).toBe(
      abi.OPS_INSTALLED | abi.OPS_FAULT | abi.OPS_MAP_PAGES | abi.OPS_PAGE_MKWRITE,
    );
  });

  test("pfnmap-eager-full fails after so many PTEs, with ENOMEM", () => {
    const record = parseDriver("pfnmap-eager-full?fail-after=16").record("mmap");
    expect(record).toMatchObject({
      eager: abi.EAGER_REMAP_PFN,
      failPoint: abi.HOOK_FAILS_AFTER_PTES,
      failAfter: 16,
      errno: abi.ENOMEM,
    });
    expect(parseDriver("pfnmap-eager-full").record("mmap").failPoint ?? 0).toBe(0);
  });

  test("always-reject takes an error by name or by number", () => {
    expect(parseDriver("always-reject").record("mmap").errno).toBe(abi.ENOMEM);
    expect(parseDriver("always-reject?errno=ENODEV").record("mmap").errno).toBe(abi.ENODEV);
    expect(parseDriver("always-reject?errno=19").params).toEqual({ errno: "ENODEV" });
    expect(parseDriver("always-reject?errno=524").record("mmap").errno).toBe(524);
  });

  test("the default written out is the default", () => {
    expect(driverText(parseDriver("always-reject?errno=ENOMEM"))).toBe("always-reject");
    expect(driverText(parseDriver("pfnmap-eager-full?fail-after=16&errno=EIO"))).toBe(
      "pfnmap-eager-full?errno=EIO&fail-after=16",
    );
  });

  test.each([
    ["nothing", /no driver "nothing"; there is vmops-only/],
    ["vmops-only?speed=1", /no parameter "speed"; it has: errno/],
    ["pfnmap-eager-full?fail-after=0", /fail-after=0: expected an integer from 1/],
    ["pfnmap-eager-full?fail-after=1e3", /expected an integer/],
    ["always-reject?errno=EVENTS", /expected a number from 1 to 4095/],
    ["always-reject?errno=0", /expected a number from 1 to 4095/],
    ["always-reject?errno", /"errno" is not a parameter/],
    ["always-reject?errno=EIO&errno=EIO", /given twice/],
    ["hint-or-dump-flag?set=PFNMAP", /"PFNMAP" is not one of DONTDUMP/],
  ])("%j is refused", (text, reason) => {
    expect(() => parseDriver(text)).toThrow(UsageError);
    expect(() => parseDriver(text)).toThrow(reason);
  });
});
