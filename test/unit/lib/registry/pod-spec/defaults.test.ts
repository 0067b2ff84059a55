import { describe, expect, test } from "vitest";
import type { Container, Pod, PodSpec } from "../../../../../lib/openapi/types/core-v1.ts";
import { setPodDefaults, setPodTemplateDefaults } from "../../../../../lib/registry/pod-spec/defaults.ts";

const container = { name: "c", image: "i:1" };

function podSpec(spec: object): PodSpec {
  const pod = {
    metadata: { name: "a" },
    spec: structuredClone({ containers: [container], ...spec }),
  } as unknown as Pod;
  setPodDefaults(pod);
  return pod.spec;
}

const first = (more: object): Container => podSpec({ containers: [{ ...container, ...more }] }).containers[0];

test("an empty spec", () => {
  expect(podSpec({})).toEqual({
    containers: [
      {
        name: "c",
        image: "i:1",
        imagePullPolicy: "IfNotPresent",
        terminationMessagePath: "/dev/termination-log",
        terminationMessagePolicy: "File",
      },
    ],
    dnsPolicy: "ClusterFirst",
    enableServiceLinks: true,
    restartPolicy: "Always",
    schedulerName: "default-scheduler",
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  });
});

describe("pull policy", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const cases = [
    { name: "i:1", want: "IfNotPresent" },
    { name: "i", want: "Always" },
    { name: "i:latest", want: "Always" },
    { name: "host:5000/i", want: "Always" },
    { name: "host:5000/i:2", want: "IfNotPresent" },
    { name: `i@${digest}`, want: "IfNotPresent" },
    { name: "a.b/c/d", want: "Always" },
    { name: " i", want: "IfNotPresent" },
    { name: "I", want: "IfNotPresent" },
    { name: "0".repeat(64), want: "IfNotPresent" },
    { name: `i:latest@${digest}`, want: "Always" },
  ];
  test.each(cases)("$name", ({ name, want }) => expect(first({ image: name }).imagePullPolicy).toBe(want));
});

describe("containers", () => {
  const cases = [
    {
      name: "ports",
      given: { ports: [{ containerPort: 1 }] },
      want: { ports: [{ containerPort: 1, protocol: "TCP" }] },
    },
    {
      name: "a probe",
      given: { livenessProbe: { httpGet: { port: 1 } } },
      want: {
        livenessProbe: {
          httpGet: { port: 1, path: "/", scheme: "HTTP" },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
      },
    },
    {
      name: "a field",
      given: { env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }] },
      want: { env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name", apiVersion: "v1" } } }] },
    },
    {
      name: "limits become requests, but for those given",
      given: { resources: { limits: { cpu: "1", memory: "2" }, requests: { cpu: "500m" } } },
      want: { resources: { limits: { cpu: "1", memory: "2" }, requests: { cpu: "500m", memory: "2" } } },
    },
  ];
  test.each(cases)("$name", ({ given, want }) => expect(first(given)).toMatchObject(want));
});

describe("pods", () => {
  const port = [{ containerPort: 80 }];
  const cases = [
    {
      name: "the host's network",
      given: { hostNetwork: true, containers: [{ ...container, ports: port }] },
      want: { containers: [{ ports: [{ containerPort: 80, hostPort: 80 }] }] },
    },
    {
      name: "a negative grace period",
      given: { terminationGracePeriodSeconds: -5 },
      want: { terminationGracePeriodSeconds: 1 },
    },
    { name: "the old name of the account", given: { serviceAccount: "s" }, want: { serviceAccountName: "s" } },
    {
      name: "a pod's requests come from its containers, then from its limits",
      given: {
        resources: { limits: { cpu: "4", memory: "1Gi" } },
        containers: [{ ...container, resources: { requests: { cpu: "500m" } } }],
        initContainers: [
          { name: "s", image: "i", restartPolicy: "Always", resources: { requests: { cpu: "100m" } } },
          { name: "n", image: "i", resources: { requests: { cpu: "1" } } },
        ],
      },
      want: { resources: { requests: { cpu: "1100m", memory: "1Gi" } } },
    },
    {
      name: "a pod's huge pages come from its containers",
      given: {
        resources: { limits: { cpu: "2" } },
        containers: [{ ...container, resources: { limits: { cpu: "1", "hugepages-2Mi": "4Mi" } } }],
      },
      want: { resources: { limits: { "hugepages-2Mi": "4Mi" }, requests: { "hugepages-2Mi": "4Mi", cpu: "1" } } },
    },
  ];
  test.each(cases)("$name", ({ given, want }) => expect(podSpec(given)).toMatchObject(want));

  test("a template gets none of what is a pod's alone", () => {
    const template = { spec: { hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 80 }] }] } };
    setPodTemplateDefaults(template as never);
    expect(template.spec).not.toHaveProperty("enableServiceLinks");
    expect(template.spec.containers[0].ports[0]).toEqual({ containerPort: 80, protocol: "TCP" });
  });
});

test("fields of features that are off", () => {
  const given = {
    schedulingGroup: { podGroupName: "g" },
    containers: [{ ...container, lifecycle: { stopSignal: "SIGTERM" } }],
    volumes: [{ name: "v", projected: { sources: [{ clusterTrustBundle: { name: "b", path: "p" } }] } }],
  };
  const spec = podSpec(given);
  expect(spec.schedulingGroup).toBeUndefined();
  expect(spec.containers[0].lifecycle).toBeUndefined();
  expect(spec.volumes?.[0].projected?.sources).toEqual([{}]);
});

describe("volumes", () => {
  const cases = [
    { name: "none", given: {}, want: { emptyDir: {} } },
    { name: "secret", given: { secret: { secretName: "s" } }, want: { secret: { secretName: "s", defaultMode: 420 } } },
    { name: "hostPath", given: { hostPath: { path: "/x" } }, want: { hostPath: { path: "/x", type: "" } } },
    {
      name: "projected",
      given: { projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
      want: {
        projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 3600 } }] },
      },
    },
    { name: "image", given: { image: { reference: "i" } }, want: { image: { reference: "i", pullPolicy: "Always" } } },
    {
      name: "iscsi",
      given: { iscsi: { targetPortal: "p", iqn: "q", lun: 0 } },
      want: { iscsi: { iscsiInterface: "default" } },
    },
  ];
  test.each(cases)("$name", ({ given, want }) => {
    expect(podSpec({ volumes: [{ name: "v", ...given }] }).volumes?.[0]).toMatchObject(want);
  });
});
