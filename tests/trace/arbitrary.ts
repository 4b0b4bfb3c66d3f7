// Random texts of well-formed traces, as a recorder could have written them.

import fc from "fast-check";

const word = fc.oneof(
  fc.nat(0x7fffffff).map((n) => `0x${n.toString(16)}`),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map((n) => `0x${n.toString(16)}`),
);
const decimal = fc.integer({ min: -4095, max: 1 << 30 }).map(String);
const result = fc.oneof(
  fc.constant("0"),
  fc.integer({ min: 1, max: 4095 }).map((n) => `-${n}`),
);
const address = fc.oneof(
  word,
  fc.integer({ min: 1, max: 4095 }).map((n) => `-${n}`),
);
const inode = fc
  .tuple(fc.nat(0xff), fc.nat(0xff), fc.nat(1 << 30))
  .map(([major, minor, number]) => {
    const two = (n: number) => n.toString(16).padStart(2, "0");
    return `${two(major)}:${two(minor)}:${number}`;
  });
const token = fc.stringMatching(/^[a-z0-9_/.\\:-]{0,12}$/);
const optional = (part: fc.Arbitrary<string>) => fc.oneof(fc.constant(""), part);

const keys = fc
  .tuple(
    optional(token.map((t) => ` file=/${t}`)),
    optional(fc.constantFrom(" type=reg:ext4", " type=memfd:tmpfs", " type=chr:1:5")),
    optional(fc.constantFrom(" open=r", " open=w", " open=rw")),
    optional(inode.map((t) => ` ino=${t}`)),
    optional(fc.nat(99).map((n) => ` ofd=${n}`)),
    optional(token.map((t) => ` someday=${t}`)),
    optional(fc.nat(70_000).map((n) => ` vmas=${n}`)),
  )
  .map((parts) => parts.join(""));

const words = (count: number) =>
  fc.array(word, { minLength: count, maxLength: count }).map((list) => list.join(" "));
const named = (names: string[], args: number) =>
  fc.tuple(fc.constantFrom(...names), words(args), result).map(([n, a, r]) => `${n} ${a} = ${r}`);

const call = fc
  .tuple(
    fc.integer({ min: 1, max: 40 }),
    fc.oneof(
      fc
        .tuple(words(4), decimal, word, address)
        .map(([a, fd, o, r]) => `mmap ${a} ${fd} ${o} = ${r}`),
      named(["munmap", "mlock", "munlock"], 2),
      named(["mprotect", "mlock2"], 3),
      fc.tuple(words(5), address).map(([a, r]) => `mremap ${a} = ${r}`),
      fc.tuple(word, address).map(([a, r]) => `brk ${a} = ${r}`),
      fc.tuple(words(2), decimal, result).map(([a, d, r]) => `madvise ${a} ${d} = ${r}`),
      fc.tuple(decimal, words(2), address).map(([id, a, r]) => `shmat ${id} ${a} = ${r}`),
      named(["shmdt", "mlockall", "prctl", "mbind", "mseal"], 1),
      named(["prctl", "mbind"], 5),
      fc.constant("munlockall = 0"),
    ),
    keys,
  )
  .map(([task, body, tail]) => `${task} ${body}${tail}`);

/** VMAs one above the other, some touching. */
const layout = fc
  .array(
    fc.tuple(
      fc.nat(5),
      fc.integer({ min: 1, max: 9 }),
      fc.stringMatching(/^[r-][w-][x-][ps]$/),
      fc.nat(99),
      inode,
      fc.oneof(fc.constant(""), fc.constantFrom("[heap]", "[stack]", "/a b (deleted)", "/x")),
    ),
    { maxLength: 6 },
  )
  .map((vmas) => {
    let at = 0x10000;
    return vmas.map(([gap, pages, perms, offset, node, name]) => {
      const start = at + gap * 4096;
      at = start + pages * 4096;
      const hex = (n: number) => `0x${n.toString(16)}`;
      const line = `${hex(start)}-${hex(at)} ${perms} ${hex(offset * 4096)} ${node}`;
      return name === "" ? line : `${line} ${name}`;
    });
  })
  .chain((lines) =>
    fc.boolean().map((gate) => {
      const top = "0xffffffffff600000-0xffffffffff601000 --xp 0x0 00:00:0 [vsyscall]";
      return gate ? [...lines, top] : lines;
    }),
  );

const comment = fc.oneof(
  token.map((text) => `# ${text}`),
  fc.constantFrom(
    "# stack-growth 0x7ffffffde000-0x7ffffffff000 -> 0x7ffffffdc000-0x7ffffffff000",
    "# clone 1 -> 2 flags=0x3d0f00 (thread)",
  ),
);

const head = fc.constantFrom(
  "# program: some program",
  "# max_map_count: 65530",
  "# rlimits: stack=unlimited as=0x100000 data=unlimited memlock=0xffffffffffffffff",
  "# mm: start_code=0x1 start_brk=0x555555694000",
  "# thp-enabled: always [madvise] never",
);

/** The text of a trace with every kind of section and line. */
export const traceArbitrary: fc.Arbitrary<string> = fc
  .record({
    head: fc.array(head, { maxLength: 4 }),
    initial: layout,
    first: fc.array(fc.oneof({ weight: 4, arbitrary: call }, comment), { maxLength: 8 }),
    checkpoint: layout,
    second: fc.array(fc.oneof({ weight: 4, arbitrary: call }, comment), { maxLength: 8 }),
    final: layout,
    tail: fc.array(comment, { maxLength: 3 }),
  })
  .map((t) => {
    const calls = t.first.filter((line) => !line.startsWith("#")).length;
    const checkpoint = calls > 0 ? [`@maps checkpoint ${calls}`, ...t.checkpoint, "@ops"] : [];
    const before = [...t.head, "@maps initial", ...t.initial, "@ops", ...t.first];
    const after = [...t.second, "@maps final", ...t.final, ...t.tail, ""];
    return [...before, ...checkpoint, ...after].join("\n");
  });
