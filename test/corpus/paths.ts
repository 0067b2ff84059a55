/** Dotted paths into answers: `a.b[0]`, `items.*.metadata.name`, `"a.b"` for a key with dots. */

const parts = (path: string) => [...path.matchAll(/"[^"]*"|[^.[\]]+/g)].map(([part]) => part.replace(/^"|"$/g, ""));

function child(value: unknown, part: string): unknown {
  if (Array.isArray(value)) {
    const index = Number(part) < 0 ? value.length + Number(part) : Number(part);
    return /^-?\d+$/.test(part) ? value[index] : undefined;
  }
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[part] : undefined;
}

/** What is at a path; a `*` gives a list of what is below every element. Null where nothing is. */
export function dig(value: unknown, path: string): unknown {
  const star = path.indexOf("*");
  if (star >= 0) {
    const all = dig(value, path.slice(0, star).replace(/\.$/, ""));
    const rest = path.slice(star + 1).replace(/^\./, "");
    if (typeof all !== "object" || all === null) return [];
    return Object.values(all).map((one) => dig(one, rest));
  }
  return parts(path).reduce(child, value) ?? null;
}

/** Removes what is at a path. */
export function drop(value: unknown, path: string): void {
  const all = parts(path);
  const last = all.pop() ?? "";
  let targets: unknown[] = [value];
  for (const part of all) {
    targets = targets.flatMap((target) => {
      if (part === "*") return typeof target === "object" && target !== null ? Object.values(target) : [];
      const next = child(target, part);
      return next === undefined ? [] : [next];
    });
  }
  for (const target of targets) {
    if (typeof target === "object" && target !== null && !Array.isArray(target)) {
      delete (target as Record<string, unknown>)[last];
    }
  }
}
