/** The machines: what they may, who reaches them, and what they do when they start. */
import { execFileSync, spawnSync } from "node:child_process";
import type { Stack } from "aws-cdk-lib";
import { describe, expect, it } from "vitest";
import { agentOptions } from "../../../../agent/options.ts";
import { workerUserData } from "../../../../lib/cdk/worker-user-data.ts";
import { resourcesOf, resourcesOfType, testDeployment } from "../../../support/cdk.ts";

const stack = testDeployment({ workers: "3", workerInstanceType: "c7g.large" }).workers as Stack;
resourcesOf(stack);
const only = (type: string) => {
  const found = resourcesOfType(stack, type);
  expect(found).toHaveLength(1);
  return found[0][1].Properties;
};

describe("machines", () => {
  it("give their credentials to nothing but themselves", () => {
    const { MetadataOptions } = only("AWS::EC2::LaunchTemplate").LaunchTemplateData;
    expect(MetadataOptions).toEqual({ HttpTokens: "required", HttpPutResponseHopLimit: 1 });
  });

  it("let nobody in but each other", () => {
    expect(only("AWS::EC2::SecurityGroup").SecurityGroupIngress).toBeUndefined();
    const ingress = only("AWS::EC2::SecurityGroupIngress");
    expect(ingress.SourceSecurityGroupId).toEqual(ingress.GroupId);
    expect(ingress.CidrIp).toBeUndefined();
  });

  it("have encrypted disks and no key to log in with", () => {
    const { BlockDeviceMappings, KeyName, InstanceType } = only("AWS::EC2::LaunchTemplate").LaunchTemplateData;
    expect(BlockDeviceMappings[0].Ebs).toMatchObject({ Encrypted: true, VolumeType: "gp3" });
    expect(KeyName).toBeUndefined();
    expect(InstanceType).toBe("c7g.large");
  });

  it("are as many as wanted, in two zones, without a NAT gateway", () => {
    expect(only("AWS::AutoScaling::AutoScalingGroup")).toMatchObject({ MinSize: "3", MaxSize: "100" });
    expect(resourcesOfType(stack, "AWS::EC2::Subnet")).toHaveLength(2);
    expect(resourcesOfType(stack, "AWS::EC2::NatGateway")).toEqual([]);
  });

  it("come when there is a way out, and when they may fetch the agent", () => {
    const [[, group]] = resourcesOfType(stack, "AWS::AutoScaling::AutoScalingGroup");
    const first = (group.DependsOn ?? []).map((id) => resourcesOf(stack)[id].Type);
    expect(first.filter((type) => type === "AWS::EC2::Route")).toHaveLength(2);
    expect(first).toContain("AWS::IAM::Policy");
  });

  it("need no function to be deployed", () => {
    const types = Object.values(resourcesOf(stack)).map(({ Type }) => Type);
    expect(types.filter((type) => /Lambda|Custom/.test(type))).toEqual([]);
  });
});

describe("what a machine does at first", () => {
  const script = workerUserData({
    bucket: "assets",
    key: "hash.mjs",
    region: "eu-central-1",
    cluster: "blue",
    apiUrl: "https://id.execute-api.eu-central-1.amazonaws.com/prod/clusters/blue",
    reportsQueueUrl: "https://sqs.eu-central-1.amazonaws.com/111122223333/reports",
  }).render();
  /** The text of a file that the script writes. */
  const file = (name: string) =>
    new RegExp(`^cat > ${name} <<'END-OF-FILE'\\n([\\s\\S]*?)\\nEND-OF-FILE$`, "m").exec(script)?.[1] ?? "";

  it("is a script that bash can read", () => {
    execFileSync("bash", ["-n"], { input: script });
  });

  it("tries again what fails for a while, and gives up what never works", () => {
    const again = /^again\(\).*$/m.exec(script)?.[0];
    const run = (calls: number) => {
      const stand = `n=0; sleep() { :; }; install() { n=$((n+1)); echo "try $n" >&2; [ $n -ge ${calls} ]; }`;
      const input = `set -euo pipefail\n${again}\n${stand}\nagain install it\necho done\n`;
      return spawnSync("bash", [], { input, encoding: "utf8" });
    };
    expect(run(3)).toMatchObject({ status: 0, stdout: "done\n", stderr: "try 1\ntry 2\ntry 3\n" });
    expect(run(99)).toMatchObject({ status: 1, stdout: "" });
    for (const command of ["dnf install", "aws s3 cp"]) expect(script).toMatch(new RegExp(`^again ${command} `, "m"));
  });

  it("starts the agent with flags that it knows", () => {
    const command = /^ExecStart=(.*)$/m.exec(file("/etc/systemd/system/coracle-agent.service"))?.[1] ?? "";
    const [node, agent, ...flags] = command
      .replace(/\$\{NODE_NAME\}/, "i-0123456789abcdef0")
      .replace(/\$\{POD_CIDR\}/, "10.17.5.0/24")
      .split(" ");
    expect([node, agent]).toEqual(["/usr/bin/node-24", "/opt/coracle/agent.mjs"]);
    expect(agentOptions(flags)).toMatchObject({
      nodeName: "i-0123456789abcdef0",
      dataDir: "/var/lib/coracle",
      podCidr: "10.17.5.0/24",
      sqs: {
        cluster: "blue",
        region: "eu-central-1",
        reportQueue: "https://sqs.eu-central-1.amazonaws.com/111122223333/reports",
        api: "https://id.execute-api.eu-central-1.amazonaws.com/prod/clusters/blue",
      },
    });
  });

  it("starts containerd apart, so that pods outlive both", () => {
    const unit = file("/etc/systemd/system/coracle-containerd.service");
    expect(unit).toContain("ExecStart=/usr/bin/node-24 /opt/coracle/agent.mjs containerd /var/lib/coracle");
    expect(unit).toContain("KillMode=process");
    expect(unit).toContain("Delegate=yes");
  });

  it("asks as IMDSv2 wants it what only the machine knows, and makes a range for its pods of its address", () => {
    const asked = script.slice(script.indexOf("imds="), script.indexOf(" > /etc/coracle/node"));
    const stand = `curl() { case "$*" in
      "-fsS -X PUT -H X-aws-ec2-metadata-token-ttl-seconds: 60 http://169.254.169.254/latest/api/token") echo TOKEN ;;
      *"metadata-token: TOKEN"*/latest/meta-data/instance-id) echo i-0123456789abcdef0 ;;
      *"metadata-token: TOKEN"*/latest/meta-data/local-ipv4) echo 172.20.17.5 ;;
      *) exit 22 ;; esac; }`;
    const said = execFileSync("bash", ["-euo", "pipefail"], { input: `${stand}\n${asked}\n`, encoding: "utf8" });
    expect(said).toBe("NODE_NAME=i-0123456789abcdef0\nPOD_CIDR=10.17.5.0/24\n");
  });

  it("gives ranges that meet neither each other nor the Services': subnets end below 172.20.32.0", () => {
    const subnets = resourcesOfType(stack, "AWS::EC2::Subnet").map(([, { Properties }]) => Properties.CidrBlock);
    expect(subnets).toEqual(["172.20.0.0/20", "172.20.16.0/20"]);
  });
});
