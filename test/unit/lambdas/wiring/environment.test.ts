import { describe, expect, it } from "vitest";
import { BadEnvironment, readEnvironment, required } from "../../../../lambdas/wiring/environment.ts";

const least = { TABLE_NAME: "coracle", API_URL: "https://a.example/prod" };

describe("the environment", () => {
  it("needs little", () => {
    expect(readEnvironment(least)).toEqual({
      tableName: "coracle",
      apiUrl: "https://a.example/prod",
      clusters: ["default"],
      watchMode: "stream",
      bufferedWatchMs: 5_000,
      bookmarkMs: 60_000,
      nodeRoleArns: [],
      trustsReportSenderField: false,
    });
  });

  it("says all there is", () => {
    const all = readEnvironment({
      ...least,
      API_URL: "https://a.example/prod//",
      CLUSTERS: "default, blue",
      WATCH_MODE: "buffered",
      BUFFERED_WATCH_SECONDS: "2.5",
      BOOKMARK_SECONDS: "1",
      CONTROLLERS_QUEUE_URL: "c",
      SCHEDULER_QUEUE_URL: "s",
      DELAYS_QUEUE_URL: "d",
      REPORTS_QUEUE_URL: "r",
      INBOX_PREFIX: "coracle-inbox-",
      SIGNING_KEY_ID: "k",
      SIGNING_KEY_PEM: "p",
      ADMIN_ARN: "a",
      NODE_ROLE_ARN: "n1,n2",
      STS_ENDPOINT: "http://127.0.0.1:1",
      TRUST_REPORT_SENDER_FIELD: "true",
      ROOT_CERTIFICATES: "pem",
      ADMIN_TOKEN: "t",
    });
    expect(all).toEqual({
      tableName: "coracle",
      apiUrl: "https://a.example/prod",
      clusters: ["default", "blue"],
      watchMode: "buffered",
      bufferedWatchMs: 2_500,
      bookmarkMs: 1_000,
      controllersQueueUrl: "c",
      schedulerQueueUrl: "s",
      delaysQueueUrl: "d",
      reportsQueueUrl: "r",
      inboxPrefix: "coracle-inbox-",
      signingKeyId: "k",
      signingKeyPem: "p",
      adminArn: "a",
      nodeRoleArns: ["n1", "n2"],
      stsEndpoint: "http://127.0.0.1:1",
      trustsReportSenderField: true,
      rootCertificates: "pem",
      adminToken: "t",
    });
  });

  const bad = [
    { name: "no table", variables: { API_URL: "https://a" }, says: "TABLE_NAME is not set" },
    { name: "an empty table", variables: { ...least, TABLE_NAME: " " }, says: "TABLE_NAME is not set" },
    { name: "no URL", variables: { TABLE_NAME: "t" }, says: "API_URL is not set" },
    { name: "no cluster", variables: { ...least, CLUSTERS: "," }, says: "CLUSTERS must be names" },
    { name: "a cluster's name that is none", variables: { ...least, CLUSTERS: "a#b" }, says: "CLUSTERS must be names" },
    { name: "a mode that is none", variables: { ...least, WATCH_MODE: "secret" }, says: "WATCH_MODE must be" },
    {
      name: "no seconds",
      variables: { ...least, BUFFERED_WATCH_SECONDS: "secret" },
      says: "BUFFERED_WATCH_SECONDS must be",
    },
    { name: "too many seconds", variables: { ...least, BUFFERED_WATCH_SECONDS: "21" }, says: "at most 20" },
  ];
  it.each(bad)("is refused: $name", ({ variables, says }) => {
    const read = () => readEnvironment(variables);
    expect(read).toThrow(BadEnvironment);
    expect(read).toThrow(says);
    expect(read).not.toThrow("secret");
  });

  it("is asked for what only some functions need", () => {
    expect(required(readEnvironment({ ...least, DELAYS_QUEUE_URL: "d" }), "delaysQueueUrl")).toBe("d");
    const missing = () => required(readEnvironment(least), "delaysQueueUrl");
    expect(missing).toThrow("the environment variable DELAYS_QUEUE_URL is not set");
  });
});
