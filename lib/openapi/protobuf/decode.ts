/**
 * Kubernetes' protobuf bodies as JSON values (upstream: apimachinery/pkg/runtime/serializer/protobuf): four bytes of
 * magic, then a runtime.Unknown that names the kind and holds the object's own message.
 */
import { WireError, WireReader } from "./reader.ts";
import { type WireField, type WireMessage, wireMessage } from "./wire.ts";

type Json = Record<string, unknown>;

const magic = [0x6b, 0x38, 0x73, 0x00];

/** Whether bytes begin as Kubernetes' protobuf does. */
export function isProtobuf(bytes: Uint8Array): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** Kind and message of an envelope. Throws WireError. */
export function readEnvelope(bytes: Uint8Array): { apiVersion: string; kind: string; raw: Uint8Array } {
  if (!isProtobuf(bytes)) throw new WireError("provided data does not appear to be a protobuf message");
  const reader = new WireReader(bytes.subarray(magic.length));
  let [apiVersion, kind, raw] = ["", "", new Uint8Array()];
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    if (number === 1 && wireType === 2) {
      const type = new WireReader(reader.bytes());
      while (!type.done) {
        const part = type.tag();
        if (part.number === 1) apiVersion = type.text();
        else if (part.number === 2) kind = type.text();
        else type.skip(part.wireType);
      }
    } else if (number === 2 && wireType === 2) raw = new Uint8Array(reader.bytes());
    else reader.skip(wireType);
  }
  return { apiVersion, kind, raw };
}

/** Readers of types that are no plain messages. A zero time is null. */
const specials: Record<string, (bytes: Uint8Array) => unknown> = {
  Time: (bytes) => timeText(bytes, 0),
  MicroTime: (bytes) => timeText(bytes, 6),
  Quantity: (bytes) => firstText(bytes),
  IntOrString: intOrString,
  RawExtension: rawJson,
  "meta.v1.FieldsV1": rawJson,
  "apiextensions.v1.JSON": rawJson,
  "[]string": (bytes) => {
    const reader = new WireReader(bytes);
    const items: string[] = [];
    while (!reader.done) {
      reader.tag();
      items.push(reader.text());
    }
    return items;
  },
};

function timeText(bytes: Uint8Array, digits: number): string | null {
  if (bytes.length === 0) return null;
  const reader = new WireReader(bytes);
  let [seconds, nanos] = [0, 0];
  while (!reader.done) {
    const { number } = reader.tag();
    if (number === 1) seconds = reader.integer();
    else nanos = reader.integer();
  }
  const text = new Date(seconds * 1_000).toISOString().slice(0, 19);
  return digits === 0 ? `${text}Z` : `${text}.${String(nanos).padStart(9, "0").slice(0, digits)}Z`;
}

function firstText(bytes: Uint8Array): string {
  const reader = new WireReader(bytes);
  if (reader.done) return "0";
  reader.tag();
  return reader.text();
}

function intOrString(bytes: Uint8Array): number | string {
  const reader = new WireReader(bytes);
  let [type, integer, text] = [0, 0, ""];
  while (!reader.done) {
    const { number } = reader.tag();
    if (number === 1) type = reader.integer();
    else if (number === 2) integer = reader.integer();
    else text = reader.text();
  }
  return type === 0 ? integer : text;
}

function rawJson(bytes: Uint8Array): unknown {
  const reader = new WireReader(bytes);
  if (reader.done) return null;
  reader.tag();
  const text = reader.text();
  return text === "" ? null : JSON.parse(text);
}

/** One value of a field. */
function readValue(reader: WireReader, type: string): unknown {
  switch (type) {
    case "string":
      return reader.text();
    case "bytes":
      return Buffer.from(reader.bytes()).toString("base64");
    case "bool":
      return reader.varint() !== 0n;
    case "int32":
    case "int64":
      return reader.integer();
    case "double":
      return reader.double();
    default: {
      const special = specials[type];
      return special ? special(reader.bytes()) : readMessage(wireMessage(type), reader.bytes());
    }
  }
}

const scalarTypes = new Set(["bool", "int32", "int64", "double"]);

function readRepeated(reader: WireReader, type: string, wireType: number, into: unknown[]): void {
  if (wireType !== 2 || !scalarTypes.has(type)) {
    into.push(readValue(reader, type));
    return;
  }
  const packed = new WireReader(reader.bytes());
  while (!packed.done) into.push(readValue(packed, type));
}

function readEntry(bytes: Uint8Array, type: string): [string, unknown] {
  const reader = new WireReader(bytes);
  let key = "";
  let value: unknown;
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    if (number === 1) key = reader.text();
    else if (number === 2) value = readValue(reader, type);
    else reader.skip(wireType);
  }
  return [key, value ?? (type === "Quantity" ? "0" : "")];
}

function readField(reader: WireReader, { json, card, type }: WireField, wireType: number, object: Json): void {
  if (card === "r") {
    const list = (object[json] ?? []) as unknown[];
    object[json] = list;
    readRepeated(reader, type, wireType, list);
  } else if (card === "m") {
    const [key, value] = readEntry(reader.bytes(), type);
    object[json] = { ...(object[json] as Json | undefined), [key]: value };
  } else if (json === "") Object.assign(object, readValue(reader, type));
  else object[json] = readValue(reader, type);
}

/** A message as a JSON value; fields that are not known are passed over. */
function readMessage(message: WireMessage, bytes: Uint8Array): Json {
  const reader = new WireReader(bytes);
  const object: Json = {};
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    const field = message.get(number);
    if (field) readField(reader, field, wireType, object);
    else reader.skip(wireType);
  }
  return object;
}

/** The object in an envelope, read as a definition (`core.v1.Pod`). Throws WireError. */
export function decodeProtobuf(definition: string, bytes: Uint8Array): Json {
  const { apiVersion, kind, raw } = readEnvelope(bytes);
  return { apiVersion, kind, ...readMessage(wireMessage(definition), raw) };
}
