// Which kernel maps how. A further profile is a file of its own and a line here.

import { HOOK_MMAP_PREPARE, PROFILE_7_3 } from "../abi";
import { mm } from "../vma/record";
import { mapRegion615 } from "./mmap-6.15";
import { mapRegion73 } from "./mmap-7.3";
import { mapRegionPrepare73 } from "./mmap-prepare-7.3";
import { enterRegion, leaveRegion } from "./mapping";

/** Maps [start, start + length); 0 or an errno (mmap_region). */
export function mapRegion(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): u32 {
  const refused = enterRegion(file, flags);
  if (refused) return refused;
  const error = dispatch(file, start, length, flags, pgoff);
  leaveRegion(file, flags);
  return error;
}

function dispatch(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): u32 {
  if (mm.profile < PROFILE_7_3) return mapRegion615(file, start, length, flags, pgoff);
  if (mm.hook == HOOK_MMAP_PREPARE) return mapRegionPrepare73(file, start, length, flags, pgoff);
  return mapRegion73(file, start, length, flags, pgoff);
}
