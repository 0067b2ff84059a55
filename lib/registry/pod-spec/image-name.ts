/** Image references, as far as pull policies look at them (upstream: pkg/util/parsers). */

/** The tag of a reference; "" where it has none. A digest is no tag. */
function tagOf(image: string): string {
  const name = image.split("@")[0];
  const last = name.slice(name.lastIndexOf("/") + 1);
  const colon = last.indexOf(":");
  return colon < 0 ? "" : last.slice(colon + 1);
}

/** Whether a reference means whatever is newest: it names `latest`, or neither tag nor digest. */
export function isLatest(image: string): boolean {
  const tag = tagOf(image);
  return tag === "latest" || (tag === "" && !image.includes("@"));
}
