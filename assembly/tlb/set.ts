// One associative set: words in order of use, most recent first; 0 = empty way. The key of a word is what
// stands at and above bit `shift`; bit 0 says valid.

/** The word with a key, made the most recent; 0 when it is not there. */
export function findKey(base: usize, ways: u32, key: u64, shift: u64): u64 {
  const end = base + ((<usize>ways) << 3);
  for (let at = base; at < end; at += 8) {
    const word = load<u64>(at);
    if (word == 0) return 0;
    if (word >> shift == key) {
      pushDown(base, at);
      store<u64>(base, word);
      return word;
    }
  }
  return 0;
}

/** Puts a word first; the least recent one leaves a full set. */
export function fillSet(base: usize, ways: u32, word: u64): void {
  const last = base + ((<usize>(ways - 1)) << 3);
  let at = base;
  while (at < last && load<u64>(at)) at += 8;
  pushDown(base, at);
  store<u64>(base, word);
}

/** Moves the words before `at` one way down, over what stood there. */
@inline function pushDown(base: usize, at: usize): void {
  for (let to = at; to > base; to -= 8) store<u64>(to, load<u64>(to - 8));
}

/** Removes the word with a key, if it is there. */
export function dropKey(base: usize, ways: u32, key: u64, shift: u64): void {
  const end = base + ((<usize>ways) << 3);
  for (let at = base; at < end; at += 8) {
    const word = load<u64>(at);
    if (word == 0) return;
    if (word >> shift == key) {
      for (; at + 8 < end; at += 8) store<u64>(at, load<u64>(at, 8));
      store<u64>(end - 8, 0);
      return;
    }
  }
}

/** Empties `ways` ways. */
export function clearSet(base: usize, ways: u32): void {
  memory.fill(base, 0, (<usize>ways) << 3);
}
