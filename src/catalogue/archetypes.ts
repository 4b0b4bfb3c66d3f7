// The families of mmap hooks found in the 7.3 tree, as data: what the hook does (the fields of a driver file),
// how it is written as .mmap_prepare or why it cannot be, and functions that do it.

import { type DriverDescription, ONE_ACTION } from "./description.js";
import type { DriverExample } from "./drivers.js";

export interface Archetype {
  id: string;
  title: string;
  /** What the hook does; its `stays-on-mmap` says why there is no .mmap_prepare form. */
  does: Omit<DriverDescription, "driver" | "title">;
  /** How it is written as .mmap_prepare; null when it cannot be. */
  prepare: string | null;
  examples: readonly DriverExample[];
}

function at(file: string, name: string): DriverExample {
  return { file, function: name };
}

const PAGE_CACHE: DriverDescription["ops"] = ["fault", "map_pages", "page_mkwrite"];

export const ARCHETYPES: readonly Archetype[] = [
  {
    id: "vmops-only",
    title: "only installs vm_ops (a page-cache file, a simple lazy device)",
    does: { ops: PAGE_CACHE },
    prepare: "sets desc->vm_ops; checks move along, and then run for calls that merge as well",
    examples: [
      at("mm/filemap.c", "generic_file_mmap_prepare"),
      at("mm/shmem.c", "shmem_mmap_prepare"),
      at("fs/udf/file.c", "udf_file_mmap"),
      at("virt/kvm/kvm_main.c", "kvm_vcpu_mmap"),
    ],
  },
  {
    id: "vmops-after-inode-work",
    title: "installs vm_ops after locking, revalidating or changing the inode",
    does: { ops: [...PAGE_CACHE, "close"] },
    prepare: "as vmops-only; the inode work now also happens for calls that merge or fail later",
    examples: [
      at("fs/nfs/file.c", "nfs_file_mmap_prepare"),
      at("fs/smb/client/file.c", "cifs_file_strict_mmap_prepare"),
      at("fs/f2fs/file.c", "f2fs_file_mmap_prepare"),
      at("fs/gfs2/file.c", "gfs2_mmap"),
    ],
  },
  {
    id: "dax-hugepage",
    title: "adds HUGEPAGE for memory that is storage (DAX)",
    does: {
      set: ["HUGEPAGE"],
      ops: ["fault", "huge_fault", "page_mkwrite", "pfn_mkwrite"],
    },
    prepare: "sets desc->vm_ops and the flag: the only merge attempt already has it",
    examples: [
      at("fs/ext4/file.c", "ext4_file_mmap_prepare"),
      at("fs/xfs/xfs_file.c", "xfs_file_mmap_prepare"),
      at("drivers/dax/device.c", "dax_mmap_prepare"),
    ],
  },
  {
    id: "hint-or-dump-flag",
    title: "sets a flag that does not forbid merging (DONTDUMP, SEQ_READ)",
    does: { set: ["DONTDUMP"], ops: PAGE_CACHE },
    prepare: "sets and clears the flags in the descriptor",
    examples: [
      at("mm/secretmem.c", "secretmem_mmap_prepare"),
      at("fs/orangefs/file.c", "orangefs_file_mmap_prepare"),
    ],
  },
  {
    id: "lazy-dontexpand",
    title: "a buffer of struct pages, faulted in; DONTEXPAND forbids merging",
    does: {
      set: ["DONTEXPAND", "DONTDUMP"],
      ops: ["fault", "open", "close", "mremap", "page_mkwrite"],
    },
    prepare: "sets flags, desc->vm_ops and desc->private_data",
    examples: [
      at("kernel/relay.c", "relay_file_mmap_prepare"),
      at("fs/aio.c", "aio_ring_mmap_prepare"),
      at("drivers/usb/mon/mon_bin.c", "mon_bin_mmap"),
      at("drivers/scsi/sg.c", "sg_mmap"),
    ],
  },
  {
    id: "pfnmap-lazy",
    title: "marks a PFN mapping and installs nothing; faults insert the PFNs later",
    does: { set: ["IO", "PFNMAP", "DONTEXPAND", "DONTDUMP"], ops: ["fault"] },
    prepare: "sets flags, page_prot, desc->vm_ops and desc->private_data; no action",
    examples: [
      at("arch/x86/kernel/cpu/sgx/driver.c", "sgx_mmap"),
      at("drivers/vhost/vdpa.c", "vhost_vdpa_mmap"),
      at("drivers/xen/privcmd.c", "privcmd_mmap"),
    ],
  },
  {
    id: "pfnmap-eager-full",
    title: "remaps the whole range to device memory: every PTE is set before mmap returns",
    does: {
      set: ["IO", "PFNMAP", "DONTEXPAND", "DONTDUMP"],
      ops: [],
      pages: "all",
      by: "remap",
    },
    prepare: "one remap or ioremap action; error_override for hooks that hide the error",
    examples: [
      at("drivers/char/mem.c", "mmap_mem_prepare"),
      at("drivers/char/hpet.c", "hpet_mmap_prepare"),
      at("drivers/tee/tee_shm.c", "tee_shm_fop_mmap"),
      at("drivers/fpga/dfl-afu-main.c", "afu_mmap"),
    ],
  },
  {
    id: "pfnmap-eager-scattered",
    title: "remaps pieces of the range one by one: page frames that are not contiguous",
    does: {
      set: ["IO", "PFNMAP", "DONTEXPAND", "DONTDUMP"],
      ops: ["open", "close", "access", "pfn_mkwrite"],
      pages: "all",
      by: "pieces",
      "stays-on-mmap": ONE_ACTION,
    },
    prepare: null,
    examples: [
      at("kernel/events/core.c", "perf_mmap"),
      at("drivers/comedi/comedi_fops.c", "comedi_mmap"),
    ],
  },
  {
    id: "mixedmap-eager-pages",
    title: "inserts struct pages into the whole range (vm_insert_pages)",
    does: {
      set: ["MIXEDMAP", "DONTEXPAND"],
      ops: ["open", "close"],
      pages: "all",
      by: "insert",
    },
    prepare: "the kernel-pages action, for a driver that keeps its array of pages alive",
    examples: [
      at("io_uring/memmap.c", "io_uring_mmap"),
      at("kernel/kcov.c", "kcov_mmap"),
      at("kernel/trace/trace.c", "tracing_buffers_mmap"),
      at("drivers/firewire/core-cdev.c", "fw_device_op_mmap"),
    ],
  },
  {
    id: "mixedmap-lazy",
    title: "sets MIXEDMAP; pages are inserted later",
    does: { set: ["MIXEDMAP"], ops: ["fault", "huge_fault", "open", "close"] },
    prepare: "sets the flag and desc->vm_ops; state of a mapping moves to vm_ops->mapped",
    examples: [
      at("drivers/android/binder.c", "binder_mmap"),
      at("drivers/hwtracing/intel_th/msu.c", "intel_th_msc_mmap"),
      at("drivers/hv/mshv_vtl_main.c", "mshv_vtl_low_mmap"),
    ],
  },
  {
    id: "eager-partial-cover",
    title: "maps the first pages at once and leaves the rest to faults",
    does: {
      set: ["MIXEDMAP"],
      ops: PAGE_CACHE,
      pages: 16,
      by: "insert",
      "stays-on-mmap":
        "page frames without a struct page go in one by one, and no action inserts those",
    },
    prepare: null,
    examples: [
      at("fs/cramfs/inode.c", "cramfs_physmem_mmap"),
      at("io_uring/memmap.c", "io_uring_mmap"),
    ],
  },
  {
    id: "dma-coherent-eager",
    title: "hands the VMA to a DMA helper, which maps the whole buffer",
    does: {
      set: ["IO", "PFNMAP", "DONTEXPAND", "DONTDUMP"],
      ops: ["open", "close"],
      pages: "all",
      by: "remap",
      "stays-on-mmap":
        "the DMA helpers take a VMA, and read and write its vm_pgoff and vm_page_prot",
    },
    prepare: null,
    examples: [
      at("drivers/usb/core/devio.c", "usbdev_mmap"),
      at("drivers/video/fbdev/pxa3xx-gcu.c", "pxa3xx_gcu_mmap"),
      at("drivers/rapidio/devices/rio_mport_cdev.c", "mport_cdev_mmap"),
    ],
  },
  {
    id: "swap-file-shmem-zero",
    title: "shared /dev/zero: a new shmem file takes the place of the device",
    does: { file: "new-shmem", ops: ["fault", "map_pages"] },
    prepare: "puts the new file into desc->vm_file and hands its reference over",
    examples: [
      at("drivers/char/mem.c", "mmap_zero_prepare"),
      at("mm/shmem.c", "shmem_zero_setup_desc"),
    ],
  },
  {
    id: "anon-conversion",
    title: "private /dev/zero: becomes anonymous memory that keeps its file",
    does: { anonymous: true },
    prepare: "vma_desc_set_anonymous: vm_ops NULL, vm_file stays",
    examples: [at("drivers/char/mem.c", "mmap_zero_prepare")],
  },
  {
    id: "swap-file-driver",
    title: "puts a file of its own in place of the one mapped, at an offset of its own",
    does: {
      set: ["IO", "PFNMAP", "DONTEXPAND", "DONTDUMP"],
      ops: ["fault", "access", "open", "close"],
      file: "other",
      offset: 0,
    },
    prepare: "puts the file into desc->vm_file, with a reference to hand over",
    examples: [
      at("drivers/gpu/drm/i915/gem/i915_gem_mman.c", "i915_gem_mmap"),
      at("drivers/dma-buf/dma-buf.c", "dma_buf_mmap"),
    ],
  },
  {
    id: "stacked-forward",
    title: "a stacked file: puts the lower file in place and forwards to its hook",
    does: {
      file: "other",
      ops: PAGE_CACHE,
      "stays-on-mmap":
        "a lower file may still have .mmap only, which vfs_mmap_prepare() does not fall back to",
    },
    prepare: null,
    examples: [
      at("fs/overlayfs/file.c", "ovl_mmap"),
      at("fs/fuse/passthrough.c", "fuse_passthrough_mmap"),
      at("fs/coda/file.c", "coda_file_mmap"),
      at("ipc/shm.c", "shm_mmap"),
    ],
  },
  {
    id: "dispatch-second-level",
    title: "calls a callback of its subsystem, which takes a VMA; what happens is up to that one",
    // a videobuf2 device behind v4l2_mmap, the most frequent callee that maps anything
    does: {
      set: ["IO", "PFNMAP", "DONTEXPAND", "DONTDUMP"],
      ops: ["open", "close"],
      pages: "all",
      by: "remap",
      "stays-on-mmap": "the callback takes a VMA; it has to be converted first",
    },
    prepare: null,
    examples: [
      at("net/socket.c", "sock_mmap"),
      at("drivers/media/v4l2-core/v4l2-dev.c", "v4l2_mmap"),
      at("drivers/vfio/vfio_main.c", "vfio_device_fops_mmap"),
      at("drivers/gpu/drm/drm_gem.c", "drm_gem_mmap"),
    ],
  },
  {
    id: "always-reject",
    title: "exists only to return an error",
    does: { fails: { where: "at-once", errno: "ENOMEM" } },
    prepare: "returns the error",
    examples: [
      at("sound/core/init.c", "snd_disconnect_mmap"),
      at("sound/core/compress_offload.c", "snd_compr_mmap"),
      at("drivers/mtd/mtdchar.c", "mtdchar_mmap_prepare"),
    ],
  },
  {
    id: "hugetlb-reserve",
    title: "hugetlbfs: HUGETLB, and a reservation kept in the VMA",
    does: {
      set: ["HUGETLB", "DONTEXPAND"],
      ops: ["fault", "open", "close", "may_split", "pagesize"],
      allocates: true,
      "stays-on-mmap": "the reservation keeps its lock and its map in the VMA",
    },
    prepare: null,
    examples: [at("fs/hugetlbfs/inode.c", "hugetlbfs_file_mmap"), at("ipc/shm.c", "shm_mmap")],
  },
];
