/** What only one process of the machine may do at a time. */
import { connect, createServer, type Server, type Socket } from "node:net";

const limitMs = 30_000;

/**
 * Does some work while no other process does work of this name; resolves with what it gives. The lock is an abstract
 * socket, so it is gone with its process, and has the same reach as network interfaces: a network namespace. Rejects
 * where another holds it for more than 30 s.
 */
export async function aloneOnMachine<T>(name: string, work: () => Promise<T>): Promise<T> {
  const path = `\0coracle-${name}`;
  const deadline = performance.now() + limitMs;
  for (;;) {
    const lock = await take(path);
    if (lock === undefined) {
      if (performance.now() > deadline) throw new Error(`another process has held ${name} for 30 s; end it`);
      await untilReleased(path, deadline - performance.now());
      continue;
    }
    try {
      return await work();
    } finally {
      await lock.release();
    }
  }
}

interface Lock {
  release(): Promise<void>;
}

async function take(path: string): Promise<Lock | undefined> {
  const waiting = new Set<Socket>();
  const server: Server = createServer((socket) => {
    waiting.add(socket);
    socket.on("error", () => {});
  });
  const taken = await new Promise<boolean>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error),
    );
    server.listen(path, () => resolve(true));
  });
  if (!taken) return undefined;
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of waiting) socket.destroy();
      }),
  };
}

/** The holder keeps the connection until it is done. */
async function untilReleased(path: string, ms: number): Promise<void> {
  const socket = connect(path);
  socket.setTimeout(Math.max(1, ms), () => socket.destroy());
  socket.on("error", () => {});
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
}
