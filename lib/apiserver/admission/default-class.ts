/** Which of several classes is the default: the newest that is marked as such. */
import type { ObjectMeta } from "../../apimachinery/meta.ts";

/** The default of classes that one of the annotations marks; undefined: none is marked. */
export function defaultOf<T extends { metadata: ObjectMeta }>(
  classes: readonly T[],
  annotations: readonly string[],
): T | undefined {
  const marked = classes.filter(({ metadata }) => annotations.some((name) => metadata.annotations?.[name] === "true"));
  const newestFirst = (a: T, b: T) =>
    Date.parse(b.metadata.creationTimestamp) - Date.parse(a.metadata.creationTimestamp) ||
    (a.metadata.name < b.metadata.name ? -1 : 1);
  return marked.sort(newestFirst)[0];
}
