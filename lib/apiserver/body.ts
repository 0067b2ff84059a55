/** Reading of request bodies: media type, size, syntax, kind, schema, in upstream's order and with its texts. */
import { newBadRequest, newUnsupportedMediaType } from "../apimachinery/errors.ts";
import type { ServerRequest } from "../apimachinery/http.ts";
import { duplicateKeys, nestingError, syntaxErrorText } from "../apimachinery/json/syntax.ts";
import { type AnyObject, apiVersionOf, type GroupVersionKind, parseApiVersion } from "../apimachinery/meta.ts";
import { quote } from "../apimachinery/quote.ts";
import { parseYaml, warningTexts, YamlSyntaxError } from "../apimachinery/yaml/parse.ts";
import { decode } from "../openapi/decode.ts";
import { decodeProtobuf } from "../openapi/protobuf/decode.ts";
import { WireError } from "../openapi/protobuf/reader.ts";
import { DecodeError } from "../openapi/scalars.ts";
import { servedTypes } from "./negotiation.ts";

/** The most that a request's body may hold. */
export const maxBodyBytes = 3 * 1024 * 1024;

/** What the client wants done with fields that the schema does not know. */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** A decoded body. */
export interface DecodedBody {
  readonly object: AnyObject;
  readonly warnings: readonly string[];
}

/** A byte order mark is kept: it is no JSON. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** A body as text; protobuf has been turned into JSON. */
export interface BodyText {
  readonly text: string;
  readonly format: "json" | "yaml";
}

/** Reads a body of a definition. Throws 400, 413 and 415. */
export async function readBody(request: ServerRequest, definitionName: string): Promise<BodyText> {
  const format = mediaType(request);
  if (format !== "protobuf") return { text: await bodyText(request), format };
  const bytes = await request.bytes(maxBodyBytes);
  if (bytes.length === 0) return { text: "", format: "json" };
  try {
    return { text: JSON.stringify(decodeProtobuf(definitionName, bytes)), format: "json" };
  } catch (error) {
    if (error instanceof WireError || error instanceof SyntaxError) throw newBadRequest(error.message);
    // Messages in messages in messages: the stack is at its end before any limit of their size.
    if (error instanceof RangeError) throw newBadRequest("proto: exceeded max depth");
    throw error;
  }
}

/** The media type of the body without its parameters; JSON where none is named. Throws 415. */
function mediaType(request: ServerRequest): "json" | "yaml" | "protobuf" {
  const header = request.header("content-type");
  if (header === undefined || header === "" || header === "application/json") return "json";
  const type = header.split(";")[0].trim().toLowerCase();
  if (type === "application/json") return "json";
  if (type === "application/yaml") return "yaml";
  if (type === "application/vnd.kubernetes.protobuf") return "protobuf";
  throw newUnsupportedMediaType(servedTypes);
}

/** The body as text. Throws 413. */
export async function bodyText(request: ServerRequest): Promise<string> {
  return utf8.decode(await request.bytes(maxBodyBytes));
}

/** What a message shows of a text: its beginning, JSON as it is and anything else in hexadecimal. */
function excerpt(text: string): string {
  if (text === "") return "<empty>";
  const bytes = Buffer.from(text);
  const beginning = bytes.subarray(0, 30).toString(text.startsWith("{") ? "utf8" : "hex");
  return bytes.length > 30 ? `${beginning} ...` : beginning;
}

/** Parsed JSON or YAML with the kind it names. */
interface Parsed {
  readonly value: unknown;
  readonly duplicates: readonly string[];
}

function unrecognized(kind: string, why: string, text: string) {
  return newBadRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${excerpt(text)})`);
}

function parse(text: string, format: "json" | "yaml", kind: string, wantDuplicates: boolean): Parsed {
  if (format === "yaml" && !text.trimStart().startsWith("{")) return parseYamlBody(text, kind);
  const refused = (why: string) => unrecognized(kind, `couldn't get version/kind; json parse error: ${why}`, text);
  const tooDeep = nestingError(text);
  if (tooDeep !== undefined) throw refused(tooDeep);
  try {
    const value = JSON.parse(text);
    return { value, duplicates: wantDuplicates ? duplicateKeys(text).map((path) => `duplicate field "${path}"`) : [] };
  } catch {
    throw refused(syntaxErrorText(text));
  }
}

function parseYamlBody(text: string, kind: string): Parsed {
  try {
    const { value, duplicates } = parseYaml(text);
    return { value, duplicates: duplicates === "" ? [] : [duplicates] };
  } catch (error) {
    throw error instanceof YamlSyntaxError ? unrecognized(kind, error.message, text) : error;
  }
}

/** Which kind the body says it is. Throws 400 where it says another. */
function checkKind(value: unknown, kind: GroupVersionKind, text: string): void {
  if (value === null) return;
  if (typeof value !== "object" || Array.isArray(value)) {
    const go = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
    const target =
      'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
    throw unrecognized(
      kind.kind,
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${go} into ${target}`,
      text,
    );
  }
  const { apiVersion, kind: named } = value as { apiVersion?: unknown; kind?: unknown };
  const wanted = apiVersionOf(kind);
  if (typeof apiVersion === "string" && apiVersion !== "") {
    const gv = parseApiVersion(apiVersion);
    if (!gv) throw unrecognized(kind.kind, `unexpected GroupVersion string: ${apiVersion}`, text);
  }
  const sameVersion = apiVersion === undefined || apiVersion === "" || apiVersion === wanted;
  const sameKind = named === undefined || named === "" || named === kind.kind;
  if (sameVersion && sameKind) return;
  const gv = parseApiVersion(typeof apiVersion === "string" ? apiVersion : wanted) ?? kind;
  const got = `${apiVersionOf(gv)}, Kind=${typeof named === "string" && named !== "" ? named : kind.kind}`;
  throw newBadRequest(
    `the API version in the data (${apiVersion ?? wanted}) does not match the expected API version (${wanted}): ${got}`,
  );
}

/**
 * Decodes a body as a kind. What the schema does not know or what stands twice is dropped, with a warning, or refused,
 * as `validation` says. Throws 400.
 */
export function decodeBody(
  text: string,
  format: "json" | "yaml",
  kind: GroupVersionKind,
  definitionName: string,
  validation: FieldValidation,
): DecodedBody {
  const strict = validation !== "Ignore";
  const { value, duplicates } = parse(text, format, kind.kind, strict);
  checkKind(value, kind, text);
  return decodeValue(value, kind, definitionName, validation, duplicates);
}

/** As decodeBody, for a value that has been parsed (or patched) already. */
export function decodeValue(
  value: unknown,
  kind: GroupVersionKind,
  definitionName: string,
  validation: FieldValidation,
  duplicates: readonly string[] = [],
  wrongType = (of: GroupVersionKind, why: string) => newBadRequest(cannotBeHandled(of, why)),
): DecodedBody {
  let decoded: ReturnType<typeof decode>;
  try {
    decoded = decode(definitionName, value ?? {}, validation !== "Ignore");
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw wrongType(kind, error.message);
  }
  const { object } = decoded;
  object.metadata ??= {};
  const problems = [...duplicates, ...decoded.unknown.map((path) => `unknown field ${quote(path)}`)];
  if (problems.length > 0 && validation === "Strict") {
    throw wrongType(kind, `strict decoding error: ${problems.join(", ")}`);
  }
  return { object, warnings: problems.flatMap(warningTexts) };
}

function cannotBeHandled({ version, kind }: GroupVersionKind, why: string): string {
  return `${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`;
}
