// mmap_region: from checked arguments to a mapping, in the way of the profile's era (sheet 1).

import { EACCES } from "../../src/core/abi.js";
import { type MapState, mapState, mdweDenies, type RegionRequest } from "./mapping.js";
import { refuse } from "./refuse.js";
import { mapRegion611 } from "./region-6.11.js";
import { mapRegion612 } from "./region-6.12.js";
import { mapRegion615 } from "./region-6.15.js";
import { mapRegion616 } from "./region-6.16.js";
import type { Space } from "./space.js";

type MapRegion = (space: Space, map: MapState) => void;

const REGIONS: Record<Space["era"]["region"], MapRegion> = {
  "6.11": mapRegion611,
  "6.12": mapRegion612,
  "6.15": mapRegion615,
  "6.16": mapRegion616,
};

export function mmapRegion(space: Space, request: RegionRequest): void {
  const { region } = space.era;
  // B1; era A asks later, of the hook's flags. B3 cannot refuse: a sealed file has lost MAYWRITE in
  // do_mmap.
  const early = region !== "6.11";
  if (early && mdweDenies(space, request.flags, request.flags)) refuse(EACCES);
  REGIONS[region](space, mapState(request));
}
