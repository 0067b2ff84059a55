/**
 * JSON of a kind → the object as Go would hold and write it: types checked, unknown fields left out, null as absent,
 * fields in Go's order, empty ones left out or filled in as the JSON tags say. Upstream does this by decoding into
 * structs; here a plan a definition is compiled when it is first used.
 */
import type { AnyObject } from "../apimachinery/meta.ts";
import { DecodeError, jsonKind, readBase64, readMicroTime, readQuantity, readTime } from "./scalars.ts";
import { definition, type Field } from "./schema.ts";

/** One walk over one value. */
interface Walk {
  /** Names and indexes from the root to where the walk is, kept where unknown fields are wanted. */
  readonly path: (string | number)[];
  /** The names of Go's fields from the root; indexes and keys are left out. */
  readonly goPath: string[];
  /** The struct whose field is being read. */
  struct: string;
  readonly unknown: string[] | undefined;
  /** Whether empty lists and maps become null: upstream's stored form, protobuf, does not tell them from absent ones. */
  readonly emptyIsNull?: boolean;
}

/** Reads values of one type. `zero` is what an absent one is written as where it must not be left out. */
interface Plan {
  /** Go's name of the type, for messages. */
  readonly go: string;
  read(value: unknown, walk: Walk): unknown;
  zero(): unknown;
  /** Whether Go's omitempty leaves the value out. */
  empty(value: unknown): boolean;
}

function mismatch(walk: Walk, value: unknown, go: string, showNumber = false): DecodeError {
  const kind = jsonKind(value, showNumber);
  if (walk.goPath.length === 0) return new DecodeError(`json: cannot unmarshal ${kind} into Go value of type ${go}`);
  const at = `${walk.struct}.${walk.goPath.join(".")}`;
  return new DecodeError(`json: cannot unmarshal ${kind} into Go struct field ${at} of type ${go}`);
}

const never = () => false;
const isFalsy = (value: unknown) => !value;

const text: Plan = {
  go: "string",
  read(value, walk) {
    if (typeof value !== "string") throw mismatch(walk, value, "string");
    // Half a surrogate pair is no character: Go has none either, and no URL or log can hold it.
    return value.toWellFormed();
  },
  zero: () => "",
  empty: isFalsy,
};

const boolean: Plan = {
  go: "bool",
  read(value, walk) {
    if (typeof value !== "boolean") throw mismatch(walk, value, "bool");
    return value;
  },
  zero: () => false,
  empty: isFalsy,
};

function integer(go: string, limit: number): Plan {
  return {
    go,
    read(value, walk) {
      if (typeof value !== "number") throw mismatch(walk, value, go);
      if (!Number.isInteger(value) || value < -limit || value > limit - 1) throw mismatch(walk, value, go, true);
      return value;
    },
    zero: () => 0,
    empty: isFalsy,
  };
}

const double: Plan = {
  go: "float64",
  read(value, walk) {
    if (typeof value !== "number") throw mismatch(walk, value, "float64");
    return value;
  },
  zero: () => 0,
  empty: isFalsy,
};

/** Types whose own Go code reads them: an absent one is null, and none but a string is good. */
function special(go: string, zero: unknown, read: (value: string) => string): Plan {
  return {
    go,
    read(value, walk) {
      if (typeof value !== "string") throw mismatch(walk, value, "string");
      return read(value);
    },
    zero: () => zero,
    empty: never,
  };
}

const bytes: Plan = {
  go: "[]uint8",
  read(value, walk) {
    if (typeof value !== "string") throw mismatch(walk, value, "[]uint8");
    return readBase64(value);
  },
  zero: () => null,
  empty: isFalsy,
};

const quantity: Plan = {
  go: "resource.Quantity",
  read(value) {
    if (typeof value === "string" || typeof value === "number") return readQuantity(value);
    return readQuantity(JSON.stringify(value));
  },
  zero: () => "0",
  empty: never,
};

const intOrString: Plan = {
  go: "intstr.IntOrString",
  read(value, walk) {
    if (typeof value === "string") return value;
    if (typeof value !== "number") throw mismatch(walk, value, "int32");
    if (!Number.isInteger(value) || Math.abs(value) > 2 ** 31) throw mismatch(walk, value, "int32", true);
    return value;
  },
  zero: () => 0,
  empty: never,
};

/** Free-form JSON, kept as it is. */
const raw: Plan = {
  go: "runtime.RawExtension",
  read: (value) => value,
  zero: () => null,
  empty: never,
};

const scalars: Record<string, Plan> = {
  string: text,
  boolean,
  "integer:int32": integer("int32", 2 ** 31),
  "integer:int64": integer("int64", 2 ** 63),
  integer: integer("int64", 2 ** 63),
  "number:double": double,
  number: double,
  "string:byte": bytes,
  "string:date-time": special("v1.Time", null, readTime),
  "string:int-or-string": intOrString,
  Time: special("v1.Time", null, readTime),
  MicroTime: special("v1.MicroTime", null, readMicroTime),
  Quantity: quantity,
  IntOrString: intOrString,
  RawExtension: raw,
  object: raw,
  any: raw,
};

function list(item: Plan): Plan {
  const go = `[]${item.go}`;
  return {
    go,
    read(value, walk) {
      if (!Array.isArray(value)) throw mismatch(walk, value, go);
      const items = new Array<unknown>(value.length);
      for (let index = 0; index < value.length; index++) {
        if (walk.unknown) walk.path.push(index);
        const one = value[index];
        items[index] = one === null || one === undefined ? item.zero() : item.read(one, walk);
        if (walk.unknown) walk.path.pop();
      }
      return items;
    },
    zero: () => null,
    empty: (value) => (value as unknown[]).length === 0,
  };
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function map(item: Plan): Plan {
  const go = `map[string]${item.go}`;
  return {
    go,
    read(value, walk) {
      if (!isPlainObject(value)) throw mismatch(walk, value, go);
      const entries: Record<string, unknown> = {};
      const keys = Object.keys(value);
      // Go writes maps in the order of their keys.
      if (keys.length > 1) keys.sort();
      for (const key of keys) {
        if (walk.unknown) walk.path.push(key);
        const one = value[key];
        const read = one === null || one === undefined ? item.zero() : item.read(one, walk);
        if (key === "__proto__") Object.defineProperty(entries, key, { value: read, enumerable: true });
        else entries[key] = read;
        if (walk.unknown) walk.path.pop();
      }
      return entries;
    },
    zero: () => null,
    empty: (value) => Object.keys(value as object).length === 0,
  };
}

/** How one field of a struct is read and whether it is written. */
interface FieldPlan {
  readonly name: string;
  readonly plan: Plan;
  readonly omitEmpty: boolean;
  readonly pointer: boolean;
  /** Whether it is left out where it is absent: omitempty does nothing for structs. */
  readonly leftOut: boolean;
}

/** A struct. Its fields are compiled when it is first read: definitions may hold themselves. */
class Struct implements Plan {
  readonly go: string;
  readonly #name: string;
  readonly #definition: string;
  #fields: FieldPlan[] | undefined;
  #known: Set<string> | undefined;

  constructor(name: string) {
    const [, version, kind] = name.split(".");
    this.#definition = name;
    this.#name = kind ?? version;
    this.go = kind === undefined ? name : `${version}.${kind}`;
  }

  get #plans(): FieldPlan[] {
    this.#fields ??= Object.entries(definition(this.#definition).f ?? {}).map(([name, field]) =>
      fieldPlan(name, field),
    );
    return this.#fields;
  }

  read(value: unknown, walk: Walk): unknown {
    if (!isPlainObject(value)) throw mismatch(walk, value, this.go);
    const object: Record<string, unknown> = {};
    const outer = walk.struct;
    for (const field of this.#plans) {
      const one = value[field.name];
      if (one === undefined || one === null) {
        if (!field.leftOut) object[field.name] = field.pointer ? null : field.plan.zero();
        continue;
      }
      walk.struct = this.#name;
      walk.goPath.push(field.name);
      if (walk.unknown) walk.path.push(field.name);
      const read = field.plan.read(one, walk);
      if (walk.unknown) walk.path.pop();
      walk.goPath.pop();
      if (field.pointer) object[field.name] = read;
      else if (!field.plan.empty(read)) object[field.name] = read;
      else if (!field.omitEmpty) object[field.name] = walk.emptyIsNull ? field.plan.zero() : read;
    }
    walk.struct = outer;
    if (walk.unknown) this.#collectUnknown(value, walk, walk.unknown);
    return object;
  }

  zero(): unknown {
    return this.read({}, { path: [], goPath: [], struct: "", unknown: undefined });
  }

  readonly empty = never;

  #collectUnknown(value: Record<string, unknown>, walk: Walk, unknown: string[]): void {
    this.#known ??= new Set(this.#plans.map((field) => field.name));
    for (const name of Object.keys(value)) {
      if (!this.#known.has(name)) unknown.push(pathText([...walk.path, name]));
    }
  }
}

function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (sum, part) => (typeof part === "number" ? `${sum}[${part}]` : sum === "" ? part : `${sum}.${part}`),
    "",
  );
}

function fieldPlan(name: string, field: Field): FieldPlan {
  const flags = field.g ?? "";
  const plan = planOf(field.t);
  const omitEmpty = flags.includes("o");
  const pointer = flags.includes("p");
  const leftOut = flags.includes("z") || (omitEmpty && (pointer || plan.empty !== never));
  return { name, plan, omitEmpty, pointer, leftOut };
}

const plans = new Map<string, Plan>();

function planOf(type: string): Plan {
  const known = scalars[type] ?? plans.get(type);
  if (known) return known;
  const plan = makePlan(type);
  plans.set(type, plan);
  return plan;
}

function makePlan(type: string): Plan {
  if (type.startsWith("[]")) return list(planOf(type.slice(2)));
  if (type.startsWith("{}")) return map(planOf(type.slice(2)));
  const { f, t } = definition(type);
  if (f) return new Struct(type);
  return t === undefined ? raw : (scalars[t] ?? raw);
}

/** What decoding gives. */
export interface Decoded {
  readonly object: AnyObject;
  /** The paths of fields that the schema does not know, sorted; empty where they were not asked for. */
  readonly unknown: readonly string[];
}

/**
 * Reads a value as a definition (`core.v1.Pod`). Throws DecodeError with Go's text. With `collectUnknown` the
 * fields that
 * are left out are named.
 */
export function decode(name: string, value: unknown, collectUnknown = false): Decoded {
  const unknown: string[] | undefined = collectUnknown ? [] : undefined;
  const walk: Walk = { path: [], goPath: [], struct: "", unknown };
  const object = planOf(name).read(value, walk) as AnyObject;
  return { object, unknown: unknown?.sort() ?? [] };
}

/**
 * An object that strategies have worked on, as Go would write it once it has been stored: the same walk, so it is
 * idempotent, and an empty list that must not be left out is null.
 */
export function canonicalize(name: string, object: AnyObject): AnyObject {
  const walk: Walk = { path: [], goPath: [], struct: "", unknown: undefined, emptyIsNull: true };
  return planOf(name).read(object, walk) as AnyObject;
}
