/** Evens out what differs from run to run: times near now, uids, revisions, allocated addresses and ports, order of causes. */

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const time = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z$/;
const clusterIp = /\b10\.96\.\d+\.\d+\b/g;
const generated = /\b(gen-|kube-api-access-)[bcdfghjklmnpqrstvwxz2456789]{5}\b/g;
const namespace = /\bd-[0-9a-f]{8}-[0-9a-z]{6}\b/g;
const portKeys = new Set(["nodePort", "healthCheckNodePort"]);
const revisionText =
  /(ResourceVersion in object meta: |ResourceVersion in record \(|ResourceVersion in the precondition \(|ResourceVersion in precondition: |resource version: |current: |resourceVersion"?: "?|resource version "?)([1-9]\d*)( \([1-9]\d*\))?/g;
const errorStart =
  /, (?=(?:<nil>|[A-Za-z_][\w.[\]\-/"]*): (?:Invalid value|Required value|Forbidden|Duplicate value|Unsupported value|Not found|Too long|Too many|Internal error)\b)/;

function isRecent(text: string): boolean {
  const match = time.exec(text);
  return match !== null && Math.abs(Date.parse(`${match[1]}Z`) - Date.now()) < 90_000_000;
}

/** A table's cell without what depends on now. `column` is unknown in all but the first event of a watch. */
export function evenCell(column: string | undefined, cell: unknown): unknown {
  if (typeof cell !== "string") return cell;
  if (column === undefined) return /^(\d+[smhdy])+$/.test(cell) ? "AGE" : cell;
  const ages = ["age", "last seen", "first seen", "last schedule"];
  if (ages.includes(column.toLowerCase()) && !["<unknown>", "<none>", ""].includes(cell)) return "AGE";
  if (column === "Duration" && /^(\d+y|\d{3,}d)/.test(cell)) return "AGE";
  return cell.replace(/:3[0-2]\d{3}\//g, ":PORT/").replace(/\(\w+ ago\)/g, "(AGE ago)");
}

function evenMessage(text: string): string {
  return text
    .replace(/\n@@ -\d+,\d+ .*/s, "")
    .replace(/Invalid value: "(?:.*"(?=: strict decoding error)|\{\\".*\}"(?=: ))/s, 'Invalid value: "..."');
}

function evenString(given: string, key: string): string {
  if (isRecent(given)) return "TIME";
  let text = given;
  if (text.includes("\n")) {
    text = text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, (one) => (isRecent(one) ? "TIME" : one));
  }
  if (key === "message" || text.includes("\n")) {
    text = text.replace(revisionText, (_, head: string, revision: string, more?: string) => {
      return head + (revision.length < 10 ? "RV" : revision) + (more ? " (RV)" : "");
    });
  }
  if (key === "message") text = evenMessage(text);
  text = text
    .replace(uuid, "UID")
    .replace(namespace, "NS")
    .replace(clusterIp, "CLUSTERIP")
    .replace(generated, "$1XXXXX");
  if (key !== "message") return text;
  const list = /^(.* is invalid: )\[(.*)\]$/s.exec(text);
  return list ? `${list[1]}[${list[2].split(errorStart).sort().join(", ")}]` : text;
}

type Json = Record<string, unknown>;

function evenObject(object: Json, managed: boolean): Json {
  if (object.kind === "Table" && "columnDefinitions" in object) {
    const columns = (object.columnDefinitions ?? []) as { name: string }[];
    for (const row of (object.rows ?? []) as { cells: unknown[] }[]) {
      row.cells = row.cells.map((cell, index) => evenCell(columns[index]?.name, cell));
    }
  }
  const out: Json = {};
  for (const key of Object.keys(object).sort()) {
    if (key === "managedFields" && !managed) continue;
    out[key.replace(namespace, "NS")] = even(object[key], managed, key);
  }
  return out;
}

const order = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

function evenList(list: unknown[], managed: boolean, key: string): unknown[] {
  const out = list.map((item) => even(item, managed, key));
  if (key === "causes" || key === "managedFields") out.sort(order);
  return out;
}

/** An answer, evened out. `key` is the name of the field that holds the value. */
export function even(value: unknown, managed: boolean, path = ""): unknown {
  const key = path.slice(path.lastIndexOf(".") + 1);
  if (Array.isArray(value)) return evenList(value, managed, key);
  if (typeof value === "object" && value !== null) return evenObject(value as Json, managed);
  if (
    (key === "resourceVersion" || key === "resourceVersionMatch") &&
    value !== "" &&
    value !== "0" &&
    value !== null
  ) {
    return "RV";
  }
  if (key === "continue" && value) return "CONTINUE";
  if (portKeys.has(key) && typeof value === "number" && value >= 30_000 && value <= 32_767) return "PORT";
  return typeof value === "string" ? evenString(value, key) : value;
}
