/**
 * Makes `lib/openapi/facts/*.json` and `lib/openapi/types/*.ts` from a folder of facts about a running kube-apiserver.
 *
 *   npm run facts -- DIR
 *
 * DIR holds `schema.json`, `protobuf.json`, `discovery.json`, `columns.json` and `selectors.json` (their encoding is
 * described in `lib/openapi/facts/README.md`). The next Kubernetes release is this script run on its facts.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { factsFiles } from "./facts.ts";
import type { Messages, SchemaFile } from "./input.ts";
import { wireFiles } from "./protobuf.ts";
import { resourcesFile, typeFiles } from "./types.ts";

const from = process.argv[2];
if (from === undefined) {
  console.error("which facts? Type: npm run facts -- DIR (a folder with schema.json, protobuf.json, ...)");
  process.exit(2);
}
const read = (name: string) => JSON.parse(readFileSync(join(from, name), "utf8"));
const openapi = join(import.meta.dirname, "..");
const write = (folder: string, files: Map<string, string>) => {
  mkdirSync(join(openapi, folder), { recursive: true });
  for (const [name, text] of files) writeFileSync(join(openapi, folder, name), text);
  console.log(`${folder}: ${files.size} files`);
};

const schema: SchemaFile = read("schema.json");
const messages: Messages = read("protobuf.json").messages;
const discovery = read("discovery.json");
write("facts", factsFiles(schema, messages, discovery, read("columns.json"), read("selectors.json")));
write("facts/protobuf", wireFiles(schema, messages));
write("types", typeFiles(schema, discovery).set("resources.ts", resourcesFile(discovery, schema)));
