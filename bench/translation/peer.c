/* The core's translation in C, for comparison: the same structures (sets of tags, recency, values; structure caches;
 * 4-level tables), the same streams. Reads "KIND PAGES ACCESSES" lines, answers "NANOSECONDS MISSES" lines.
 *
 *   cc -O2 -o peer peer.c
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef uint64_t u64;
typedef uint32_t u32;

#define BASE 0x100000000000ull
#define ALIVE 0x0001ull /* slot 0, epoch 1 */
enum { KIND_4K = 0, KIND_PDE = 3, KIND_PDPTE = 4, KIND_PML4E = 5 };

struct bank {
    u64 *tags, *stamps, *values;
    u32 set_mask, ways;
};

static u64 clock_now, last_page = ~0ull, misses, state;
static struct bank l1, l2, pde, pdpte, pml4e;
static u64 *tables;
static u32 table_count = 1;

static void make(struct bank *b, u32 sets, u32 ways)
{
    b->set_mask = sets - 1;
    b->ways = ways;
    b->tags = calloc((size_t)sets * ways, 8);
    b->stamps = calloc((size_t)sets * ways, 8);
    b->values = calloc((size_t)sets * ways, 8);
}

static inline u64 tag_of(u64 key, u32 kind) { return key << 19 | (u64)kind << 16 | ALIVE; }

static inline int search(const u64 *tags, u32 ways, u64 tag)
{
    for (u32 way = 0; way < ways; way++)
        if (tags[way] == tag)
            return (int)way;
    return -1;
}

static void place(struct bank *b, u64 key, u64 tag, u64 value)
{
    size_t set = (size_t)(key & b->set_mask) * b->ways;
    u32 way = 0;
    u64 oldest = ~0ull;
    for (u32 i = 0; i < b->ways; i++) {
        if (b->tags[set + i] == 0) {
            way = i;
            break;
        }
        if (b->stamps[set + i] < oldest) {
            oldest = b->stamps[set + i];
            way = i;
        }
    }
    b->tags[set + way] = tag;
    b->values[set + way] = value;
    b->stamps[set + way] = ++clock_now;
}

static u64 look_up(struct bank *b, u64 key, u32 kind)
{
    size_t set = (size_t)(key & b->set_mask) * b->ways;
    int way = search(b->tags + set, b->ways, tag_of(key, kind));
    if (way < 0)
        return 0;
    b->stamps[set + way] = ++clock_now;
    return b->values[set + way];
}

static u64 follow(u64 table, u64 addr, int shift, struct bank *b, u32 kind)
{
    u64 entry = tables[table * 512 + (addr >> shift & 511)];
    if (!entry)
        return 0;
    place(b, addr >> shift, tag_of(addr >> shift, kind), entry >> 12);
    return entry >> 12;
}

static u64 walk(u64 addr)
{
    u64 table = look_up(&pde, addr >> 21, KIND_PDE);
    if (!table) {
        int level = 2;
        table = look_up(&pdpte, addr >> 30, KIND_PDPTE);
        if (!table) {
            level = 3;
            table = look_up(&pml4e, addr >> 39, KIND_PML4E);
        }
        if (!table) {
            level = 4;
            table = 1;
        }
        if (level == 4)
            table = follow(table, addr, 39, &pml4e, KIND_PML4E);
        if (table && level >= 3)
            table = follow(table, addr, 30, &pdpte, KIND_PDPTE);
        if (table)
            table = follow(table, addr, 21, &pde, KIND_PDE);
    }
    return table ? tables[table * 512 + (addr >> 12 & 511)] : 0;
}

static int beyond_l1(u64 addr)
{
    u64 page = addr >> 12;
    u64 value = look_up(&l2, page, KIND_4K);
    if (!value) {
        misses++;
        value = walk(addr);
        if (!value)
            return 0;
        place(&l2, page, tag_of(page, KIND_4K), value);
    }
    place(&l1, page, tag_of(page, KIND_4K), value);
    last_page = page;
    return 1;
}

static inline int translate(u64 addr)
{
    u64 page = addr >> 12;
    if (page == last_page)
        return 1;
    size_t set = (size_t)(page & l1.set_mask) * l1.ways;
    int way = search(l1.tags + set, l1.ways, tag_of(page, KIND_4K));
    if (way < 0)
        return beyond_l1(addr);
    l1.stamps[set + way] = ++clock_now;
    last_page = page;
    return 1;
}

static u64 new_table(void) { return ++table_count; }

static void map(u64 addr, u64 frame)
{
    u64 table = 1;
    for (int shift = 39; shift > 12; shift -= 9) {
        u64 *entry = &tables[table * 512 + (addr >> shift & 511)];
        if (!*entry)
            *entry = new_table() << 12 | 0x67;
        table = *entry >> 12;
    }
    tables[table * 512 + (addr >> 12 & 511)] = frame << 12 | 0x67;
}

static inline u64 next_random(void)
{
    u64 x = state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return state = x;
}

int main(void)
{
    unsigned kind;
    unsigned long long pages, accesses;
    make(&l1, 16, 4);
    make(&l2, 128, 12);
    make(&pde, 1, 32);
    make(&pdpte, 1, 4);
    make(&pml4e, 1, 2);
    tables = calloc(24576ull * 512, 8);
    for (u64 page = 0; page < 1 << 20; page++)
        map(BASE + (page << 12), page + 1);
    while (scanf("%u %llu %llu", &kind, &pages, &accesses) == 3) {
        struct timespec from, to;
        u64 at = 0, mask = 1;
        state = 0x9e3779b97f4a7c15ull;
        misses = 0;
        while (mask < pages)
            mask <<= 1;
        mask--;
        clock_gettime(CLOCK_MONOTONIC, &from);
        for (u64 i = 0; i < accesses; i++) {
            if (!translate(BASE + (at << 12)))
                return 1;
            if (kind == 0) {
                at = at + 1 == pages ? 0 : at + 1;
            } else if (kind == 2) {
                at = (next_random() >> 32) * pages >> 32;
            } else {
                do
                    at = (at * 0x5851f42d4c957f2dull + 0x14057b7ef767814full) & mask;
                while (at >= pages);
            }
        }
        clock_gettime(CLOCK_MONOTONIC, &to);
        printf("%lld %llu\n", (to.tv_sec - from.tv_sec) * 1000000000ll + to.tv_nsec - from.tv_nsec,
               (unsigned long long)misses);
        fflush(stdout);
    }
    return 0;
}
