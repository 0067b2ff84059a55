/** What a pod's containers ask for and may use together (upstream: component-helpers/resource). */
import { parseQuantity } from "../apimachinery/quantity.ts";
import type { Container, PodSpec } from "../openapi/types/core-v1.ts";

type Resources = Readonly<Record<string, string>>;
type Pick = (container: Container) => Resources | undefined;

const sum = (a: Resources, b: Resources): Resources => combine(a, b, (x, y) => parseQuantity(x).add(parseQuantity(y)));
const max = (a: Resources, b: Resources): Resources =>
  combine(a, b, (x, y) => (parseQuantity(x).cmp(parseQuantity(y)) >= 0 ? parseQuantity(x) : parseQuantity(y)));

function combine(a: Resources, b: Resources, join: (x: string, y: string) => { toString(): string }): Resources {
  const result: Record<string, string> = { ...a };
  for (const [name, value] of Object.entries(b)) {
    result[name] = name in a ? join(a[name], value).toString() : value;
  }
  return result;
}

/**
 * Containers run together; init containers before them one by one, those that restart always go on beside what
 * follows. So the total is the larger of what the containers need and what the neediest moment before needs.
 */
function totals({ containers = [], initContainers = [] }: PodSpec, pick: Pick): Resources {
  let running: Resources = containers.map((container) => pick(container) ?? {}).reduce(sum, {});
  let sidecars: Resources = {};
  let initial: Resources = {};
  for (const container of initContainers) {
    const own = pick(container) ?? {};
    if (container.restartPolicy === "Always") {
      running = sum(running, own);
      sidecars = sum(sidecars, own);
      initial = max(initial, sidecars);
    } else {
      initial = max(initial, sum(own, sidecars));
    }
  }
  return max(running, initial);
}

/** All requests; those of the pod itself replace its containers'. The overhead comes on top. */
export function podRequests(spec: PodSpec): Resources {
  const own = spec.resources?.requests ?? {};
  const all = { ...totals(spec, ({ resources }) => resources?.requests), ...own };
  return sum(all, spec.overhead ?? {});
}

/** All limits; as podRequests. Where there is no limit the overhead adds none. */
export function podLimits(spec: PodSpec): Resources {
  const own = spec.resources?.limits ?? {};
  const all = { ...totals(spec, ({ resources }) => resources?.limits), ...own };
  const overhead = Object.entries(spec.overhead ?? {}).filter(([name]) => name in all);
  return sum(all, Object.fromEntries(overhead));
}
