/** Tells when something happens to a container, by containerd's own event stream. */
import { join } from "node:path";
import { type Client, credentials, loadPackageDefinition, type ServiceClientConstructor } from "@grpc/grpc-js";
import type { Clock } from "../../../lib/apimachinery/clock.ts";
import { loadDefinition } from "../definition.ts";

const topics = ["/tasks/start", "/tasks/exit", "/tasks/oom"];
const retryMs = 1000;

/**
 * Calls `onEvent` after each start, end and out-of-memory kill of a task until the signal aborts. A broken stream is
 * opened again; each opening calls `onEvent` too, since events may have been missed. Never rejects.
 */
export async function watchContainerEvents(
  socket: string,
  onEvent: () => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const definition = loadDefinition(join(import.meta.dirname, "events.proto"));
  const loaded = loadPackageDefinition(definition) as unknown as {
    containerd: { services: { events: { v1: { Events: ServiceClientConstructor } } } };
  };
  const { Events } = loaded.containerd.services.events.v1;
  const client = new Events(`unix://${socket}`, credentials.createInsecure(), {
    "grpc.default_authority": "localhost",
    "grpc.max_reconnect_backoff_ms": 1000,
  });
  while (!signal.aborted) {
    await streamOnce(client, onEvent, signal);
    await clock.sleep(retryMs, signal);
  }
  client.close();
}

function streamOnce(client: Client, onEvent: () => void, signal: AbortSignal): Promise<void> {
  const filters = topics.map((topic) => `topic=="${topic}"`);
  const methods = client as unknown as {
    subscribe(request: object): import("@grpc/grpc-js").ClientReadableStream<object>;
  };
  return new Promise((resolve) => {
    const stream = methods.subscribe({ filters });
    const cancel = () => stream.cancel();
    const done = () => {
      signal.removeEventListener("abort", cancel);
      resolve();
    };
    signal.addEventListener("abort", cancel);
    // Until containerd has got the call, events are missed: the caller looks once now, and again every few seconds.
    onEvent();
    stream.on("data", onEvent);
    stream.on("error", done);
    stream.on("end", done);
  });
}
