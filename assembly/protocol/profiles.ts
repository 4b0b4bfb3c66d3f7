// Which kernel maps how. A further profile is a file of its own and a line here.

import {
  PROFILE_6_11, PROFILE_6_12, PROFILE_6_15, PROFILE_6_16, PROFILE_6_18, PROFILE_7_0, PROFILE_RFC,
} from "../abi";
import { STEP_REGION_CHECKS, step } from "../steps";
import { mm } from "../vma/record";
import { mapRegion611 } from "./6.11";
import { mapRegion612 } from "./6.12";
import { mapRegion615 } from "./6.15";
import { mapRegion616 } from "./6.16";
import { mapRegion618 } from "./6.18";
import { mapRegion70 } from "./7.0";
import { mapRegion73 } from "./7.3";
import { enterRegion, leaveRegion } from "./mapping";
import { mapRegionRfc } from "./rfc";

/** Maps [start, start + length); 0 or an errno (mmap_region). */
export function mapRegion(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): u32 {
  // up to 6.11 the checks of enterRegion come after the hook, on what it made of the flags
  if (mm.profile == PROFILE_6_11) return mapRegion611(file, start, length, flags, pgoff);
  step(STEP_REGION_CHECKS);
  const refused = enterRegion(file, flags);
  if (refused) return refused;
  const error = dispatch(file, start, length, flags, pgoff);
  leaveRegion(file, flags);
  return error;
}

function dispatch(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): u32 {
  switch (mm.profile) {
    case PROFILE_6_12: return mapRegion612(file, start, length, flags, pgoff);
    case PROFILE_6_15: return mapRegion615(file, start, length, flags, pgoff);
    case PROFILE_RFC: return mapRegionRfc(file, start, length, flags, pgoff);
    case PROFILE_6_16: return mapRegion616(file, start, length, flags, pgoff);
    case PROFILE_6_18: return mapRegion618(file, start, length, flags, pgoff);
    case PROFILE_7_0: return mapRegion70(file, start, length, flags, pgoff);
    default: return mapRegion73(file, start, length, flags, pgoff);
  }
}
