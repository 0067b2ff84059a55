/** The full names of definitions in OpenAPI documents; the facts have short ones. */

const specials: Readonly<Record<string, string>> = {
  Time: "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
  MicroTime: "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
  Quantity: "io.k8s.apimachinery.pkg.api.resource.Quantity",
  IntOrString: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
  RawExtension: "io.k8s.apimachinery.pkg.runtime.RawExtension",
};

const packages: Readonly<Record<string, string>> = {
  access: "dev.coracle.",
  meta: "io.k8s.apimachinery.pkg.apis.",
  version: "io.k8s.apimachinery.pkg.",
  apiextensions: "io.k8s.apiextensions-apiserver.pkg.apis.",
  apiregistration: "io.k8s.kube-aggregator.pkg.apis.",
};

/** `core.v1.Pod` → `io.k8s.api.core.v1.Pod`. */
export function fullName(name: string): string {
  const special = specials[name];
  if (special !== undefined) return special;
  const first = name.slice(0, name.indexOf("."));
  return `${packages[first] ?? "io.k8s.api."}${name}`;
}

/** A group as operation ids and tags write it: `rbac.authorization.k8s.io` → `RbacAuthorization`. */
export function groupTitle(group: string): string {
  if (group === "") return "Core";
  return group
    .replace(/\.k8s\.io$/, "")
    .split(".")
    .map(title)
    .join("");
}

/** Its first letter in upper case. */
export function title(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Its first letter in lower case. */
export function untitle(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
