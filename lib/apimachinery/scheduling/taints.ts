/** Taints and tolerations (upstream: component-helpers/scheduling/corev1). */

/** core.v1.Taint. */
export interface Taint {
  key: string;
  value?: string;
  effect: string;
  timeAdded?: string;
}

/** core.v1.Toleration. */
export interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
}

/** Whether one toleration covers one taint. An empty effect covers all, an empty key with Exists all keys. */
export function toleratesTaint(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator ?? "") {
    case "Exists":
      return true;
    case "":
    case "Equal":
      return Boolean(toleration.key) && (toleration.value ?? "") === (taint.value ?? "");
    case "Lt":
      return compare(toleration, taint, (limit, value) => value < limit);
    case "Gt":
      return compare(toleration, taint, (limit, value) => value > limit);
    default:
      return false;
  }
}

function compare(toleration: Toleration, taint: Taint, holds: (limit: bigint, value: bigint) => boolean): boolean {
  const integer = /^(0|-?[1-9]\d*)$/;
  const [limit, value] = [toleration.value ?? "", taint.value ?? ""];
  return integer.test(limit) && integer.test(value) && holds(BigInt(limit), BigInt(value));
}

/** Whether any of the tolerations covers the taint. */
export function tolerated(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return (tolerations ?? []).some((toleration) => toleratesTaint(toleration, taint));
}

/** The first taint with one of the effects that nothing tolerates. */
export function untoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): Taint | undefined {
  return (taints ?? []).find((taint) => effects.includes(taint.effect) && !tolerated(tolerations, taint));
}
