import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { serverUrlOf } from "../../../bin/kubeconfig.ts";

const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
const url = "https://abc.execute-api.eu-west-1.amazonaws.com/v1";

/** A CloudFormation that has one stack. */
const cloudFormation = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const stack = new URLSearchParams(body).get("StackName");
  if (stack !== "CoracleControlPlane") {
    const error = `<Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id ${stack} does not exist</Message></Error>`;
    response.writeHead(400).end(`<ErrorResponse>${error}</ErrorResponse>`);
    return;
  }
  const output = (key: string, value: string) =>
    `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`;
  const outputs = output("ApiUrl", url) + output("ClusterName", "default,team-a");
  response.end(
    `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>${stack}</StackName><Outputs>${outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  );
});

let endpoint = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => cloudFormation.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(cloudFormation.address() as AddressInfo).port}`;
});
afterAll(async () => {
  cloudFormation.closeAllConnections();
  await new Promise((resolve) => cloudFormation.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** The real command line. */
function coracle(args: readonly string[], env: Record<string, string> = {}) {
  const nothing = join(folder, "nothing");
  const base = {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: nothing,
    AWS_SHARED_CREDENTIALS_FILE: nothing,
  };
  const file = join(import.meta.dirname, "../../../bin/coracle.ts");
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [file, "kubeconfig", ...args],
      { env: { ...base, ...env } },
      (_, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

const credentials = () => ({ AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s", AWS_ENDPOINT_URL: endpoint });

describe("coracle kubeconfig", () => {
  it("writes a kubeconfig, for its owner alone, that gets tokens for this cluster from the AWS CLI", async () => {
    const output = join(folder, "a", "config");
    const args = ["--region", "eu-west-1", "--cluster", "team-a", "--output", output];
    const { code, out } = await coracle(args, credentials());
    expect({ code, out }).toEqual({
      code: 0,
      out: `wrote ${output}; try:\n  export KUBECONFIG=${output}\n  kubectl get nodes\n`,
    });
    expect(statSync(output).mode & 0o777).toBe(0o600);
    expect(parse(readFileSync(output, "utf8"))).toEqual({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "coracle-team-a", cluster: { server: `${url}/clusters/team-a` } }],
      contexts: [{ name: "aws@coracle-team-a", context: { cluster: "coracle-team-a", user: "aws" } }],
      "current-context": "aws@coracle-team-a",
      preferences: {},
      users: [
        {
          name: "aws",
          user: {
            exec: {
              apiVersion: "client.authentication.k8s.io/v1beta1",
              command: "aws",
              args: [
                "--region",
                "eu-west-1",
                "eks",
                "get-token",
                "--cluster-name",
                "abc.execute-api.eu-west-1.amazonaws.com/v1/clusters/team-a",
                "--output",
                "json",
              ],
              interactiveMode: "IfAvailable",
            },
          },
        },
      ],
    });
  });

  it.each([
    { name: "no region", args: [], env: {}, want: "the AWS region is not known; give it: --region REGION" },
    { name: "no credentials", args: ["--region", "eu-west-1"], env: {}, want: "give AWS credentials" },
    {
      name: "no such stack",
      args: ["--region", "eu-west-1", "--stack", "Other"],
      env: "all",
      want: "there is no stack Other in eu-west-1; deploy it: npx cdk deploy --all",
    },
    {
      name: "no such cluster",
      args: ["--region", "eu-west-1", "--cluster", "x"],
      env: "all",
      want: 'the deployment has no cluster "x"; it has: default, team-a',
    },
    { name: "a flag that is none", args: ["--stak", "x"], env: {}, want: "did you mean --stack?" },
  ])("says what to do: $name", async ({ args, env, want }) => {
    const { code, err } = await coracle(args, env === "all" ? credentials() : {});
    expect(err).toContain(want);
    expect(code).toBe(2);
  });

  it("has help", async () => {
    const { out } = await coracle(["--help"]);
    expect(out).toContain("--stack NAME");
  });
});

describe("serverUrlOf", () => {
  it("is the bare URL for the cluster default", () => expect(serverUrlOf({ ApiUrl: `${url}/` }, "default")).toBe(url));
  it("needs the control plane's stack", () => {
    expect(() => serverUrlOf({ TableName: "t" }, "default")).toThrow("the stack has no output ApiUrl");
  });
});
