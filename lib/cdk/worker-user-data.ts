/** What a worker's machine does when it is first started: packages, the agent's file, two units. */
import { UserData } from "aws-cdk-lib/aws-ec2";

/** What the machine is told. */
export interface WorkerUserDataProps {
  /** Where the agent's file lies in S3. */
  readonly bucket: string;
  readonly key: string;
  readonly region: string;
  /** The cluster that it joins, and its server's URL. */
  readonly cluster: string;
  readonly apiUrl: string;
  readonly reportsQueueUrl: string;
}

/** Of Amazon Linux 2023's own repository; `nodejs24` brings /usr/bin/node-24. */
const packages = "cni-plugins conntrack-tools containerd iproute nftables nodejs24 runc";
const dataDir = "/var/lib/coracle";
const agentFile = "/opt/coracle/agent.mjs";
const node = "/usr/bin/node-24";

const containerdUnit = `[Unit]
Description=containerd of the Kubernetes node
Wants=network-online.target
After=network-online.target

[Service]
ExecStartPre=-/usr/sbin/modprobe -a overlay br_netfilter
ExecStart=${node} ${agentFile} containerd ${dataDir}
Restart=always
RestartSec=1
# Pods outlive it.
KillMode=process
Delegate=yes
LimitNOFILE=1048576
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target`;

const agentUnit = (flags: string) => `[Unit]
Description=Agent of the Kubernetes node
Wants=coracle-containerd.service
After=coracle-containerd.service

[Service]
EnvironmentFile=/etc/coracle/node
ExecStart=${node} ${agentFile} --node-name \${NODE_NAME} --pod-cidr \${POD_CIDR} ${flags}
Restart=always
RestartSec=2
LimitNOFILE=1048576
OOMScoreAdjust=-998

[Install]
WantedBy=multi-user.target`;

/**
 * What only the machine itself knows. Its pods' range is made of its address, so that no two machines of the network, whose
 * addresses differ in their last two numbers, give pods the same one.
 */
const nodeFacts = [
  "imds=http://169.254.169.254/latest",
  'token=$(curl -fsS -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" $imds/api/token)',
  'fact() { curl -fsS -H "X-aws-ec2-metadata-token: $token" $imds/meta-data/$1; }',
  "id=$(fact instance-id)",
  "address=$(fact local-ipv4)",
  'printf "NODE_NAME=%s\\nPOD_CIDR=10.%s.0/24\\n" $id $(echo $address | cut -d. -f3,4) > /etc/coracle/node',
];

/** A busy mirror, or rights that IAM does not know everywhere yet, must not cost the machine: no one starts it anew. */
const again = 'again() { for pause in 5 10 20 40 80; do "$@" && return; sleep $pause; done; "$@"; }';

const written = (file: string, text: string) => `cat > ${file} <<'END-OF-FILE'\n${text}\nEND-OF-FILE`;

/** The Node's name is the instance's id: it is also the name of its role's session, by which it is known. */
export function workerUserData(props: WorkerUserDataProps): UserData {
  const flags = [
    `--data-dir ${dataDir}`,
    "--transport sqs",
    `--region ${props.region}`,
    `--cluster ${props.cluster}`,
    `--api ${props.apiUrl}`,
    `--report-queue ${props.reportsQueueUrl}`,
  ].join(" ");
  const userData = UserData.forLinux();
  userData.addCommands(
    "set -euo pipefail",
    again,
    `again dnf install -y ${packages}`,
    `install -d -m 0755 /opt/coracle /etc/coracle`,
    `again aws s3 cp --region ${props.region} s3://${props.bucket}/${props.key} ${agentFile}`,
    ...nodeFacts,
    written("/etc/systemd/system/coracle-containerd.service", containerdUnit),
    written("/etc/systemd/system/coracle-agent.service", agentUnit(flags)),
    "systemctl daemon-reload",
    "systemctl enable --now coracle-containerd.service coracle-agent.service",
  );
  return userData;
}
