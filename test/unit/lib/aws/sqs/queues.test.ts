import { afterEach, beforeEach, expect, it } from "vitest";
import { openQueues } from "../../../../../lib/aws/sqs/queues.ts";
import { FakeSqs } from "../../../../support/fake-sqs.ts";

let sqs: FakeSqs;
beforeEach(async () => {
  sqs = await FakeSqs.start();
});
afterEach(() => sqs.stop());

it("messages reach the queue that the URL names, at the endpoint that the client knows", async () => {
  sqs.queues.set("work", { messages: [], attributes: {}, polls: new Set() });
  await openQueues(sqs.client).send("https://elsewhere.test/000000000000/work", [{ body: "a" }, { body: "b" }]);
  expect(sqs.queue("work").messages.map(({ Body }) => Body)).toEqual(["a", "b"]);
  expect(sqs.calls).toEqual(["SendMessageBatch"]);
});

it("a queue that is not there is an error", async () => {
  const sent = openQueues(sqs.client).send(sqs.url("missing"), [{ body: "a" }]);
  await expect(sent).rejects.toThrow();
});
