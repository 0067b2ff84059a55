import { expect, it } from "vitest";
import { containerConfig } from "../../../../agent/pods/container-config.ts";
import type { Image } from "../../../../agent/runtime/cri/messages.ts";
import type { Container, PodSpec } from "../../../../lib/openapi/types/core-v1.ts";
import { container, pod } from "../objects.ts";

const image: Image = { id: "sha256:1", repoTags: [], repoDigests: [], size: "1", uid: null, username: "" };
function config(more: Partial<Container> = {}, spec: Partial<PodSpec> = {}, found: Partial<Image> = {}) {
  return containerConfig(pod(spec), container("main", more), {
    restartCount: 2,
    imageName: "app:1",
    image: { ...image, ...found },
    env: new Map([["NAME", Buffer.from("world")]]),
    mounts: [],
    logPath: "main/2.log",
    memoryCapacity: 1024 ** 3,
    seccompRoot: "/seccomp",
  });
}
const security = (...args: Parameters<typeof config>) => config(...args).linux.securityContext;

it("expands command and arguments, and can be found again", () => {
  const made = config({ command: ["echo", "$(NAME)"], args: ["$$(NAME)", "$(NO)"] });
  expect(made).toMatchObject({
    command: ["echo", "world"],
    args: ["$(NAME)", "$(NO)"],
    metadata: { name: "main", attempt: 2 },
    labels: { "io.kubernetes.pod.uid": "u1", "io.kubernetes.container.name": "main" },
    annotations: { "io.kubernetes.container.restartCount": "2" },
    envs: [{ key: "NAME", value: Buffer.from("world") }],
  });
});

it.each([
  { name: "nothing asked: the image's root", args: [{}], want: {} },
  { name: "the image's user", args: [{}, {}, { uid: { value: "7" } }], want: { runAsUser: { value: 7 } } },
  { name: "the image's user by name", args: [{}, {}, { username: "app" }], want: { runAsUsername: "app" } },
  { name: "the pod's user", args: [{}, { securityContext: { runAsUser: 5 } }], want: { runAsUser: { value: 5 } } },
  {
    name: "the container's user and group win",
    args: [{ securityContext: { runAsUser: 6, runAsGroup: 8 } }, { securityContext: { runAsUser: 5 } }],
    want: { runAsUser: { value: 6 }, runAsGroup: { value: 8 } },
  },
  {
    name: "a group alone",
    args: [{ securityContext: { runAsGroup: 8 } }],
    want: { runAsUser: { value: 0 }, runAsGroup: { value: 8 } },
  },
  {
    name: "the pod's groups",
    args: [{}, { securityContext: { fsGroup: 3, supplementalGroups: [4] } }],
    want: { supplementalGroups: [3, 4] },
  },
  {
    name: "read-only root",
    args: [{ securityContext: { readOnlyRootFilesystem: true } }],
    want: { readonlyRootfs: true },
  },
  {
    name: "no escalation",
    args: [{ securityContext: { allowPrivilegeEscalation: false } }],
    want: { noNewPrivs: true },
  },
  {
    name: "capabilities",
    args: [{ securityContext: { capabilities: { add: ["NET_ADMIN"], drop: ["ALL"] } } }],
    want: { capabilities: { addCapabilities: ["NET_ADMIN"], dropCapabilities: ["ALL"] } },
  },
  {
    name: "seccomp of the pod",
    args: [{}, { securityContext: { seccompProfile: { type: "Localhost", localhostProfile: "a.json" } } }],
    want: { seccomp: { profileType: "Localhost", localhostRef: "/seccomp/a.json" } },
  },
  { name: "privileged", args: [{ securityContext: { privileged: true } }], want: { privileged: true } },
  {
    name: "the machine's pids",
    args: [{}, { hostPID: true }],
    want: { namespaceOptions: { pid: "NODE", network: "POD", ipc: "POD" } },
  },
] as { name: string; args: Parameters<typeof config>; want: object }[])("$name", ({ args, want }) => {
  expect(security(...args)).toMatchObject(want);
});

it("a privileged container is not confined", () => {
  expect(security({ securityContext: { privileged: true } }).seccomp).toBeUndefined();
});

it.each([
  {
    name: "runAsUser 0",
    args: [{ securityContext: { runAsNonRoot: true, runAsUser: 0 } }],
    want: "container's runAsUser breaks non-root policy",
  },
  {
    name: "an image as root",
    args: [{ securityContext: { runAsNonRoot: true } }],
    want: "container has runAsNonRoot and image will run as root",
  },
  {
    name: "an image with a user's name",
    args: [{}, { securityContext: { runAsNonRoot: true } }, { username: "app" }],
    want: "container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root",
  },
] as { name: string; args: Parameters<typeof config>; want: string }[])("runAsNonRoot refuses $name", ({
  args,
  want,
}) => {
  expect(() => config(...args)).toThrow(want);
});
