/** DNS messages (RFC 1035, 2782, 6891), as far as a cluster's DNS needs them. */

/** Types of records. */
export const recordType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  ANY: 255,
} as const;

/** Response codes. */
export const responseCode = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
} as const;

/** A question. The name is as it was sent, without the last dot. */
export interface Question {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** A request for one name. */
export interface Query {
  readonly id: number;
  readonly question: Question;
  readonly recursionDesired: boolean;
  readonly opcode: number;
  /** How many bytes the sender takes over UDP. */
  readonly maxBytes: number;
  readonly hasOpt: boolean;
}

/** The data of a record. */
export type RecordData =
  | { readonly type: "A" | "AAAA"; readonly address: Buffer }
  | { readonly type: "CNAME" | "PTR"; readonly name: string }
  | {
      readonly type: "SRV";
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly name: string;
    }
  | { readonly type: "SOA"; readonly zone: string };

/** A record of an answer. */
export interface ResourceRecord {
  readonly name: string;
  readonly ttlSeconds: number;
  readonly data: RecordData;
}

/** What is answered. */
export interface Answer {
  readonly code: number;
  readonly answers: readonly ResourceRecord[];
  readonly authority?: readonly ResourceRecord[];
  readonly additional?: readonly ResourceRecord[];
}

const headerBytes = 12;
const classInternet = 1;
const defaultMaxBytes = 512;
const ourMaxBytes = 1232;

/** Reads a query with one question. Throws an Error where it is none. */
export function parseQuery(bytes: Buffer): Query {
  if (bytes.length < headerBytes) throw new Error("the message is shorter than its header");
  const flags = bytes.readUInt16BE(2);
  if (flags & 0x8000) throw new Error("the message is a response");
  if (bytes.readUInt16BE(4) !== 1) throw new Error("the message has not one question");
  const { name, next } = readName(bytes, headerBytes);
  const question = { name, type: bytes.readUInt16BE(next), class: bytes.readUInt16BE(next + 2) };
  const opt = findOpt(bytes, next + 4);
  return {
    id: bytes.readUInt16BE(0),
    question,
    recursionDesired: (flags & 0x0100) !== 0,
    opcode: (flags >> 11) & 0xf,
    maxBytes: Math.max(defaultMaxBytes, opt ?? defaultMaxBytes),
    hasOpt: opt !== undefined,
  };
}

function findOpt(bytes: Buffer, start: number): number | undefined {
  const count = bytes.readUInt16BE(6) + bytes.readUInt16BE(8) + bytes.readUInt16BE(10);
  let at = start;
  for (let index = 0; index < count && at < bytes.length; index++) {
    const { next } = readName(bytes, at);
    if (bytes.readUInt16BE(next) === recordType.OPT) return bytes.readUInt16BE(next + 2);
    at = next + 10 + bytes.readUInt16BE(next + 8);
  }
  return undefined;
}

function readName(bytes: Buffer, start: number): { name: string; next: number } {
  const labels: string[] = [];
  let at = start;
  let next = -1;
  const maxLabels = 128;
  for (let steps = 0; steps < maxLabels; steps++) {
    const length = bytes[at];
    if (length === undefined) throw new Error("a name goes beyond the message");
    if (length === 0) return { name: labels.join("."), next: next < 0 ? at + 1 : next };
    if ((length & 0xc0) === 0xc0) {
      if (next < 0) next = at + 2;
      at = bytes.readUInt16BE(at) & 0x3fff;
      continue;
    }
    if (at + 1 + length > bytes.length) throw new Error("a name goes beyond the message");
    labels.push(bytes.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  throw new Error("a name has too many parts");
}

/** The response to a query. One that is longer than `limit` comes truncated: the client asks again by TCP. */
export function response(query: Query, answer: Answer, limit: number): Buffer {
  const full = encode(query, answer, false);
  if (full.length <= limit) return full;
  return encode(query, { code: answer.code, answers: [] }, true);
}

function encode(query: Query, answer: Answer, truncated: boolean): Buffer {
  const writer = new Writer();
  const { answers, authority = [], additional = [] } = answer;
  const flags =
    0x8400 |
    (query.recursionDesired ? 0x0100 : 0) |
    0x0080 |
    (truncated ? 0x0200 : 0) |
    (query.opcode << 11) |
    answer.code;
  writer.u16(query.id, flags, 1, answers.length, authority.length, additional.length + (query.hasOpt ? 1 : 0));
  writer.name(query.question.name);
  writer.u16(query.question.type, query.question.class);
  for (const record of [...answers, ...authority, ...additional]) writer.record(record);
  if (query.hasOpt)
    writer.bytes(Buffer.from([0, 0, recordType.OPT, ourMaxBytes >> 8, ourMaxBytes & 0xff, 0, 0, 0, 0, 0, 0]));
  return writer.take();
}

/** Writes with compressed names. */
class Writer {
  readonly #parts: Buffer[] = [];
  readonly #places = new Map<string, number>();
  #length = 0;

  bytes(part: Buffer): void {
    this.#parts.push(part);
    this.#length += part.length;
  }

  u16(...values: number[]): void {
    const part = Buffer.alloc(values.length * 2);
    for (const [index, value] of values.entries()) part.writeUInt16BE(value & 0xffff, index * 2);
    this.bytes(part);
  }

  name(name: string): void {
    const labels = name === "" ? [] : name.split(".");
    for (let index = 0; index < labels.length; index++) {
      const rest = labels.slice(index).join(".");
      const place = this.#places.get(rest);
      if (place !== undefined) {
        this.u16(0xc000 | place);
        return;
      }
      if (this.#length < 0x4000) this.#places.set(rest, this.#length);
      const label = Buffer.from(labels[index], "latin1");
      this.bytes(Buffer.concat([Buffer.from([label.length]), label]));
    }
    this.bytes(Buffer.from([0]));
  }

  record({ name, ttlSeconds, data }: ResourceRecord): void {
    this.name(name);
    this.u16(recordType[data.type], classInternet, ttlSeconds >>> 16, ttlSeconds & 0xffff);
    const length = Buffer.alloc(2);
    this.bytes(length);
    const start = this.#length;
    this.#data(data);
    length.writeUInt16BE(this.#length - start);
  }

  take(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** RFC 2782: an SRV record's target is not compressed. */
  #wholeName(name: string): void {
    for (const label of name === "" ? [] : name.split(".")) {
      const bytes = Buffer.from(label, "latin1");
      this.bytes(Buffer.concat([Buffer.from([bytes.length]), bytes]));
    }
    this.bytes(Buffer.from([0]));
  }

  #data(data: RecordData): void {
    switch (data.type) {
      case "A":
      case "AAAA":
        this.bytes(data.address);
        break;
      case "CNAME":
      case "PTR":
        this.name(data.name);
        break;
      case "SRV":
        this.u16(data.priority, data.weight, data.port);
        this.#wholeName(data.name);
        break;
      case "SOA":
        this.name(`ns.dns.${data.zone}`);
        this.name(`hostmaster.${data.zone}`);
        // serial, refresh, retry, expire, and for how long a name counts as absent
        for (const value of [1, 7200, 1800, 86_400, 5]) this.u16(value >>> 16, value);
    }
  }
}
