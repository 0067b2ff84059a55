/**
 * The program that holds a sandbox's namespaces, as a static ELF executable made here: it ignores SIGCHLD, so the
 * kernel reaps the orphans that become its children, and sleeps for ever. No compiler, registry or library is needed.
 */
import type { Platform } from "./oci-image.ts";

const base = 0x400000;
const headerBytes = 64 + 56;

/** Processor instructions, and where in them the address of the data (a struct sigaction of 32 bytes) belongs. */
interface Program {
  readonly machine: number;
  code(dataAddress: number): Buffer;
}

const sigignWord = 1;

/** rt_sigaction(SIGCHLD, &act, 0, 8); for (;;) pause(); */
const amd64: Program = {
  machine: 62,
  code(dataAddress) {
    const code = Buffer.from([
      ...[0xb8, 13, 0, 0, 0], // mov eax, 13 (rt_sigaction)
      ...[0xbf, 17, 0, 0, 0], // mov edi, 17 (SIGCHLD)
      ...[0xbe, 0, 0, 0, 0], // mov esi, data
      ...[0x31, 0xd2], // xor edx, edx
      ...[0x41, 0xba, 8, 0, 0, 0], // mov r10d, 8
      ...[0x0f, 0x05], // syscall
      ...[0xb8, 34, 0, 0, 0], // mov eax, 34 (pause)
      ...[0x0f, 0x05], // syscall
      ...[0xeb, 0xf7], // jmp back to mov eax, 34
    ]);
    code.writeUInt32LE(dataAddress, 11);
    return code;
  },
};

/** The same with ppoll(0, 0, 0, 0), as arm64 has no pause. */
const arm64: Program = {
  machine: 183,
  code(dataAddress) {
    const words = [
      0xd2800220, // mov x0, #17 (SIGCHLD)
      0xd2800001 | ((dataAddress & 0xffff) << 5), // mov x1, #low half of data
      0xf2a00001 | ((dataAddress >>> 16) << 5), // movk x1, #high half, lsl 16
      0xd2800002, // mov x2, #0
      0xd2800103, // mov x3, #8
      0xd28010c8, // mov x8, #134 (rt_sigaction)
      0xd4000001, // svc #0
      0xd2800000, // mov x0, #0
      0xd2800001, // mov x1, #0
      0xd2800002, // mov x2, #0
      0xd2800003, // mov x3, #0
      0xd2800928, // mov x8, #73 (ppoll)
      0xd4000001, // svc #0
      0x17fffffa, // b back six instructions
    ];
    const code = Buffer.alloc(words.length * 4);
    for (const [at, word] of words.entries()) code.writeUInt32LE(word >>> 0, at * 4);
    return code;
  },
};

/** The executable's bytes. */
export function pauseProgram(platform: Platform): Buffer {
  const program = platform.architecture === "amd64" ? amd64 : arm64;
  const codeBytes = program.code(base).length;
  const dataOffset = (headerBytes + codeBytes + 7) & ~7;
  const total = dataOffset + 32;
  const file = Buffer.alloc(total);
  elfHeader(file, program.machine, total);
  program.code(base + dataOffset).copy(file, headerBytes);
  file.writeBigUInt64LE(BigInt(sigignWord), dataOffset);
  return file;
}

/** ELF64 little-endian, one segment that is the whole file. */
function elfHeader(file: Buffer, machine: number, total: number): void {
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], 0);
  file.writeUInt16LE(2, 16); // executable
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(base + headerBytes), 24); // entry
  file.writeBigUInt64LE(64n, 32); // program headers
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // load
  file.writeUInt32LE(5, 68); // readable, executable
  file.writeBigUInt64LE(BigInt(base), 80);
  file.writeBigUInt64LE(BigInt(base), 88);
  file.writeBigUInt64LE(BigInt(total), 96);
  file.writeBigUInt64LE(BigInt(total), 104);
  file.writeBigUInt64LE(0x1000n, 112);
}
