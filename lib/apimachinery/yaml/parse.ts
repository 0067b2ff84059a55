/**
 * YAML as the API server reads it (upstream: sigs.k8s.io/yaml): version 1.1, the first document alone, what is not JSON
 * turned into it: keys become texts, times stay texts, binary becomes text.
 */
import { isMap, isScalar, parseDocument, type Tags, visit, type YAMLError } from "yaml";
import { maxNesting } from "../json/syntax.ts";

/** A text that is no YAML; the message is worded as Go's library does. */
export class YamlSyntaxError extends Error {
  override name = "YamlSyntaxError";
}

/** What a text holds. */
export interface ParsedYaml {
  readonly value: unknown;
  /** Keys that stand twice in a map, a line each under a heading, as Go words it; "" where there are none. */
  readonly duplicates: string;
}

const timestamp = "tag:yaml.org,2002:timestamp";

/** Go's library knows neither numbers to the base of 60 nor, where JSON is wanted, times. */
function withoutTimes(tags: Tags): Tags {
  return tags.filter((tag) => typeof tag === "string" || (tag.tag !== timestamp && tag.format !== "TIME"));
}

const texts: Partial<Record<YAMLError["code"], string>> = {
  BAD_ALIAS: "did not find expected alphabetic or numeric character",
  BAD_DIRECTIVE: "could not find expected directive name",
  BAD_DQ_ESCAPE: "found unknown escape character",
  BAD_INDENT: "did not find expected key",
  BLOCK_AS_IMPLICIT_KEY: "mapping values are not allowed in this context",
  BLOCK_IN_FLOW: "did not find expected node content",
  MISSING_CHAR: "could not find expected ':'",
  MULTILINE_IMPLICIT_KEY: "mapping values are not allowed in this context",
  TAB_AS_INDENT: "found character that cannot start any token",
  UNEXPECTED_TOKEN: "did not find expected node content",
};

const tooDeep = `yaml: exceeded max depth of ${maxNesting}`;

function syntaxError({ code, linePos, message }: YAMLError): YamlSyntaxError {
  // The library calls itself for each level, and says so where the stack ends.
  if (code === "RESOURCE_EXHAUSTION") return new YamlSyntaxError(tooDeep);
  const alias = /Unresolved alias.*: (\S+)$/m.exec(message);
  if (alias) return new YamlSyntaxError(`yaml: unknown anchor '${alias[1]}' referenced`);
  return new YamlSyntaxError(`yaml: line ${linePos?.[0].line ?? 1}: ${texts[code] ?? "did not find expected key"}`);
}

function duplicatesText(text: string, errors: readonly YAMLError[]): string {
  if (errors.length === 0) return "";
  const lines = text.split("\n");
  const entries = errors.map(({ linePos }) => {
    const { line, col } = linePos?.[0] ?? { line: 1, col: 1 };
    const rest = (lines[line - 1] ?? "").slice(col - 1);
    const key = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^:,}]*?)\s*(?=[:,}]|$))/.exec(rest);
    return `  line ${line}: key ${JSON.stringify(key?.[1] ?? key?.[2] ?? key?.[3] ?? "")} already set in map`;
  });
  return `yaml: unmarshal errors:\n${entries.join("\n")}`;
}

/** Reads a text. Throws YamlSyntaxError. An empty text holds null. */
export function parseYaml(text: string): ParsedYaml {
  try {
    const parsed = read(text);
    if (!nestsDeeper(parsed.value, maxNesting)) return parsed;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new YamlSyntaxError(tooDeep);
}

function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((one) => nestsDeeper(one, levels - 1));
}

function read(text: string): ParsedYaml {
  const document = parseDocument(text, { version: "1.1", merge: true, customTags: withoutTimes });
  const repeated = document.errors.filter(({ code }) => code === "DUPLICATE_KEY");
  const wrong = document.errors.find(({ code }) => code !== "DUPLICATE_KEY" && code !== "MULTIPLE_DOCS");
  if (wrong) throw syntaxError(wrong);
  visit(document, {
    Scalar(_, node) {
      if (node.value instanceof Uint8Array) node.value = Buffer.from(node.value).toString();
    },
    Pair(_, { key, value }) {
      if (!isMap(key) && !(isScalar(key) && key.value === null)) return;
      const shown = isScalar(value) ? JSON.stringify(value.value) : "...";
      throw new YamlSyntaxError(`unsupported map key of type: %!s(<nil>), key: <nil>, value: ${shown}`);
    },
  });
  try {
    return { value: document.toJS(), duplicates: duplicatesText(text, repeated) };
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const alias = /Unresolved alias.*: (\S+)$/m.exec((error as Error).message);
    if (alias) throw new YamlSyntaxError(`yaml: unknown anchor '${alias[1]}' referenced`);
    throw new YamlSyntaxError("yaml: document contains excessive aliasing");
  }
}

/** A problem as warnings show it: a heading is dropped, each line is a warning of its own. */
export function warningTexts(problem: string): string[] {
  const heading = "yaml: unmarshal errors:\n";
  if (!problem.startsWith(heading)) return [problem];
  return problem
    .slice(heading.length)
    .split("\n")
    .map((line) => line.trim());
}
