/* SPDX-License-Identifier: MIT */
/*
 * The slab calls that the tree's code makes, as cheap as they can be: a free list a cache and spare sheaves.
 * The tree's own stand-in takes a mutex and calls malloc, which costs more than what is measured.
 *
 * A free object is chained through its second word. That is where a maple node has its rcu_head, so nodes
 * waiting for the end of the operation are given back as one chain.
 */
#ifndef PEER_SLAB_H
#define PEER_SLAB_H

#include <linux/slab.h>
#include "arena.h"

#define SHEAF_CAPACITY 128

struct free_object {
	void *first_word;
	struct free_object *next;
};

/* What the tree's header has no field for. The cache proper comes first: pointers to it are pointers to this. */
struct peer_cache {
	struct kmem_cache cache;
	struct free_object *free;
	/* Sheaves not in use, with what is left in them. */
	struct slab_sheaf *spare[8];
	unsigned int spares;
};

/* Nodes freed by this operation, and callbacks it left behind. */
struct pending {
	struct free_object *first;
	struct free_object **end;
	struct rcu_head *callbacks;
};

static struct peer_cache *node_cache;
static struct pending *pending;

static void slab_open(void)
{
	pending = arena_take(sizeof(*pending), 64);
	pending->end = &pending->first;
}

struct kmem_cache *__kmem_cache_create_args(const char *name, unsigned int size,
		struct kmem_cache_args *args, unsigned int flags)
{
	struct peer_cache *c = arena_take(sizeof(*c), 64);

	c->cache.align = args->align ? args->align : 64;
	c->cache.size = (size + c->cache.align - 1) & ~(c->cache.align - 1);
	if (strcmp(name, "maple_node") == 0)
		node_cache = c;
	return &c->cache;
}

static inline void *take(struct peer_cache *c)
{
	struct free_object *object = c->free;

	if (__builtin_expect(object != NULL, 1)) {
		c->free = object->next;
		return object;
	}
	return arena_take(c->cache.size, c->cache.align);
}

static inline void give(struct peer_cache *c, void *object)
{
	((struct free_object *)object)->next = c->free;
	c->free = object;
}

void *kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru, int flags)
{
	void *object = take((struct peer_cache *)cache);

	return flags & __GFP_ZERO ? memset(object, 0, cache->size) : object;
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	give((struct peer_cache *)cache, object);
}

void kmem_cache_free_bulk(struct kmem_cache *cache, size_t n, void **objects)
{
	for (size_t i = 0; i < n; i++)
		give((struct peer_cache *)cache, objects[i]);
}

/* Only maple nodes are given back without their cache. */
void kfree(void *object)
{
	if (object)
		give(node_cache, object);
}

static void fill(struct peer_cache *c, struct slab_sheaf *sheaf, unsigned int n)
{
	if (n > SHEAF_CAPACITY)
		arena_fail("a larger sheaf was asked for than there is");
	while (sheaf->size < n)
		sheaf->objects[sheaf->size++] = take(c);
}

struct slab_sheaf *kmem_cache_prefill_sheaf(struct kmem_cache *cache, gfp_t gfp, unsigned int n)
{
	struct peer_cache *c = (struct peer_cache *)cache;
	struct slab_sheaf *sheaf;

	if (c->spares) {
		sheaf = c->spare[--c->spares];
	} else {
		sheaf = arena_take(sizeof(*sheaf) + SHEAF_CAPACITY * sizeof(void *), 64);
		sheaf->cache = cache;
		sheaf->capacity = SHEAF_CAPACITY;
	}
	fill(c, sheaf, n);
	return sheaf;
}

int kmem_cache_refill_sheaf(struct kmem_cache *cache, gfp_t gfp, struct slab_sheaf **sheaf, unsigned int n)
{
	fill((struct peer_cache *)cache, *sheaf, n);
	return 0;
}

void *kmem_cache_alloc_from_sheaf(struct kmem_cache *cache, gfp_t gfp, struct slab_sheaf *sheaf)
{
	return sheaf->size ? sheaf->objects[--sheaf->size] : NULL;
}

void kmem_cache_return_sheaf(struct kmem_cache *cache, gfp_t gfp, struct slab_sheaf *sheaf)
{
	struct peer_cache *c = (struct peer_cache *)cache;

	if (c->spares == 8)
		arena_fail("more sheaves at once than there is room for");
	c->spare[c->spares++] = sheaf;
}

/* RCU ----------------------------------------------------------------------------------------------- */

void peer_free_later(struct rcu_head *head)
{
	struct free_object *object = (struct free_object *)((void **)head - 1);

	object->next = NULL;
	*pending->end = object;
	pending->end = &object->next;
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	head->func = func;
	head->next = pending->callbacks;
	pending->callbacks = head;
}

/* The grace period: at the end of an operation nobody holds anything. */
static inline void end_of_operation(void)
{
	while (__builtin_expect(pending->callbacks != NULL, 0)) {
		struct rcu_head *head = pending->callbacks;

		pending->callbacks = head->next;
		head->func(head);
	}
	if (pending->first) {
		*pending->end = node_cache->free;
		node_cache->free = pending->first;
		pending->first = NULL;
		pending->end = &pending->first;
	}
}

#endif
