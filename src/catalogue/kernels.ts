// Kernel profiles, hooks, and the pairs of them that existed: the protocols a scenario can run under.

import * as abi from "../core/abi.js";
import { quoted, UsageError } from "../errors.js";

export type HookName = "mmap" | "mmap_proto" | "mmap_proto+mmap" | "mmap_prepare" | "compat";

export interface KernelProfile {
  id: string;
  /** PROFILE_* of the core. */
  profile: number;
  title: string;
}

/**
 * Every kernel profile, oldest first. A profile stands for the releases whose mmap path it describes. What a kernel has
 * follows from where its profile stands in this order.
 */
export const KERNELS: readonly KernelProfile[] = [
  {
    id: "6.11",
    profile: abi.PROFILE_6_11,
    title:
      "up to 6.11: unmap first, hook before the nodes are reserved, second merge before insertion",
  },
  {
    id: "6.12",
    profile: abi.PROFILE_6_12,
    title: "6.12: old mappings gathered and replaced late, second merge before insertion",
  },
  {
    id: "6.15",
    profile: abi.PROFILE_6_15,
    title: "6.13 to 6.15: second merge after insertion; the last releases that have one",
  },
  {
    id: "rfc",
    profile: abi.PROFILE_RFC,
    title: "the series as posted on 30 April 2025: .mmap_proto, .mmap and the second merge at once",
  },
  {
    id: "6.16",
    profile: abi.PROFILE_6_16,
    title: "6.16: first .mmap_prepare, second merge gone",
  },
  {
    id: "6.18",
    profile: abi.PROFILE_6_18,
    title: "6.17 and 6.18: the mergeable-page flag is set before the merge",
  },
  {
    id: "7.0",
    profile: abi.PROFILE_7_0,
    title: "7.0: actions complete a mapping after it was inserted",
  },
  {
    id: "7.3",
    profile: abi.PROFILE_7_3,
    title: "7.3: vm_ops->mapped, error override, exact accounting when a hook fails",
  },
];

export const HOOKS: Readonly<Record<HookName, { hook: number; title: string }>> = {
  mmap: { hook: abi.HOOK_MMAP, title: "the .mmap() hook, given a finished VMA" },
  mmap_proto: { hook: abi.HOOK_MMAP_PROTO, title: "the .mmap_proto() hook as first posted" },
  "mmap_proto+mmap": {
    hook: abi.HOOK_BOTH,
    title: ".mmap_proto() for what a descriptor takes, .mmap() besides for the PTEs",
  },
  mmap_prepare: {
    hook: abi.HOOK_MMAP_PREPARE,
    title: "the .mmap_prepare() hook, given a descriptor before any VMA exists",
  },
  compat: {
    hook: abi.HOOK_COMPAT,
    title: "a stacked file's .mmap() that reaches an inner .mmap_prepare()",
  },
};

/** Why a driver that sets PTEs before mmap returns cannot be written for a protocol; null when it can. */
export function whyNoPtes({ hook, kernel }: Protocol): string | null {
  switch (hook) {
    case "mmap":
    case "mmap_proto+mmap":
      return null;
    case "mmap_proto":
      return "only a VMA takes PTEs; such a driver kept its .mmap beside it: mmap_proto+mmap@rfc";
    default:
      // an action completes the mapping once it stands
      return kernel.profile >= abi.PROFILE_7_0
        ? null
        : "a descriptor can ask for PTEs only since 7.0; until then such a driver stayed with .mmap";
  }
}

/** Why what belongs into vm_ops->mapped has no place under a protocol; null when it has one. */
export function whyNoMapped({ hook, kernel }: Protocol): string | null {
  const prepares = hook === "mmap_prepare" || hook === "compat";
  return prepares && kernel.profile < abi.PROFILE_7_3
    ? "the kernel calls it since 7.1; before, only .mmap could do something for each mapping"
    : null;
}

/** How a driver is entered, in which kernel: `mmap@6.15`. */
export interface Protocol {
  id: string;
  hook: HookName;
  kernel: KernelProfile;
  /** PROFILE_* of the core. */
  profile: number;
  title: string;
}

/** Whether a kernel with so high a profile had the hook. */
const HAD: Readonly<Record<HookName, (profile: number) => boolean>> = {
  mmap: () => true,
  mmap_proto: (profile) => profile === abi.PROFILE_RFC,
  "mmap_proto+mmap": (profile) => profile === abi.PROFILE_RFC,
  mmap_prepare: (profile) => profile >= abi.PROFILE_6_16,
  compat: (profile) => profile >= abi.PROFILE_6_16,
};

/** Every pair of hook and kernel that existed. */
export const PROTOCOLS: readonly Protocol[] = KERNELS.flatMap((kernel) =>
  (Object.keys(HOOKS) as HookName[])
    .filter((hook) => HAD[hook](kernel.profile))
    .map((hook) => ({
      id: `${hook}@${kernel.id}`,
      hook,
      kernel,
      profile: kernel.profile,
      title: `${HOOKS[hook].title}; ${kernel.title}`,
    })),
);

/** The last releases with a second merge. */
export const DEFAULT_BASELINE = "mmap@6.15";
/** The newest protocol. */
export const DEFAULT_CANDIDATE = "mmap_prepare@7.3";

/** The protocol named `HOOK@KERNEL`. UsageError with the reason when it never existed. */
export function parseProtocol(text: string): Protocol {
  const known = PROTOCOLS.find((protocol) => protocol.id === text);
  if (known) return known;
  const [hook, kernel, ...rest] = text.split("@");
  if (!hook || !kernel || rest.length > 0) {
    throw new UsageError(
      `protocol ${quoted(text)}: expected HOOK@KERNEL, such as ${DEFAULT_BASELINE}`,
    );
  }
  if (!Object.hasOwn(HOOKS, hook)) {
    throw new UsageError(
      `protocol ${quoted(text)}: no hook ${quoted(hook)}; there is ${Object.keys(HOOKS).join(", ")}`,
    );
  }
  if (!KERNELS.some((profile) => profile.id === kernel)) {
    throw new UsageError(
      `protocol ${quoted(text)}: no kernel profile ${quoted(kernel)}; there is ${KERNELS.map((k) => k.id).join(", ")}`,
    );
  }
  throw new UsageError(
    `protocol ${quoted(text)} never existed: ${whyNot(hook as HookName, kernel)}`,
  );
}

function whyNot(hook: HookName, kernel: string): string {
  switch (hook) {
    case "mmap_proto":
    case "mmap_proto+mmap":
      return ".mmap_proto was only ever posted (profile rfc); 6.16 took the hook in as .mmap_prepare";
    case "mmap_prepare":
      return kernel === "rfc"
        ? "as posted the hook was called .mmap_proto: mmap_proto@rfc"
        : ".mmap_prepare came with 6.16, in the pull request that took the second merge away";
    case "compat":
      return "the compatibility layer wraps .mmap_prepare, which came with 6.16";
    case "mmap":
      return "every kernel has .mmap";
  }
}
