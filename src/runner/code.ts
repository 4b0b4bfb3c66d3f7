// The runner's machine code, x86-64: reads records from descriptor 3, carries each out, and writes beside it what came
// back and how many ticks of the time-stamp counter it took. Nothing of a C library or of V8 lies between two readings
// of the counter, and nothing else is mapped in the process.
//
//   record, 80 bytes:  0 number   8 .. 48 six arguments   56 value   64 ticks   72 expected address, 0 = none
//
// A mmap that the kernel placed elsewhere than expected is undone and made again with MAP_FIXED, so that what follows
// finds the same layout.

/** Where records are mapped; a page of data for the calls comes first. */
export const DATA_AT = 0x100000000000;
export const DATA_SIZE = 4096;
/** Bytes of address space for both. */
export const RECORDS_LIMIT = 0x8000000;
export const RECORD_SIZE = 80;
export const RECORD_ARGUMENTS = 8;
export const RECORD_VALUE = 56;
export const RECORD_TICKS = 64;
export const RECORD_EXPECTED = 72;

/** Numbers that are no system call. Accesses: address, stride in bytes, how many. */
export const END = -1n;
export const NOTHING = -2n;
export const WRITE = -3n;
export const READ = -4n;

/** The instructions: their bytes, and what they say; up to a colon a label, after three spaces a remark. */
export const LISTING: readonly (readonly [bytes: string, text: string])[] = [
  // the records, shared with the process that wrote them
  ["b809000000", "mov eax, 9                     mmap"],
  ["48bf0000000000100000", "mov rdi, DATA_AT"],
  ["be00000008", "mov esi, RECORDS_LIMIT"],
  ["ba03000000", "mov edx, 3                     PROT_READ | PROT_WRITE"],
  ["41ba11800000", "mov r10d, 0x8011               MAP_SHARED | MAP_FIXED | MAP_POPULATE"],
  ["41b803000000", "mov r8d, 3"],
  ["4531c9", "xor r9d, r9d"],
  ["0f05", "syscall"],
  ["48bb0010000000100000", "mov rbx, DATA_AT + DATA_SIZE"],
  [
    "488b4b48",
    "next: mov rcx, [rbx+72]        both lines of the record are in the cache from here",
  ],
  ["4c8b33", "mov r14, [rbx]"],
  ["4983feff", "cmp r14, END"],
  ["0f84d0000000", "je leave"],
  ["0faee8", "lfence"],
  ["0f31", "rdtsc"],
  ["48c1e220", "shl rdx, 32"],
  ["4809d0", "or rax, rdx"],
  ["4989c4", "mov r12, rax"],
  ["4c89f0", "mov rax, r14"],
  ["488b7b08", "mov rdi, [rbx+8]"],
  ["488b7310", "mov rsi, [rbx+16]"],
  ["488b5318", "mov rdx, [rbx+24]"],
  ["4c8b5320", "mov r10, [rbx+32]"],
  ["4c8b4328", "mov r8, [rbx+40]"],
  ["4c8b4b30", "mov r9, [rbx+48]"],
  ["4885c0", "test rax, rax"],
  ["7870", "js access"],
  ["0f05", "syscall"],
  ["4989c5", "mov r13, rax"],
  ["0f01f9", "timed: rdtscp"],
  ["0faee8", "lfence"],
  ["48c1e220", "shl rdx, 32"],
  ["4809d0", "or rax, rdx"],
  ["4c29e0", "sub rax, r12"],
  ["48894340", "mov [rbx+64], rax"],
  ["4c896b38", "mov [rbx+56], r13"],
  ["4983fe39", "cmp r14, 57                    fork"],
  ["743f", "je forked"],
  ["4983fe09", "cmp r14, 9                     mmap"],
  ["753e", "jne done"],
  ["488b4b48", "mov rcx, [rbx+72]"],
  ["e338", "jrcxz done"],
  ["4c39e9", "cmp rcx, r13"],
  ["7433", "je done"],
  ["4981fd00f0ffff", "cmp r13, -4096"],
  ["772a", "ja done                        an error"],
  ["b80b000000", "mov eax, 11                    munmap"],
  ["4c89ef", "mov rdi, r13"],
  ["488b7310", "mov rsi, [rbx+16]"],
  ["0f05", "syscall"],
  ["488b4b48", "mov rcx, [rbx+72]"],
  ["48894b08", "mov [rbx+8], rcx"],
  ["48834b2010", "or qword [rbx+32], 16          MAP_FIXED"],
  ["4883634800", "and qword [rbx+72], 0          once"],
  ["e95effffff", "jmp next"],
  ["4d85ed", "forked: test r13, r13"],
  ["743a", "jz leave                       the child"],
  ["4883c350", "done: add rbx, 80"],
  ["e950ffffff", "jmp next"],
  ["4531ed", "access: xor r13d, r13d"],
  ["4983fefd", "cmp r14, WRITE"],
  ["7418", "je write"],
  ["778a", "ja timed                       NOTHING"],
  ["488b07", "read: mov rax, [rdi]"],
  ["4c21e8", "and rax, r13                   0, known only once the load is done"],
  ["4801f7", "add rdi, rsi"],
  ["4801c7", "add rdi, rax"],
  ["48ffca", "dec rdx"],
  ["75ef", "jnz read"],
  ["e974ffffff", "jmp timed"],
  ["c60701", "write: mov byte [rdi], 1"],
  ["4801f7", "add rdi, rsi"],
  ["48ffca", "dec rdx"],
  ["75f5", "jnz write"],
  ["e964ffffff", "jmp timed"],
  ["b8e7000000", "leave: mov eax, 231            exit_group"],
  ["31ff", "xor edi, edi"],
  ["0f05", "syscall"],
];

/** The code's bytes. */
export function machineCode(): Buffer {
  return Buffer.from(LISTING.map(([bytes]) => bytes).join(""), "hex");
}
