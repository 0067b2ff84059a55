/** A lean HTTPS client: keep-alive connections, client certificate or token, raw text answers. */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { parse } from "yaml";

/** Where to and as whom. */
export interface Target {
  readonly server: string;
  readonly agent: Agent;
  readonly headers: Record<string, string>;
}

interface Kubeconfig {
  clusters: {
    cluster: { server: string; "certificate-authority-data"?: string; "insecure-skip-tls-verify"?: boolean };
  }[];
  users: { user: { token?: string; "client-certificate-data"?: string; "client-key-data"?: string } }[];
}

const decoded = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text, "base64"));

/** The target of a kubeconfig with one cluster and one user. */
export function targetOf(kubeconfig: string, sockets: number): Target {
  const config: Kubeconfig = parse(readFileSync(kubeconfig, "utf8"));
  const [{ cluster }] = config.clusters;
  const [{ user }] = config.users;
  const agent = new Agent({
    keepAlive: true,
    maxSockets: sockets,
    ca: decoded(cluster["certificate-authority-data"]),
    cert: decoded(user["client-certificate-data"]),
    key: decoded(user["client-key-data"]),
    rejectUnauthorized: !cluster["insecure-skip-tls-verify"],
  });
  const headers: Record<string, string> = { accept: "application/json" };
  if (user.token) headers.authorization = `Bearer ${user.token}`;
  return { server: cluster.server, agent, headers };
}

/** Sends one request and reads the whole answer. Rejects for a status of 400 and more. */
export function send(target: Target, method: string, path: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { ...target.headers, ...(body === undefined ? {} : { "content-type": "application/json" }) };
    const outgoing = request(target.server + path, { method, headers, agent: target.agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        if ((response.statusCode ?? 500) < 400) resolve(text);
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 300)}`));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** Opens a stream of lines; `onLine` is called for each. Resolves with the function that ends it when the head has come. */
export function stream(target: Target, path: string, onLine: (line: string) => void): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(target.server + path, { headers: target.headers, agent: target.agent }, (response) => {
      let rest = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) onLine(line);
      });
      response.on("error", () => {});
      resolve(() => outgoing.destroy());
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

/** Runs `count` jobs, at most `width` at once, and gives how many a second that were. */
export async function rate(count: number, width: number, job: (index: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const worker = async () => {
    while (next < count) await job(next++);
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: width }, worker));
  return (count * 1000) / (performance.now() - start);
}

/** The value below which a share of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
