/** Passes HTTP requests on to another server and counts them. */
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy that listens. */
export interface CountingProxy {
  readonly url: string;
  /** Requests that have come so far. */
  count(): number;
  stop(): Promise<void>;
}

/** Starts one before `target` (`http://127.0.0.1:8000`). */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  let count = 0;
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    count++;
    const { method, url: path, headers } = incoming;
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: () => count,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
