/** DER, as much as certificates need (X.690). */

/** One element: its tag and its content's length and bytes. */
function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), content]);
}

export const sequence = (...items: readonly Uint8Array[]) => element(0x30, ...items);
export const set = (...items: readonly Uint8Array[]) => element(0x31, ...items);
export const octetString = (content: Uint8Array) => element(0x04, content);
export const utf8String = (text: string) => element(0x0c, Buffer.from(text));
export const boolean = (value: boolean) => element(0x01, Buffer.from([value ? 0xff : 0]));
/** `[number]` around whole elements. */
export const explicit = (number: number, ...items: readonly Uint8Array[]) => element(0xa0 | number, ...items);
/** `[number]` instead of a primitive element's own tag. */
export const implicit = (number: number, content: Uint8Array) => element(0x80 | number, content);

/** A number that is not negative, as its bytes, most significant first. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const content = bytes.subarray(start);
  return content[0] & 0x80 ? element(0x02, Buffer.from([0]), content) : element(0x02, content);
}

/** Bits, the last `unused` of which do not count. */
export const bitString = (content: Uint8Array, unused = 0) => element(0x03, Buffer.from([unused]), content);

/** `1.2.840.10045.4.3.2`. */
export function objectIdentifier(text: string): Buffer {
  const [first, second, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const digits = [part & 0x7f];
    for (let value = part >> 7; value > 0; value >>= 7) digits.unshift(0x80 | (value & 0x7f));
    bytes.push(...digits);
  }
  return element(0x06, Buffer.from(bytes));
}

/** A time in seconds: UTCTime until 2049, GeneralizedTime from then on (RFC 5280). */
export function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 14);
  if (Number(digits.slice(0, 4)) < 2050) return element(0x17, Buffer.from(`${digits.slice(2)}Z`));
  return element(0x18, Buffer.from(`${digits}Z`));
}
