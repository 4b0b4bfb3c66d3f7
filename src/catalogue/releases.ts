// Which kernel profile describes a release, and how an ordinary file is hooked there.

import { type Protocol, parseProtocol } from "./kernels.js";

type Version = readonly [number, number];

/** Protocols with the first release each describes, oldest first; one reaches up to the next. */
const FROM: readonly { from: Version; protocol: string }[] = [
  { from: [0, 0], protocol: "mmap@6.11" },
  { from: [6, 12], protocol: "mmap@6.12" },
  { from: [6, 13], protocol: "mmap@6.15" },
  { from: [6, 16], protocol: "mmap_prepare@6.16" },
  { from: [6, 17], protocol: "mmap_prepare@6.18" },
  { from: [6, 19], protocol: "mmap_prepare@7.0" },
  { from: [7, 1], protocol: "mmap_prepare@7.3" },
];
/** The oldest and the newest release whose sources were read. Others get the nearest profile. */
const OLDEST: Version = [6, 11];
const NEWEST: Version = [7, 3];

export interface ReleaseProtocol {
  protocol: Protocol;
  /** Whether the release is one that the profile describes. */
  exact: boolean;
}

/** The protocol of ordinary files in a release such as `6.18.44-generic`; null for a text that names none. */
export function protocolOfRelease(release: string): ReleaseProtocol | null {
  const match = /\b(\d+)\.(\d+)/.exec(release);
  if (!match) return null;
  const version: Version = [Number(match[1]), Number(match[2])];
  const entry = FROM.findLast(({ from }) => !isBefore(version, from));
  if (!entry) return null;
  return {
    protocol: parseProtocol(entry.protocol),
    exact: !isBefore(version, OLDEST) && !isBefore(NEWEST, version),
  };
}

function isBefore(a: Version, b: Version): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}
