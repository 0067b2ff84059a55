import { describe, expect, it } from "vitest";
import {
  activeOrLatest,
  isSaturated,
  maxSurge,
  maxUnavailable,
  newSetReplicas,
  proportionalSizes,
} from "../../../../../lib/controllers/deployment/scaling.ts";
import type { Deployment, ReplicaSet } from "../../../../../lib/openapi/types/apps-v1.ts";

function deployment(replicas: number, surge: number | string, unavailable: number | string): Deployment {
  return {
    metadata: { name: "d", namespace: "n", uid: "d", resourceVersion: "1", creationTimestamp: "" },
    spec: {
      replicas,
      selector: {},
      template: {},
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
    },
  };
}

function set(name: string, replicas: number, age: number, maxReplicas?: number): ReplicaSet {
  const annotations: Record<string, string> =
    maxReplicas === undefined ? {} : { "deployment.kubernetes.io/max-replicas": String(maxReplicas) };
  return {
    metadata: {
      name,
      namespace: "n",
      uid: name,
      resourceVersion: "1",
      creationTimestamp: `2026-01-01T00:00:${String(60 - age).padStart(2, "0")}Z`,
      annotations,
    },
    spec: { replicas, selector: {}, template: {} },
    status: { replicas },
  };
}

describe("room for a rolling update", () => {
  const cases: { name: string; args: [number, number | string, number | string]; want: [number, number] }[] = [
    { name: "numbers", args: [10, 3, 2], want: [3, 2] },
    { name: "percentages: surge up, unavailable down", args: [10, "25%", "25%"], want: [3, 2] },
    { name: "few pods", args: [1, "25%", "25%"], want: [1, 0] },
    { name: "nothing of both: one may be missing", args: [4, 0, "10%"], want: [0, 1] },
    { name: "more than there are", args: [2, 0, 5], want: [0, 2] },
    { name: "no pods at all", args: [0, "25%", "25%"], want: [0, 0] },
  ];
  for (const { name, args, want } of cases) {
    it(name, () => {
      const given = deployment(...args);
      expect([maxSurge(given), maxUnavailable(given)]).toEqual(want);
    });
  }

  it("is none without a rolling update", () => {
    const given = deployment(10, 3, 3);
    given.spec.strategy = { type: "Recreate" };
    expect([maxSurge(given), maxUnavailable(given), newSetReplicas(given, [], 0)]).toEqual([0, 0, 10]);
  });
});

describe("newSetReplicas", () => {
  const cases: { name: string; old: number; current: number; want: number }[] = [
    { name: "only the surge at first", old: 10, current: 0, want: 3 },
    { name: "what the old ones have given up", old: 6, current: 3, want: 7 },
    { name: "never more than wanted", old: 0, current: 8, want: 10 },
    { name: "no more where there is no room", old: 10, current: 3, want: 3 },
  ];
  for (const { name, old, current, want } of cases) {
    it(name, () => {
      const sets = [set("old", old, 2), set("new", current, 1)];
      expect(newSetReplicas(deployment(10, 3, 2), sets, current)).toBe(want);
    });
  }
});

describe("proportionalSizes", () => {
  const cases: { name: string; replicas: number; sets: [number, number][]; max: number; want: number[] }[] = [
    {
      name: "shares what is added",
      replicas: 15,
      sets: [
        [8, 2],
        [5, 1],
      ],
      max: 13,
      want: [11, 7],
    },
    {
      name: "shares what is taken",
      replicas: 5,
      sets: [
        [8, 2],
        [5, 1],
      ],
      max: 13,
      want: [5, 3],
    },
    {
      name: "to nothing",
      replicas: 0,
      sets: [
        [8, 2],
        [5, 1],
      ],
      max: 13,
      want: [0, 0],
    },
    {
      name: "leaves alone what fits",
      replicas: 10,
      sets: [
        [8, 2],
        [5, 1],
      ],
      max: 13,
      want: [8, 5],
    },
    {
      name: "equal ones: the newer gets the rest",
      replicas: 11,
      sets: [
        [5, 2],
        [5, 1],
      ],
      max: 13,
      want: [5, 9],
    },
  ];
  for (const { name, replicas, sets, max, want } of cases) {
    it(name, () => {
      const given = sets.map(([size, age], index) => set(`s${index}`, size, age, max));
      const sizes = proportionalSizes(deployment(replicas, 3, 2), given);
      expect(given.map(({ metadata }) => sizes.get(metadata.name))).toEqual(want);
    });
  }
});

describe("activeOrLatest", () => {
  it("is the only active one, else the new one, else the youngest, else nobody", () => {
    const [old, older, fresh] = [set("old", 2, 3), set("older", 0, 5), set("new", 0, 1)];
    expect(activeOrLatest(fresh, [older, old])).toBe(old);
    expect(activeOrLatest(fresh, [older])).toBe(fresh);
    expect(activeOrLatest(undefined, [set("x", 0, 9), older])).toBe(older);
    expect(activeOrLatest(set("new", 1, 1), [old])).toBeUndefined();
    expect(activeOrLatest(undefined, [])).toBeUndefined();
  });
});

it("isSaturated when all pods are available and were wanted", () => {
  const full = set("s", 3, 1);
  full.metadata.annotations = { "deployment.kubernetes.io/desired-replicas": "3" };
  full.status = { replicas: 3, availableReplicas: 3 };
  expect(isSaturated(deployment(3, 1, 0), full)).toBe(true);
  expect(isSaturated(deployment(4, 1, 0), full)).toBe(false);
  full.status = { replicas: 3, availableReplicas: 2 };
  expect(isSaturated(deployment(3, 1, 0), full)).toBe(false);
  expect(isSaturated(deployment(3, 1, 0), undefined)).toBe(false);
});
