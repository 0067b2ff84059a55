/** Writes ustar archives (POSIX.1-1988). */

/** A file, folder or link of an archive. Paths are relative; a name longer than 100 bytes is split at a slash. */
export interface TarEntry {
  readonly path: string;
  readonly mode: number;
  readonly content?: Uint8Array;
  readonly folder?: boolean;
  readonly linkTo?: string;
}

const blockBytes = 512;

function splitName(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: "" };
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    if (slash <= 155 && Buffer.byteLength(path.slice(slash + 1)) <= 100) {
      return { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
    }
  }
  throw new Error(`the path is too long for an archive: ${path}`);
}

function header(entry: TarEntry): Buffer {
  const block = Buffer.alloc(blockBytes);
  const { name, prefix } = splitName(entry.folder ? `${entry.path}/` : entry.path);
  const octal = (value: number, length: number) => value.toString(8).padStart(length - 1, "0");
  block.write(name, 0);
  block.write(octal(entry.mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(entry.content?.length ?? 0, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(" ".repeat(8), 148);
  block.write(entry.folder ? "5" : entry.linkTo === undefined ? "0" : "2", 156);
  block.write(entry.linkTo ?? "", 157);
  block.write("ustar\u000000", 257);
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148);
  return block;
}

/** The archive's bytes: the same for the same entries, whoever makes it and when. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    parts.push(header(entry));
    if (entry.content === undefined) continue;
    parts.push(entry.content, Buffer.alloc((blockBytes - (entry.content.length % blockBytes)) % blockBytes));
  }
  parts.push(Buffer.alloc(2 * blockBytes));
  return Buffer.concat(parts);
}
