/** The hash of a pod template that names its ReplicaSet (upstream: ComputeHash in controller/controller_utils.go). */

/**
 * A short text that is safe in names and labels, the same for equal templates; `collisions` makes another one of it.
 * The
 * values are our own: clients only ever compare them.
 */
export function templateHash(template: unknown, collisions: number | undefined): string {
  let hash = fnv32a(canonical(template), 0x811c9dc5);
  if (collisions !== undefined) hash = fnv32a(`#${collisions}`, hash);
  return safeText(String(hash));
}

/** JSON with sorted keys and without what is absent or empty, which the server does not tell apart. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = value as Record<string, unknown>;
  const parts: string[] = [];
  for (const key of Object.keys(fields).sort()) {
    const text = canonical(fields[key]);
    if (text !== "null" && text !== "{}" && text !== "[]") parts.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${parts.join(",")}}`;
}

function fnv32a(text: string, seed: number): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}

/** Without vowels and look-alikes, so that no bad words come out (upstream: util/rand SafeEncodeString). */
function safeText(text: string): string {
  const alphabet = "bcdfghjklmnpqrstvwxz2456789";
  let safe = "";
  for (let index = 0; index < text.length; index++) safe += alphabet[text.charCodeAt(index) % alphabet.length];
  return safe;
}
