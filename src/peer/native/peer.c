/* SPDX-License-Identifier: MIT */
/*
 * A kernel tree's own VMA code on the operations of a file, timed. Built by `vmabench peer` on the machine of
 * whoever has the tree; docs/performance.md says how to build and run it by hand.
 *
 *   peer OPERATIONS HOOK SET OPS ERROR
 *
 * OPERATIONS is an operation trace (docs/traces.md) of mmap, munmap and mprotect; what stands before #MARK sets
 * the address space up. Every file's HOOK is `mmap` or `mmap_prepare`: it sets the vm_flags SET (hexadecimal),
 * installs ops where OPS is 1, and fails with ERROR unless that is 0. Then, line by line on standard input:
 *
 *   run FIRST COUNT   executes operations after #MARK; answers nanoseconds
 *   rewind            back to #MARK; answers "ok"
 *   checksum          over the results of all operations run since the last rewind
 *   layout            one VMA a line, START END FLAGS PGOFF FILE, then "end"
 */
#include "calls.h"

#include <time.h>

static struct operation *operations;
static long count, mark;
static long *values;
static int *vmas;

static void fail(const char *file, long line, const char *expected)
{
	fprintf(stderr, "%s:%ld: expected %s\n", file, line, expected);
	exit(2);
}

/* Whether a line is an operation; where it is, `o` becomes it. */
static bool parse(const char *text, struct operation *o, const char *file, long line)
{
	char name[16], of[16];
	const unsigned long known = 0x1 | 0x2 | ASKED_FIXED | 0x20 | ASKED_NORESERVE;

	if (sscanf(text, "%15s", name) != 1 || name[0] == '#')
		return false;
	if (!strcmp(name, "mmap")) {
		o->kind = OP_MMAP;
		if (sscanf(text, "%*s %lx %lx %lu %lx %15s %lu", &o->addr, &o->len, &o->prot, &o->flags, of,
			   &o->pgoff) != 6)
			fail(file, line, "mmap ADDR LEN PROT FLAGS FILE PGOFF");
		o->file = of[0] == '-' ? 0 : atoi(of);
		if (o->file >= FILES)
			fail(file, line, "a file number below 4096");
		if (o->flags & ~known || (!o->file && o->flags & ASKED_SHARED))
			fail(file, line, "MAP_SHARED of a file or MAP_PRIVATE, with MAP_FIXED, MAP_ANONYMOUS, MAP_NORESERVE");
		if (o->prot & ~7UL)
			fail(file, line, "a protection from 0 to 7");
	} else if (!strcmp(name, "munmap")) {
		o->kind = OP_MUNMAP;
		if (sscanf(text, "%*s %lx %lx", &o->addr, &o->len) != 2)
			fail(file, line, "munmap ADDR LEN");
	} else if (!strcmp(name, "mprotect")) {
		o->kind = OP_MPROTECT;
		if (sscanf(text, "%*s %lx %lx %lu", &o->addr, &o->len, &o->prot) != 3 || o->prot & ~7UL)
			fail(file, line, "mprotect ADDR LEN PROT");
	} else {
		fail(file, line, "mmap, munmap or mprotect: this program has no pages and no other calls");
	}
	return true;
}

static void read_operations(const char *path)
{
	FILE *in = fopen(path, "r");
	char text[256];
	long room = 0;

	if (!in) {
		perror(path);
		exit(2);
	}
	for (long line = 1; fgets(text, sizeof(text), in); line++) {
		if (!strncmp(text, "#MARK", 5)) {
			mark = count;
			continue;
		}
		if (count == room) {
			room = room ? 2 * room : 4096;
			operations = realloc(operations, room * sizeof(*operations));
			if (!operations)
				arena_fail("no memory for the operations");
		}
		memset(&operations[count], 0, sizeof(*operations));
		if (parse(text, &operations[count], path, line))
			count++;
	}
	fclose(in);
	values = calloc(count, sizeof(*values));
	vmas = calloc(count, sizeof(*vmas));
}

static void execute(long first, long n)
{
	for (long i = first; i < first + n; i++) {
		values[i] = perform(&operations[i]);
		vmas[i] = world->mm.map_count;
	}
}

static unsigned long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000UL + t.tv_nsec;
}

static void open_world(void)
{
	arena_open();
	slab_open();
	world = arena_take(sizeof(*world), 4096);
	for (int i = 0; i < FILES; i++) {
		world->files[i].f_mapping = &world->mappings[i];
		world->files[i].f_op = &file_ops;
	}
	/* as an address space has it: gaps tracked, readers, lock elsewhere */
	mt_init_flags(&world->mm.mm_mt, MT_FLAGS_ALLOC_RANGE | MT_FLAGS_LOCK_EXTERN | MT_FLAGS_USE_RCU);
	this_task.mm = &world->mm;
	maple_tree_init();
	vma_state_init();
}

static void print_layout(void)
{
	VMA_ITERATOR(vmi, &world->mm, 0);
	struct vm_area_struct *vma;

	for_each_vma(vmi, vma) {
		printf("%lx %lx %lx %lu ", vma->vm_start, vma->vm_end, (unsigned long)vma->vm_flags, vma->vm_pgoff);
		if (vma->vm_file)
			printf("%ld\n", (long)(vma->vm_file - world->files));
		else
			printf("-\n");
	}
	printf("end\n");
}

/* FNV-1a over both halves of the value and the number of VMAs, as src/measure/work.ts takes it. */
static unsigned int checksum(long done)
{
	unsigned int sum = 0x811c9dc5;

	for (long i = mark; i < done; i++) {
		const unsigned int words[] = { values[i], (unsigned long)values[i] >> 32, vmas[i], 0 };

		for (int k = 0; k < 4; k++)
			sum = (sum ^ words[k]) * 0x01000193;
	}
	return sum;
}

int main(int argc, char **argv)
{
	char line[128];
	long first, n, done;

	if (argc != 6) {
		fprintf(stderr, "usage: peer OPERATIONS mmap|mmap_prepare SET OPS ERROR\n");
		return 2;
	}
	read_operations(argv[1]);
	if (!strcmp(argv[2], "mmap"))
		file_ops.mmap = hook_mmap;
	else
		file_ops.mmap_prepare = hook_mmap_prepare;
	driver.set = strtoul(argv[3], NULL, 16);
	driver.installs = atoi(argv[4]);
	driver.error = atoi(argv[5]);

	open_world();
	execute(0, mark);
	arena_save();
	done = mark;
	printf("ready %ld %zu\n", count - mark, sizeof(struct maple_node));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "run %ld %ld", &first, &n) == 2 && first >= 0 && n >= 0 && mark + first + n <= count) {
			const unsigned long before = now();

			execute(mark + first, n);
			printf("%lu\n", now() - before);
			if (mark + first + n > done)
				done = mark + first + n;
		} else if (!strncmp(line, "rewind", 6)) {
			arena_restore();
			done = mark;
			printf("ok\n");
		} else if (!strncmp(line, "checksum", 8)) {
			printf("%u\n", checksum(done));
		} else if (!strncmp(line, "layout", 6)) {
			print_layout();
		} else {
			fprintf(stderr, "peer: unknown command: %s", line);
			return 2;
		}
		fflush(stdout);
	}
	return 0;
}
