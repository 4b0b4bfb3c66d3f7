/* SPDX-License-Identifier: MIT */
/*
 * The memory calls. mmap and mprotect have their upper halves in files that cannot be built here (mm/mmap.c,
 * mm/mprotect.c); what they ask of the VMA code is written down again, without limits, security and pages.
 */
#ifndef PEER_CALLS_H
#define PEER_CALLS_H

#include "tree.h"

enum { OP_MMAP, OP_MUNMAP, OP_MPROTECT };

struct operation {
	unsigned long addr;
	unsigned long len;
	unsigned long prot;
	unsigned long flags;
	unsigned long pgoff;
	/* Number in the operation file; 0 = anonymous. */
	unsigned int file;
	unsigned int kind;
};

/* The hook of every file. */
static struct {
	unsigned long set;
	int error;
	bool installs;
} driver;

static const struct vm_operations_struct driver_ops;

static int hook_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (driver.error)
		return -driver.error;
	if (driver.set)
		vma_flags_set_mask(&vma->flags, legacy_to_vma_flags(driver.set));
	if (driver.installs)
		vma->vm_ops = &driver_ops;
	return 0;
}

static int hook_mmap_prepare(struct vm_area_desc *desc)
{
	if (driver.error)
		return -driver.error;
	if (driver.set)
		vma_flags_set_mask(&desc->vma_flags, legacy_to_vma_flags(driver.set));
	if (driver.installs)
		desc->vm_ops = &driver_ops;
	return 0;
}

static struct file_operations file_ops;

#define FILES 4096

/* At the start of the arena. */
struct world {
	struct mm_struct mm;
	struct address_space mappings[FILES];
	struct file files[FILES];
};

static struct world *world;

#define LOWEST	0x1000UL
#define BASE	0x7ffff7fff000UL	/* mmap_base with an 8 MiB stack limit, not randomised */

/* Where a mapping goes: its hint where that is free, else the highest gap below the base. */
static unsigned long place_of(unsigned long hint, unsigned long len)
{
	struct vm_unmapped_area_info info = {
		.flags = VM_UNMAPPED_AREA_TOPDOWN,
		.length = len,
		.low_limit = LOWEST,
		.high_limit = BASE,
	};

	if (hint && TASK_SIZE - len >= hint) {
		unsigned long index = hint;
		struct vm_area_struct *above = mt_find(&world->mm.mm_mt, &index, ULONG_MAX);

		if (!above || hint + len <= vm_start_gap(above))
			return hint;
	}
	return unmapped_area_topdown(&info);
}

#define ASKED_SHARED	0x01
#define ASKED_FIXED	0x10
#define ASKED_NORESERVE	0x4000

static long call_mmap(const struct operation *o)
{
	unsigned long flags = o->prot | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	unsigned long len = PAGE_ALIGN(o->len);
	unsigned long addr = o->addr;
	unsigned long pgoff = o->pgoff;
	struct file *file = o->file ? &world->files[o->file] : NULL;

	if (!len)
		return -EINVAL;
	if (len > TASK_SIZE)
		return -ENOMEM;
	if (world->mm.map_count > sysctl_max_map_count)
		return -ENOMEM;
	if (!(o->flags & ASKED_FIXED)) {
		addr = place_of(addr & PAGE_MASK, len);
		if (IS_ERR_VALUE(addr))
			return addr;
	}
	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (o->flags & ASKED_SHARED)
		flags |= VM_SHARED | VM_MAYSHARE;
	else if (!file)
		pgoff = addr >> PAGE_SHIFT;
	if (o->flags & ASKED_NORESERVE)
		flags |= VM_NORESERVE;
	return mmap_region(file, addr, len, legacy_to_vma_flags(flags), pgoff, NULL);
}

static long call_munmap(const struct operation *o)
{
	VMA_ITERATOR(vmi, &world->mm, o->addr);

	return do_vmi_munmap(&vmi, &world->mm, o->addr, o->len, NULL, false);
}

/* One VMA's part of an mprotect. */
static int protect_part(struct vma_iterator *vmi, struct vm_area_struct **prev, struct vm_area_struct *vma,
			unsigned long start, unsigned long end, unsigned long flags)
{
	struct vm_area_struct *below = *prev;
	const unsigned long old = vma->vm_flags;
	const long pages = (end - start) >> PAGE_SHIFT;
	vma_flags_t wanted;

	*prev = vma;
	if (flags == old)
		return 0;
	if (flags & VM_WRITE) {
		if (!(old & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE)))
			flags |= VM_ACCOUNT;
	} else if ((old & VM_ACCOUNT) && vma_is_anonymous(vma) && !vma->anon_vma) {
		flags &= ~VM_ACCOUNT;
	}
	wanted = legacy_to_vma_flags(flags);
	vma = vma_modify_flags(vmi, below, vma, start, end, &wanted);
	if (IS_ERR(vma))
		return PTR_ERR(vma);
	*prev = vma;
	vma_start_write(vma);
	vma->flags = wanted;
	vma_set_page_prot(vma);
	vm_stat_account(&world->mm, old, -pages);
	vm_stat_account(&world->mm, flags, pages);
	return 0;
}

static long call_mprotect(const struct operation *o)
{
	const unsigned long access = VM_READ | VM_WRITE | VM_EXEC;
	unsigned long start = o->addr;
	unsigned long end = start + PAGE_ALIGN(o->len);
	VMA_ITERATOR(vmi, &world->mm, start);
	struct vm_area_struct *vma, *prev;
	unsigned long reached;

	if (start & ~PAGE_MASK)
		return -EINVAL;
	if (!o->len)
		return 0;
	if (end <= start)
		return -ENOMEM;
	vma = vma_find(&vmi, end);
	if (!vma || vma->vm_start > start)
		return -ENOMEM;
	prev = vma_prev(&vmi);
	if (start > vma->vm_start)
		prev = vma;
	reached = vma->vm_start;
	for_each_vma_range(vmi, vma, end) {
		unsigned long flags = o->prot | (vma->vm_flags & ~access);
		unsigned long stop = vma->vm_end < end ? vma->vm_end : end;
		int error;

		if (vma->vm_start != reached)
			return -ENOMEM;
		reached = stop;
		if (flags & ~(flags >> 4) & access)
			return -EACCES;
		error = protect_part(&vmi, &prev, vma, start, stop, flags);
		if (error)
			return error;
		start = vma_iter_end(&vmi); /* a merge may have taken in more than was asked for */
		reached = start;
	}
	return reached < end ? -ENOMEM : 0;
}

static inline long perform(const struct operation *o)
{
	long value;

	switch (o->kind) {
	case OP_MMAP:
		value = call_mmap(o);
		break;
	case OP_MUNMAP:
		value = call_munmap(o);
		break;
	default:
		value = call_mprotect(o);
	}
	end_of_operation();
	return value;
}

#endif
