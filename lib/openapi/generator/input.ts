/** The shapes of the fact files that the generator reads. */

/** A field as the schema facts have it; `t` is its type, see `lib/openapi/facts/README.md`. */
export interface SchemaField {
  t: string;
  r?: 1;
  [fact: string]: unknown;
}

/** A definition as the schema facts have it. */
export interface SchemaDefinition {
  gvk?: string[];
  t?: string;
  f?: Record<string, SchemaField>;
  [fact: string]: unknown;
}

/** schema.json. */
export interface SchemaFile {
  version: string;
  definitions: Record<string, SchemaDefinition>;
}

/** A field of a protobuf message: number, cardinality, type, Go name, JSON name (null: inlined), flags. */
export type MessageField = [number, string, string, string, string | null, string];

/** protobuf.json's messages, by full name. */
export type Messages = Record<string, { f?: Record<string, MessageField> }>;

/** What the generator reads of discovery.json. */
export interface DiscoveryFile {
  groups: {
    group: string;
    versions: { version: string; resources: { kind: string; scope: string; resource: string }[] }[];
  }[];
}
