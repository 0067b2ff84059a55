import { describe, expect, test } from "vitest";
import { openDynamoStore } from "../../../../../lib/aws/dynamodb/open.ts";
import { StoreUnavailable } from "../../../../../lib/storage/interface.ts";

const credentials = { accessKeyId: "x", secretAccessKey: "x" };

describe("openDynamoStore, where it makes the table, says what is wrong", () => {
  test.each([
    {
      name: "no credentials",
      client: {
        region: "local",
        credentials: () => Promise.reject(Object.assign(new Error("none"), { name: "CredentialsProviderError" })),
      },
      want: /^DynamoDB: no credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID/,
    },
    {
      name: "nobody listens there",
      client: { region: "local", credentials, maxAttempts: 1 },
      want: /^the table does not answer in time, try again later: .*ECONNREFUSED/,
    },
  ])("$name", async ({ client, want }) => {
    const options = { table: "t", create: true, client: { endpoint: "http://127.0.0.1:1", ...client } };
    const error = await openDynamoStore(options).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error.message).toMatch(want);
  });
});
