/* SPDX-License-Identifier: MIT */
/*
 * All that an operation can change lies in one arena, so that an address space can be saved and put back as
 * bytes: the core's snapshot does the same. At its start stands `struct world`, behind it what was allocated.
 */
#ifndef PEER_ARENA_H
#define PEER_ARENA_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_BYTES	(1UL << 30)

static struct {
	char *base;
	char *saved;
	size_t saved_bytes;
	/* Where the next allocation goes; kept in the arena, so that it is restored with it. */
	size_t *used;
} arena;

static void arena_fail(const char *what)
{
	fprintf(stderr, "peer: %s\n", what);
	exit(1);
}

static void arena_open(void)
{
	arena.base = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena.base == MAP_FAILED)
		arena_fail("no address space for the arena");
	arena.used = (size_t *)arena.base;
	*arena.used = 64;
}

/* Aligned, zeroed, never given back: slabs keep free lists. */
static void *arena_take(size_t bytes, size_t align)
{
	size_t at = (*arena.used + align - 1) & ~(align - 1);

	if (at + bytes > ARENA_BYTES)
		arena_fail("the arena is full");
	*arena.used = at + bytes;
	return arena.base + at;
}

static void arena_save(void)
{
	arena.saved_bytes = *arena.used;
	arena.saved = malloc(arena.saved_bytes);
	if (!arena.saved)
		arena_fail("no memory for the saved state");
	memcpy(arena.saved, arena.base, arena.saved_bytes);
}

static void arena_restore(void)
{
	memcpy(arena.base, arena.saved, arena.saved_bytes);
}

#endif
