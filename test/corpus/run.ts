/** Runs a case against an API core and compares each answer with the recorded one. */
import { setTimeout } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { type Handler, responseText, type ServerResponse } from "../../lib/apimachinery/http.ts";
import { type Answer, type Case, type Step, usualStep } from "./cases.ts";
import { even, evenCell } from "./even.ts";
import { dig, drop } from "./paths.ts";
import type { CorpusServer } from "./server.ts";

/** The token of the recorded server's administrator. */
export const adminToken = "admintoken";

/** Paths that show the groups of other cases too. */
const shared = new Set(["/", "/apis", "/openapi/v3"]);
const foreign = /\bd-[0-9a-f]{8}-[0-9a-z]{6}\b/g;
const variable = /\{(ns|\w+_var|rv\d*|uid\d*|cont\d*)\}/g;
const salt = Math.random().toString(36).slice(2, 8).padEnd(6, "0");

type Variables = Record<string, unknown>;

const fill = (text: string, variables: Variables, encode = (one: string) => one) =>
  text.replace(variable, (all, name) => (name in variables ? encode(String(variables[name])) : all));

function withoutOthers(value: unknown, namespace: string): unknown {
  const other = (text: string) => [...text.matchAll(foreign)].some(([name]) => name !== namespace);
  if (Array.isArray(value)) {
    const kept = value.filter((item) => {
      const name = typeof item === "string" ? item : String(item?.name ?? dig(item, "metadata.name") ?? "");
      return !other(name);
    });
    return kept.map((item) => withoutOthers(item, namespace));
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !other(key));
  return Object.fromEntries(entries.map(([key, one]) => [key, withoutOthers(one, namespace)]));
}

/** JSON as the recording client wrote it, in Python: messages quote the beginnings of bodies. */
function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, one]) => `${jsonText(key)}: ${jsonText(one)}`);
    return `{${entries.join(", ")}}`;
  }
  const text = JSON.stringify(value);
  return text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

async function send(handler: Handler, step: Step, variables: Variables) {
  const text = step.raw !== undefined ? step.raw : step.body === undefined ? undefined : jsonText(step.body);
  const body = Buffer.from(text === undefined ? "" : fill(text, variables));
  const headers: Record<string, readonly string[]> = {
    accept: [step.accept],
    "user-agent": ["differ/1"],
    authorization: [`Bearer ${adminToken}`],
  };
  if (text !== undefined && step.type) headers["content-type"] = [step.type];
  for (const [name, value] of Object.entries(step.headers)) {
    const values = typeof value === "string" ? [value] : value;
    headers[name.toLowerCase()] = values.map((one) => fill(one, variables));
  }
  if (headers.authorization[0] === "none") delete headers.authorization;
  const response = await handler({
    method: step.method,
    path: fill(step.path, variables, encodeURIComponent),
    header: (name) => headers[name]?.join(", "),
    headerValues: (name) => headers[name] ?? [],
    headerNames: () => Object.keys(headers),
    async bytes(limit) {
      if (body.length <= limit) return body;
      const { newRequestEntityTooLarge } = await import("../../lib/apimachinery/errors.ts");
      throw newRequestEntityTooLarge(`limit is ${limit}`);
    },
    signal: new AbortController().signal,
  });
  return answerOf(step, response, step.method === "HEAD" ? "" : await responseText(response.body));
}

function answerOf(step: Step, { status, headers }: ServerResponse, text: string): Answer {
  const header = (name: string) => Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  const type = String(header("content-type") ?? "").replaceAll(" ", "");
  const warning = header("warning") ?? [];
  const warnings = typeof warning === "string" ? [warning] : warning;
  return { status, type, warnings, body: parse(step, status, type, text) };
}

function parse(step: Step, status: number, type: string, text: string): unknown {
  try {
    if (step.watch && status === 200) {
      const events = text
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map((line) => JSON.parse(line));
      return events.filter(
        (event) => event.type !== "BOOKMARK" || JSON.stringify(event).includes('"k8s.io/initial-events-end"'),
      );
    }
    return (type.includes("json") || text.startsWith('{"')) && !step.text ? JSON.parse(text) : text;
  } catch {
    return text;
  }
}

/** An answer with just what the step compares, evened out. */
function compared(step: Step, answer: Answer, managed: boolean, namespace: string): Answer {
  let body = structuredClone(answer.body);
  if (typeof body === "object" && body !== null && (body as { kind?: string }).kind === "Table" && step.only) {
    const table = body as { columnDefinitions?: { name: string }[]; rows?: { cells: unknown[] }[] };
    for (const row of table.rows ?? []) {
      row.cells = row.cells.map((cell, index) => evenCell(table.columnDefinitions?.[index]?.name ?? "", cell));
    }
  }
  if (shared.has(step.path.split("?")[0])) body = withoutOthers(body, namespace);
  for (const path of step.drop) drop(body, path);
  if (step.only) body = Object.fromEntries(step.only.map((path) => [path, dig(body, path)]));
  return { ...answer, warnings: even(answer.warnings, managed) as string[], body: even(body, managed) };
}

function* differences(want: unknown, got: unknown, path = ""): Generator<string> {
  const objects = typeof want === "object" && typeof got === "object" && want !== null && got !== null;
  if (!objects || Array.isArray(want) !== Array.isArray(got)) {
    if (want !== got)
      yield `${path || "."}: want ${JSON.stringify(want)?.slice(0, 700)}, got ${JSON.stringify(got)?.slice(0, 700)}`;
    return;
  }
  const keys = new Set([...Object.keys(want), ...Object.keys(got)]);
  for (const key of [...keys].sort()) {
    yield* differences((want as Variables)[key], (got as Variables)[key], `${path}.${key}`);
  }
}

const admin = (method: string, path: string, body?: unknown): Step => ({
  ...usualStep,
  method,
  path,
  body,
});

const collectionOf = (path: string) => path.split("?")[0];

/** The collections that a case watches, but for those that it gets its revisions from. */
function watchesElsewhere({ setup, steps }: Case): string[] {
  const saving = [...setup, ...steps].filter(({ save }) => Object.keys(save).some((name) => name.startsWith("rv")));
  const own = new Set(saving.map(({ path }) => collectionOf(path).split("/").at(-1)));
  const watched = new Set(steps.filter(({ watch }) => watch).map(({ path }) => collectionOf(path)));
  return [...watched].filter((path) => !path.split("/").some((part) => own.has(part)));
}

/** The variables as a step sees them: revisions are those of the collection it watches. */
function variablesOf(step: Step, variables: Variables): Variables {
  const suffix = ` ${collectionOf(step.path)}`;
  const own = Object.keys(variables).filter((name) => name.endsWith(suffix));
  return { ...variables, ...Object.fromEntries(own.map((name) => [name.slice(0, -suffix.length), variables[name]])) };
}

const noAnswer: Answer = { status: 200, type: "", warnings: [], body: [] };

/** What differs first, or undefined where all answers are equal. */
export async function runCase(
  server: Pick<CorpusServer, "handle" | "hasOneSeries">,
  one: Case,
): Promise<string | undefined> {
  const hash = crc32(`${one.area}/${one.name}`).toString(16).padStart(8, "0");
  const namespace = `d-${hash}-${salt}`;
  const variables: Variables = { ns: namespace };
  const quiet = (step: Step) => send(server.handle, step, variablesOf(step, variables));
  // Watches that nobody looks at gave upstream's caches a second or two: a moment shows whether ours need that.
  const prepare = (step: Step) => (step.watch ? setTimeout(20, noAnswer) : quiet(step));
  const elsewhere = server.hasOneSeries ? [] : watchesElsewhere(one);
  const save = async (step: Step, answer: Answer) => {
    for (const [name, path] of Object.entries(step.save)) {
      variables[name] = dig(answer.body, path) ?? "";
      if (!/^rv\d*$/.test(name)) continue;
      // Where each collection counts for itself, a watch of another one starts from that one's revision at the same time.
      for (const collection of elsewhere) {
        const { body } = await quiet(admin("GET", `${collection}?limit=1`));
        variables[`${name} ${collection}`] = dig(body, "metadata.resourceVersion");
      }
    }
  };
  await quiet(
    admin("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }),
  );
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
  await quiet(admin("POST", `/api/v1/namespaces/${namespace}/serviceaccounts`, account));
  for (const step of one.setup) await save(step, await prepare(step));
  let first: string | undefined;
  for (const [index, step] of one.steps.entries()) {
    const answer = await quiet(step);
    await save(step, answer);
    if (first !== undefined) continue;
    const difference = differences(one.want[index], compared(step, answer, one.managed, namespace)).next().value;
    if (difference) first = `${step.method} ${step.path} (step ${index + 1})${difference}`;
  }
  for (const step of one.cleanup) await prepare(step);
  await quiet(admin("DELETE", `/api/v1/namespaces/${namespace}`));
  return first;
}
