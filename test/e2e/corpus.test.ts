/** `coracle up` answers over TLS what the API core answers without a socket: the same recorded cases are equal. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { areas } from "../corpus/cases.ts";
import { expectArea } from "../corpus/expect-area.ts";
import { httpsServer } from "../corpus/https-server.ts";
import { replayArea } from "../corpus/replay-area.ts";
import { startCluster, type TestCluster } from "./support/cluster.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster("--no-node", "--controllers=-*");
});
afterAll(async () => {
  await cluster?.remove();
});

describe.each(areas())("%s", (area) => {
  it("is answered over TLS as in memory", { timeout: 180_000 }, async () => {
    expectArea(area, await replayArea(area, "", async () => httpsServer(cluster.kubeconfig)));
  });
});
