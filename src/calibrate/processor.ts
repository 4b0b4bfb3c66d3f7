// Which processor this is, as far as the model's translation caches are concerned.

import { readFileSync } from "node:fs";
import { TLBS, type TlbPreset } from "../catalogue/tlbs.js";

/** AMD family and first model, newest last; see the presets for where their sizes come from. */
const AMD: readonly { family: number; model: number; id: string }[] = [
  { family: 23, model: 0x31, id: "zen2" },
  { family: 25, model: 0x00, id: "zen3" },
  { family: 25, model: 0x10, id: "zen4" },
  { family: 25, model: 0x20, id: "zen3" },
  { family: 25, model: 0x60, id: "zen4" },
  { family: 26, model: 0x00, id: "zen5" },
];
const INTEL: readonly { model: number; id: string }[] = [
  { model: 0x3c, id: "haswell" },
  { model: 0x4e, id: "skylake-sp" },
  { model: 0x6a, id: "ice-lake" },
  { model: 0x8f, id: "golden-cove" },
];

/** The nearest preset for /proc/cpuinfo's text; the ideal one for a processor that nobody described. */
export function presetOf(cpuinfo: string): TlbPreset {
  const field = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, "m").exec(cpuinfo)?.[1] ?? "";
  const [family, model] = [Number(field("cpu family")), Number(field("model"))];
  const id =
    field("vendor_id") === "AuthenticAMD"
      ? AMD.findLast((one) => one.family === family && one.model <= model)?.id
      : family === 6 && INTEL.findLast((one) => one.model <= model)?.id;
  return TLBS.find((preset) => preset.id === id) ?? (TLBS[0] as TlbPreset);
}

/** The preset of this machine. */
export function ownPreset(): TlbPreset {
  return presetOf(readFileSync("/proc/cpuinfo", "utf8"));
}
