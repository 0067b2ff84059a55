/** Reads protobuf's wire format: tags, varints, lengths (protobuf.dev/programming-guides/encoding). */

/** Bytes that are no protobuf, or end too early. */
export class WireError extends Error {
  override name = "WireError";
}

const utf8 = new TextDecoder();

/** A cursor over bytes. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The field's number and the type of what follows. */
  tag(): { number: number; wireType: number } {
    const value = Number(this.varint());
    return { number: value >>> 3, wireType: value & 7 };
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#at >= this.#bytes.length) throw new WireError("unexpected EOF");
      const byte = this.#bytes[this.#at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new WireError("proto: integer overflow");
  }

  /** A signed integer of 64 bits as a number. */
  integer(): number {
    return Number(BigInt.asIntN(64, this.varint()));
  }

  bytes(): Uint8Array {
    const length = Number(this.varint());
    if (length > this.#bytes.length - this.#at) throw new WireError("unexpected EOF");
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }

  text(): string {
    return utf8.decode(this.bytes());
  }

  double(): number {
    if (this.#at + 8 > this.#bytes.length) throw new WireError("unexpected EOF");
    const value = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return value;
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#at += 8;
    else if (wireType === 2) this.bytes();
    else if (wireType === 5) this.#at += 4;
    else throw new WireError(`proto: illegal wireType ${wireType}`);
    if (this.#at > this.#bytes.length) throw new WireError("unexpected EOF");
  }
}
