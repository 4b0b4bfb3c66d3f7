/* SPDX-License-Identifier: MIT */
/*
 * The kernel tree's code, included where it lies: lib/maple_tree.c and mm/vma.c, the latter through the
 * headers of tools/testing/vma. One translation unit, as whoever builds it does not ship it.
 *
 * What differs from the tree's own test programs: CONFIG_64BIT is set before anything is included (bits.h), or
 * nodes have twice the slots; CONFIG_DEBUG_MAPLE_TREE is not set; assertions of debug kernels are nothing, as in
 * a release build; and mmap_file() calls the driver's hook, where the stub calls nothing.
 */
#ifndef PEER_TREE_H
#define PEER_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/types.h>
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/rcupdate.h>

#define module_init(x)
#define module_exit(x)
#ifndef dump_stack
#define dump_stack()	abort()
#endif

#include "slab.h"
#include "lib/maple_tree.c"

#include "vma_internal.h"

#undef VM_WARN_ON
#undef VM_WARN_ON_ONCE
#undef VM_WARN_ON_ONCE_VMA
#undef VM_WARN_ON_VMG
#undef VM_BUG_ON
#undef VM_BUG_ON_VMA
#define VM_WARN_ON(cond)		((void)sizeof((long)(cond)))
#define VM_WARN_ON_ONCE(cond)		((void)sizeof((long)(cond)))
#define VM_WARN_ON_ONCE_VMA(cond, vma)	((void)sizeof((long)(cond)))
#define VM_WARN_ON_VMG(cond, vmg)	((void)sizeof((long)(cond)))
#define VM_BUG_ON(cond)			((void)sizeof((long)(cond)))
#define VM_BUG_ON_VMA(cond, vma)	((void)sizeof((long)(cond)))

/* A failed hook leaves ops behind that nobody may call. */
static inline int peer_mmap_file(struct file *file, struct vm_area_struct *vma)
{
	int error = file->f_op->mmap(file, vma);

	if (error)
		vma->vm_ops = &vma_dummy_vm_ops;
	return error;
}
#define mmap_file(file, vma)	peer_mmap_file(file, vma)

#include "mm/vma.h"
#include "mm/vma_init.c"
#include "mm/vma_exec.c"
#include "mm/vma.c"

/* What those files take from the rest of the kernel. */
unsigned long mmap_min_addr = 65536;
unsigned long dac_mmap_min_addr = 65536;
unsigned long stack_guard_gap = 256UL << PAGE_SHIFT;
int sysctl_max_map_count = DEFAULT_MAX_MAP_COUNT;
const struct vm_operations_struct vma_dummy_vm_ops;

static struct task_struct this_task;

struct task_struct *get_current(void)
{
	return &this_task;
}

unsigned long rlimit(unsigned int limit)
{
	return ~0UL;
}

#endif
