/** /metrics: what was asked for, how it ended and how long it took (upstream: apiserver/pkg/endpoints/metrics), as Prometheus reads it. */
import type { Endpoint } from "./endpoint.ts";
import type { RequestInfo } from "./request-info.ts";
import type { Route } from "./routes.ts";
import { kubernetesVersion } from "./version.ts";

/** Upper bounds in seconds. */
const bounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

const verbNames: Readonly<Record<string, string>> = {
  get: "GET",
  list: "LIST",
  watch: "WATCH",
  create: "POST",
  update: "PUT",
  patch: "PATCH",
  delete: "DELETE",
  deletecollection: "DELETECOLLECTION",
};

interface Histogram {
  /** How many took at most as long as the bound of the same place, and longer than the one before it. */
  readonly counts: number[];
  count: number;
  seconds: number;
}

/** Counts the requests for resources of one server since its start. */
export class RequestMetrics {
  /** By labels and code. */
  readonly #totals = new Map<string, number>();
  /** By labels. */
  readonly #durations = new Map<string, Histogram>();

  /** One answer; `endpoint` is what the path names, undefined where that is not served (clients choose such names freely). */
  observe(info: RequestInfo, endpoint: Endpoint | undefined, code: number, seconds: number): void {
    if (!endpoint) return;
    const labels = labelsOf(info, endpoint);
    const total = `code="${code}",${labels}`;
    this.#totals.set(total, (this.#totals.get(total) ?? 0) + 1);
    // A watch takes as long as its client likes.
    if (info.verb !== "watch") this.#add(labels, seconds);
  }

  #add(labels: string, seconds: number): void {
    let histogram = this.#durations.get(labels);
    if (!histogram) {
      histogram = { counts: bounds.map(() => 0), count: 0, seconds: 0 };
      this.#durations.set(labels, histogram);
    }
    const place = bounds.findIndex((bound) => seconds <= bound);
    if (place >= 0) histogram.counts[place] += 1;
    histogram.count += 1;
    histogram.seconds += seconds;
  }

  /** Prometheus' text. */
  text(): string {
    return [
      ...family("apiserver_request_total", "counter", "Requests by verb, resource and status."),
      ...[...this.#totals].sort().map(([labels, total]) => `apiserver_request_total{${labels}} ${total}`),
      ...family("apiserver_request_duration_seconds", "histogram", "Time to the answer, watches left out."),
      ...[...this.#durations].sort(byLabels).flatMap(([labels, histogram]) => histogramLines(labels, histogram)),
      ...family("kubernetes_build_info", "gauge", "The release whose API is served."),
      `kubernetes_build_info{git_version="${kubernetesVersion}"} 1`,
      "",
    ].join("\n");
  }
}

const byLabels = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);

function labelsOf(info: RequestInfo, endpoint: Endpoint): string {
  const { group, version, resource, subresources } = endpoint.info;
  const subresource = info.subresource in subresources ? info.subresource : "";
  const scope = info.name !== "" ? "resource" : info.namespace !== "" ? "namespace" : "cluster";
  const verb = verbNames[info.verb] ?? "other";
  return `group="${group}",resource="${resource}",scope="${scope}",subresource="${subresource}",verb="${verb}",version="${version}"`;
}

function family(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function histogramLines(labels: string, { counts, count, seconds }: Histogram): string[] {
  const name = "apiserver_request_duration_seconds";
  let below = 0;
  const buckets = bounds.map((bound, place) => {
    below += counts[place];
    return `${name}_bucket{${labels},le="${bound}"} ${below}`;
  });
  const sum = Number(seconds.toFixed(6));
  return [
    ...buckets,
    `${name}_bucket{${labels},le="+Inf"} ${count}`,
    `${name}_sum{${labels}} ${sum}`,
    `${name}_count{${labels}} ${count}`,
  ];
}

const contentType = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

/** /metrics. */
export function metricsRoute(metrics: RequestMetrics): Route {
  return (_, { path }) =>
    path === "/metrics" ? { status: 200, headers: { "Content-Type": contentType }, body: metrics.text() } : undefined;
}
