/**
 * Makes `objects/*.json` from what a fresh kube-apiserver holds, one object a line.
 *
 *   node lib/apiserver/bootstrap/extract.ts FILE
 *
 * FILE is JSON: `apiserver` maps "GROUP/VERSION/RESOURCE [NAMESPACE/]NAME" to the object. What a server fills in when it
 * starts (conditions, addresses, times) is left out here; `objects.ts` adds it.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Fresh {
  readonly apiserver: Readonly<Record<string, Record<string, unknown>>>;
}

const resources = [
  "v1/namespaces",
  "rbac.authorization.k8s.io/v1/clusterroles",
  "rbac.authorization.k8s.io/v1/clusterrolebindings",
  "rbac.authorization.k8s.io/v1/roles",
  "rbac.authorization.k8s.io/v1/rolebindings",
  "scheduling.k8s.io/v1/priorityclasses",
  "flowcontrol.apiserver.k8s.io/v1/flowschemas",
  "flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations",
  "apiregistration.k8s.io/v1/apiservices",
];

const from = process.argv[2];
if (from === undefined) {
  console.error("which cluster? Type: node lib/apiserver/bootstrap/extract.ts FILE");
  process.exit(2);
}
const { apiserver } = JSON.parse(readFileSync(from, "utf8")) as Fresh;
const folder = join(import.meta.dirname, "objects");
mkdirSync(folder, { recursive: true });
for (const resource of resources) {
  const found = Object.entries(apiserver).filter(([key]) => key.startsWith(`${resource} `));
  const lines = found.map(([, { status, description, ...object }]) => JSON.stringify(object));
  const name = resource.slice(resource.lastIndexOf("/") + 1);
  writeFileSync(join(folder, `${name}.json`), `[\n${lines.join(",\n")}\n]\n`);
  console.log(`${name}: ${lines.length}`);
}
