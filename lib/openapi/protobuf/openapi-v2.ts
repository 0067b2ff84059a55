/**
 * The OpenAPI v2 document as protobuf (gnostic's openapi.v2.Document), which some clients take alone. Written are head
 * and definitions, by which clients know kinds and check objects; the paths are in the JSON form.
 */

/** A schema of the JSON document. */
interface Schema {
  readonly $ref?: string;
  readonly format?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly additionalProperties?: Schema | boolean;
  readonly type?: string | readonly string[];
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** What is read of the JSON document. */
export interface V2Document {
  readonly swagger: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly definitions: Readonly<Record<string, Schema>>;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

const bytesField = (number: number, bytes: Buffer): Buffer[] => [varint(number * 8 + 2), varint(bytes.length), bytes];
const message = (number: number, parts: readonly Buffer[]) => bytesField(number, Buffer.concat(parts));
const text = (number: number, value: string | undefined) =>
  value === undefined ? [] : bytesField(number, Buffer.from(value));
/** Any value as YAML, of which JSON is a part. */
const yaml = (number: number, value: unknown) => message(number, text(2, `${JSON.stringify(value)}\n`));

function named(number: number, name: string, value: readonly Buffer[]): Buffer[] {
  return message(number, [...text(1, name), ...message(2, value)]);
}

function schemas(number: number, of: Readonly<Record<string, Schema>>): Buffer[] {
  return message(
    number,
    Object.entries(of).flatMap(([name, schema]) => named(1, name, schemaOf(schema))),
  );
}

function schemaOf(schema: Schema): Buffer[] {
  const { additionalProperties: more, type, items, properties } = schema;
  const types = type === undefined ? [] : [type].flat();
  return [
    ...text(1, schema.$ref),
    ...text(2, schema.format),
    ...text(3, schema.title),
    ...text(4, schema.description),
    ...(schema.default === undefined ? [] : yaml(5, schema.default)),
    ...(schema.required ?? []).flatMap((name) => text(19, name)),
    ...(schema.enum ?? []).flatMap((value) => yaml(20, value)),
    ...(more === undefined
      ? []
      : message(21, typeof more === "boolean" ? [varint(16), varint(Number(more))] : message(1, schemaOf(more)))),
    ...(types.length === 0
      ? []
      : message(
          22,
          types.flatMap((one) => text(1, one)),
        )),
    ...(items === undefined ? [] : message(23, message(1, schemaOf(items)))),
    ...(schema.allOf ?? []).flatMap((one) => message(24, schemaOf(one))),
    ...(properties === undefined ? [] : schemas(25, properties)),
    ...Object.entries(schema)
      .filter(([name]) => name.startsWith("x-"))
      .flatMap(([name, value]) => message(31, [...text(1, name), ...yaml(2, value)])),
  ];
}

/** The document's bytes. */
export function encodeV2({ swagger, info, definitions }: V2Document): Uint8Array {
  const head = [...text(1, swagger), ...message(2, [...text(1, info.title), ...text(2, info.version)])];
  return Buffer.concat([...head, ...message(8, []), ...schemas(9, definitions)]);
}
