// Modifiers: what hooks of any archetype do besides, as found in the 7.3 tree. Alone, each stands for a driver
// that is vmops-only otherwise.

import type { DriverDescription, ModifierName } from "./description.js";
import type { DriverExample } from "./drivers.js";

export interface Modifier {
  id: ModifierName;
  title: string;
  /** How it is written as .mmap_prepare. */
  prepare: string;
  examples: readonly DriverExample[];
  /** What it adds: flags and ops join those that are there, other fields replace them. */
  adds: Partial<DriverDescription>;
}

function at(file: string, name: string): DriverExample {
  return { file, function: name };
}

export const MODIFIERS: readonly Modifier[] = [
  {
    id: "pgoff-rewrite",
    title: "moves vm_pgoff: the base of a BAR added, a cookie taken away",
    prepare: "the descriptor's pgoff is writable, and merging goes by the new one",
    examples: [
      at("drivers/iommu/iommufd/main.c", "iommufd_fops_mmap"),
      at("drivers/misc/bcm-vk/bcm_vk_dev.c", "bcm_vk_mmap"),
      at("drivers/scsi/leapraid/leapraid_app.c", "leapraid_fw_mmap"),
    ],
    adds: { "offset-by": 256 },
  },
  {
    id: "drop-may-bits",
    title: "clears MAYWRITE, so that mprotect can never make the mapping writable",
    prepare: "clears the bit in the descriptor",
    examples: [
      at("security/selinux/selinuxfs.c", "sel_mmap_handle_status"),
      at("drivers/block/ublk_drv.c", "ublk_ch_mmap"),
      at("drivers/misc/open-dice.c", "open_dice_mmap_prepare"),
      at("kernel/bpf/syscall.c", "bpf_map_mmap"),
    ],
    adds: { clear: ["MAYWRITE"] },
  },
  {
    id: "dontcopy-wipe",
    title: "sets DONTCOPY: fork leaves the mapping out",
    prepare: "sets the bit in the descriptor",
    examples: [
      at("fs/aio.c", "aio_ring_mmap_prepare"),
      at("kernel/events/core.c", "perf_mmap"),
      at("drivers/dma/idxd/cdev.c", "idxd_cdev_mmap"),
      at("drivers/misc/uacce/uacce.c", "uacce_fops_mmap"),
    ],
    adds: { set: ["DONTCOPY"] },
  },
  {
    id: "alloc-private-per-map",
    title: "takes memory of its own for each mapping",
    prepare: "in vm_ops->mapped, which may fail; the hook itself also runs for calls that merge",
    examples: [
      at("drivers/staging/vme_user/vme_user.c", "vme_user_mmap_prepare"),
      at("fs/coda/file.c", "coda_file_mmap"),
      at("drivers/xen/gntalloc.c", "gntalloc_mmap"),
      at("drivers/misc/genwqe/card_dev.c", "genwqe_mmap"),
    ],
    adds: { allocates: true, ops: ["open", "close", "mapped"] },
  },
  {
    id: "refcount-on-map",
    title: "counts its mappings: one up for each, open and close keep the balance",
    prepare: "counts in vm_ops->mapped; open and close stay",
    examples: [
      at("fs/afs/file.c", "afs_file_mmap_prepare"),
      at("drivers/hwtracing/stm/core.c", "stm_char_mmap_prepare"),
      at("drivers/usb/mon/mon_bin.c", "mon_bin_mmap"),
      at("drivers/iommu/iommufd/main.c", "iommufd_fops_mmap"),
    ],
    adds: { ops: ["mapped", "open", "close"] },
  },
  {
    id: "captures-vma-or-address",
    title: "remembers the VMA or its start in the driver's own state",
    prepare: "an address can be taken in vm_ops->mapped, a VMA pointer nowhere",
    examples: [
      at("arch/powerpc/platforms/book3s/vas-api.c", "coproc_mmap"),
      at("drivers/android/binder.c", "binder_mmap"),
      at("drivers/firewire/core-cdev.c", "fw_device_op_mmap"),
      at("drivers/usb/core/devio.c", "usbdev_mmap"),
    ],
    adds: { ops: ["mapped", "open", "close"] },
  },
];

/** A description with modifiers applied, in the order named. */
export function modified(
  description: DriverDescription,
  names: readonly string[],
): DriverDescription {
  let result = description;
  for (const { id, adds } of MODIFIERS) {
    if (!names.includes(id)) continue;
    const { set, clear, ops, ...rest } = adds;
    const writesOffset = result.offset !== undefined && "offset-by" in rest;
    result = writesOffset ? { ...result } : { ...result, ...rest };
    if (set) result.set = joined(result.set, set);
    if (clear) result.clear = joined(result.clear, clear);
    if (ops) result.ops = joined(result.ops, ops);
  }
  return result;
}

function joined<T>(there: readonly T[] = [], added: readonly T[]): T[] {
  return [...new Set([...there, ...added])];
}
