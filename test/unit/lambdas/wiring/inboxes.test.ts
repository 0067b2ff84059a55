import { expect, it } from "vitest";
import { inboxControllers } from "../../../../lambdas/wiring/inboxes.ts";

it("each cluster has its controller of inboxes, where the deployment has inboxes at all", () => {
  const some = inboxControllers({ inboxPrefix: "coracle-inbox-", nodeRoleArns: [] });
  expect(some("default").map(({ name }) => name)).toEqual(["node-inbox-controller"]);
  expect(inboxControllers({ nodeRoleArns: [] })("default")).toEqual([]);
});
