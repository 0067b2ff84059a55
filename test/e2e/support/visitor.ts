/** Somebody who keeps asking a web server, to see whether it ever fails to answer. */

/** It asks until it is stopped. */
export interface Visitor {
  readonly answered: number;
  readonly failed: readonly string[];
  stop(): Promise<void>;
}

const pauseMs = 25;
const limitMs = 5_000;

/** Starts one at a URL; each request has a connection of its own. */
export function startVisitor(url: string): Visitor {
  let answered = 0;
  let stopped = false;
  const failed: string[] = [];
  const loop = async () => {
    while (!stopped) {
      try {
        const response = await fetch(url, { headers: { connection: "close" }, signal: AbortSignal.timeout(limitMs) });
        await response.text();
        if (response.ok) answered++;
        else failed.push(`${url}: ${response.status}`);
      } catch (error) {
        const { message, cause } = error as Error;
        failed.push(`${url}: ${message} ${(cause as Error | undefined)?.message ?? ""}`.trimEnd());
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  const ended = loop();
  return {
    get answered() {
      return answered;
    },
    failed,
    async stop() {
      stopped = true;
      await ended;
    },
  };
}
