import { expect, it } from "vitest";
import { inboxControllers, inboxSender } from "../../../../lambdas/wiring/inboxes.ts";

it("each cluster has its controller of inboxes, where the deployment has inboxes at all", () => {
  const some = inboxControllers({ inboxPrefix: "coracle-inbox-", nodeRoleArns: [] });
  expect(some("default").map(({ name }) => name)).toEqual(["node-inbox-controller"]);
  expect(inboxControllers({ nodeRoleArns: [] })("default")).toEqual([]);
});

it("inboxes are sent to where the deployment has some", () => {
  expect(inboxSender({})).toBeUndefined();
  expect(inboxSender({ inboxPrefix: "coracle-inbox-" })).toBeDefined();
});
