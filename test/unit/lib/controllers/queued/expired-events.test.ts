import { afterEach, beforeEach, expect, it } from "vitest";
import { timeText } from "../../../../../lib/apimachinery/clock.ts";
import { createInProcessClient } from "../../../../../lib/client/in-process.ts";
import type { RestClient } from "../../../../../lib/client/rest.ts";
import { deleteExpiredEvents } from "../../../../../lib/controllers/queued/expired-events.ts";
import { events } from "../../../../../lib/openapi/types/resources.ts";
import { startTestServer, type TestServer } from "../../../../support/api-server.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";

let server: TestServer;
let client: RestClient;
const clock = new FakeClock();
beforeEach(async () => {
  server = await startTestServer(clock);
  client = createInProcessClient(server.server.handle, { username: "admin", groups: ["system:masters"] }, { clock });
});
afterEach(() => server.close());

async function add(name: string, lastMs: number): Promise<void> {
  await client.create(events, {
    metadata: { name, namespace: "default" },
    involvedObject: { kind: "Pod", namespace: "default", name: "p" },
    lastTimestamp: timeText(lastMs),
    reason: "R",
    message: "m",
    type: "Normal",
  });
}

const names = async () => (await client.list(events)).items.map(({ metadata }) => metadata.name);

it("Events expire an hour after they were last seen, so many at once", async () => {
  const begin = clock.now();
  for (const name of ["a", "b", "c"]) await add(name, begin);
  // Seen again later.
  await add("d", begin + 1_800_000);
  await clock.advance(3_600_000);
  expect(await deleteExpiredEvents(client, clock.now(), 10)).toEqual({ deleted: 0, left: 4 });
  await clock.advance(1_000);
  expect((await deleteExpiredEvents(client, clock.now(), 2)).deleted).toBe(2);
  expect(await deleteExpiredEvents(client, clock.now(), 10)).toEqual({ deleted: 1, left: 1 });
  expect(await names()).toEqual(["d"]);
});
