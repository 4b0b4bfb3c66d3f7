import { describe, expect, test } from "vitest";
import { protocolOfRelease } from "../../src/catalogue/releases.js";

describe("the protocol of a release", () => {
  test.each([
    ["5.15.0-91-generic", "mmap@6.11", false],
    ["6.11.9", "mmap@6.11", true],
    ["6.12.107", "mmap@6.12", true],
    ["6.13.0", "mmap@6.15", true],
    ["6.15.11-arch1-1", "mmap@6.15", true],
    ["6.16.1", "mmap_prepare@6.16", true],
    ["6.17.0", "mmap_prepare@6.18", true],
    ["Linux 6.18.44-fc-v595 x86_64", "mmap_prepare@6.18", true],
    ["6.19.0-rc3", "mmap_prepare@7.0", true],
    ["7.0.2", "mmap_prepare@7.0", true],
    ["7.1.0", "mmap_prepare@7.3", true],
    ["7.3.4", "mmap_prepare@7.3", true],
    ["7.4.0", "mmap_prepare@7.3", false],
    ["10.1", "mmap_prepare@7.3", false],
  ])("%s is described by %s: %j", (release, id, exact) => {
    const found = protocolOfRelease(release);
    expect(found?.protocol.id).toBe(id);
    expect(found?.exact).toBe(exact);
  });

  test("what is no release has none", () => expect(protocolOfRelease("unknown")).toBeNull());
});
