import { expect, it } from "vitest";
import { MalformedReport, maxReportBytes, maxReportItems, parseReport } from "../../../../lib/nodes/reports.ts";

const pod = { kind: "podStatus", namespace: "n", name: "p", uid: "u", sequence: 1, status: {} };
const report = {
  cluster: "c",
  node: "n",
  nodeUid: "u",
  epoch: 1,
  sequence: 2,
  items: [{ kind: "heartbeat", at: 3 }, pod],
};

it("a report is read as it was written", () => {
  expect(parseReport(JSON.stringify(report))).toEqual(report);
  expect(parseReport(JSON.stringify({ ...report, items: [], more: "of a newer agent" })).items).toEqual([]);
});

it("a report as long as an agent may send it is read, also where an emulator has put spaces into it", () => {
  const items = Array(maxReportItems).fill({ ...pod, status: { message: "x".repeat(2_000) } });
  expect(parseReport(JSON.stringify({ ...report, items }, null, 1)).items.length).toBe(maxReportItems);
});

it.each<[string, unknown]>([
  ["no object", 5],
  ["a list", [report]],
  ["no cluster", { ...report, cluster: undefined }],
  ["a node that is no text", { ...report, node: 5 }],
  ["no uid", { ...report, nodeUid: "" }],
  ["an epoch that is no number", { ...report, epoch: "1" }],
  ["an epoch beyond all numbers", { ...report, epoch: 1e300 }],
  ["a negative sequence", { ...report, sequence: -1 }],
  ["no items", { ...report, items: {} }],
  ["an item that is no object", { ...report, items: [null] }],
  ["an unknown item", { ...report, items: [{ kind: "rumour" }] }],
  ["a status that is none", { ...report, items: [{ ...pod, status: "Running" }] }],
  ["a status without a number", { ...report, items: [{ ...pod, sequence: undefined }] }],
  ["a node's status without a number", { ...report, items: [{ kind: "nodeStatus", status: {} }] }],
  ["a pod without a name", { ...report, items: [{ ...pod, name: undefined }] }],
  ["an end that is neither", { ...report, items: [{ ...pod, finished: "yes" }] }],
  ["an item more than an agent sends", { ...report, items: Array(maxReportItems + 1).fill(pod) }],
  ["a report longer than an agent sends", { ...report, more: "x".repeat(2 * maxReportBytes) }],
])("%s is malformed", (_name, value) => {
  expect(() => parseReport(JSON.stringify(value))).toThrow(MalformedReport);
});

it("text that is no JSON is malformed, and is not repeated in the message", () => {
  expect(() => parseReport("secret{")).toThrow(MalformedReport);
  expect(() => parseReport("secret{")).not.toThrow(/secret/);
});
