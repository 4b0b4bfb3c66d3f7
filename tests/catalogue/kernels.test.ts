import { describe, expect, test } from "vitest";
import {
  DEFAULT_BASELINE,
  DEFAULT_CANDIDATE,
  KERNELS,
  PROTOCOLS,
  parseProtocol,
  whyNoPtes,
} from "../../src/catalogue/kernels.js";
import { UsageError } from "../../src/errors.js";

describe("protocols", () => {
  test("are the pairs of hook and kernel that existed", () => {
    const ids = PROTOCOLS.map((protocol) => protocol.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const kernel of KERNELS) expect(ids).toContain(`mmap@${kernel.id}`);
    expect(ids.filter((id) => id.startsWith("mmap_prepare@"))).toEqual([
      "mmap_prepare@6.16",
      "mmap_prepare@6.18",
      "mmap_prepare@7.0",
      "mmap_prepare@7.3",
    ]);
    expect(ids.filter((id) => id.endsWith("@rfc"))).toEqual([
      "mmap@rfc",
      "mmap_proto@rfc",
      "mmap_proto+mmap@rfc",
    ]);
  });

  test("the default comparison can be run", () => {
    expect(parseProtocol(DEFAULT_BASELINE).hook).toBe("mmap");
    expect(parseProtocol(DEFAULT_CANDIDATE).hook).toBe("mmap_prepare");
  });

  test.each([
    ["mmap_prepare@6.15", /never existed.*6\.16/],
    ["mmap_prepare@rfc", /mmap_proto@rfc/],
    ["mmap_proto@7.3", /only ever posted/],
    ["compat@6.12", /compatibility layer/],
    ["mmap@6.13", /no kernel profile "6\.13".*6\.15/],
    ["open@6.15", /no hook "open".*mmap_prepare/],
    ["toString@6.15", /no hook/],
    ["mmap", /expected HOOK@KERNEL/],
    ["mmap@6.15@x", /expected HOOK@KERNEL/],
    ["", /expected HOOK@KERNEL/],
  ])("%j is refused with the reason", (text, reason) => {
    expect(() => parseProtocol(text)).toThrow(UsageError);
    expect(() => parseProtocol(text)).toThrow(reason);
  });

  test("say which of them let a driver set PTEs before mmap returns", () => {
    const refused = PROTOCOLS.filter((protocol) => whyNoPtes(protocol) !== null);
    expect(refused.map(({ id }) => id)).toEqual([
      "mmap_proto@rfc",
      "mmap_prepare@6.16",
      "compat@6.16",
      "mmap_prepare@6.18",
      "compat@6.18",
    ]);
  });
});
