import { describe, expect, test } from "vitest";
import type { FlowSchema } from "../../../../../lib/openapi/types/flowcontrol-v1.ts";
import {
  flowSchemaStrategy,
  priorityLevelConfigurationStrategy,
} from "../../../../../lib/registry/flowcontrol/flowcontrol.ts";
import { created, problems, updated } from "../objects.ts";

const user = { kind: "User", user: { name: "u" } };
const rule = { verbs: ["get"], apiGroups: [""], resources: ["pods"], namespaces: ["d"] };
const rules = "spec.rules[0]";
const resources = `${rules}.resourceRules[0]`;
const others = `${rules}.nonResourceRules[0]`;

interface Case {
  readonly name: string;
  readonly object: object;
  readonly want: unknown[];
  readonly of?: string;
}

/** A schema with one rule. */
const ruled = (one: object) => ({ rules: [{ subjects: [user], resourceRules: [rule], ...one }] });

const schemas: Case[] = [
  { name: "a plain one", object: ruled({}), want: [] },
  {
    name: "a level of no name",
    object: { priorityLevelConfiguration: { name: "" } },
    want: ["spec.priorityLevelConfiguration.name: Required value: must reference a priority level"],
  },
  {
    name: "one that is first",
    object: { matchingPrecedence: 1 },
    want: ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"],
  },
  {
    name: "one beyond the last",
    object: { matchingPrecedence: 10_001 },
    want: ["spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000"],
  },
  {
    name: "one before the first",
    object: { matchingPrecedence: -1 },
    want: ["spec.matchingPrecedence: Invalid value: -1: must be a positive value"],
  },
  {
    name: "an unknown way to tell flows apart",
    object: { distinguisherMethod: { type: "Odd" } },
    want: [
      'spec.distinguisherMethod.type: Unsupported value: {"Type":"Odd"}: supported values: "ByNamespace", "ByUser"',
    ],
  },
  {
    name: "rules about nobody and nothing",
    object: { rules: [{ subjects: null }] },
    want: [
      `${rules}.subjects: Required value: subjects must contain at least one value`,
      `${rules}: Required value: at least one of resourceRules and nonResourceRules has to be non-empty`,
    ],
  },
  {
    name: "subjects that are not what they say",
    object: ruled({
      subjects: [
        { kind: "Robot" },
        { kind: "Group", user: { name: "u" } },
        { kind: "ServiceAccount", serviceAccount: { name: "a_", namespace: "" } },
        { kind: "ServiceAccount", serviceAccount: { name: "*", namespace: "d" } },
      ],
    }),
    want: [
      `${rules}.subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"`,
      `${rules}.subjects[1].group: Required value: group is required when subject kind is 'Group'`,
      `${rules}.subjects[1].user: Forbidden: user is forbidden when subject kind is not 'User'`,
      expect.stringContaining(`${rules}.subjects[2].serviceAccount.name: Invalid value: "a_"`),
      `${rules}.subjects[2].serviceAccount.namespace: Required value: must specify namespace for service account`,
    ],
  },
  {
    name: "a rule of nothing",
    object: ruled({ resourceRules: [{ verbs: null, apiGroups: null, resources: null }] }),
    want: [
      `${resources}.apiGroups: Required value: resource rules must supply at least one api group`,
      `${resources}.namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace`,
      `${resources}.resources: Required value: resource rules must supply at least one resource`,
      `${resources}.verbs: Required value: verbs must contain at least one value`,
    ],
  },
  {
    name: "stars beside others",
    object: ruled({
      resourceRules: [
        { verbs: ["*", "get"], apiGroups: ["*", "a"], resources: ["*", "a"], namespaces: ["*", "a"] },
        { ...rule, namespaces: ["A"] },
      ],
    }),
    want: [
      `${resources}.apiGroups: Invalid value: ["*","a"]: if '*' is present, must not specify other api groups`,
      `${resources}.namespaces: Invalid value: ["*","a"]: if '*' is present, must not specify other namespaces`,
      `${resources}.resources: Invalid value: ["*","a"]: if '*' is present, must not specify other resources`,
      `${resources}.verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`,
      expect.stringContaining("each member of this list must be '*' or a DNS-1123 label; a lowercase RFC 1123 label"),
    ],
  },
  {
    name: "paths that are none",
    object: ruled({
      nonResourceRules: [
        { verbs: ["get"], nonResourceURLs: ["", "/", "a", "/a b", "/a//b", "/*/a", "/a/*"] },
        { verbs: ["get"], nonResourceURLs: null },
        { verbs: ["get"], nonResourceURLs: ["*", "/"] },
      ],
    }),
    want: [
      `${others}.nonResourceURLs[0]: Invalid value: "": must not be empty`,
      `${others}.nonResourceURLs[2]: Invalid value: "a": must start with slash`,
      `${others}.nonResourceURLs[3]: Invalid value: "/a b": must not contain white-space`,
      `${others}.nonResourceURLs[4]: Invalid value: "/a//b": must not contain double slash`,
      `${others}.nonResourceURLs[5]: Invalid value: "/*/a": wildcard can only do suffix matching`,
      `${rules}.nonResourceRules[1].nonResourceURLs: Required value: nonResourceURLs must contain at least one value`,
      `${rules}.nonResourceRules[2].nonResourceURLs: Invalid value: ["*","/"]: if '*' is present, must not specify other non-resource URLs`,
    ],
  },
  {
    name: "the last one, changed",
    of: "catch-all",
    object: { priorityLevelConfiguration: { name: "x" }, matchingPrecedence: 9 },
    want: [
      'spec: Invalid value: {"PriorityLevelConfiguration":{"Name":"x"},"MatchingPrecedence":9,"DistinguisherMethod":null,"Rules":null}: spec of \'catch-all\' must equal the fixed value',
    ],
  },
];

const queuing = { queues: 4, handSize: 2, queueLengthLimit: 5 };
const limited = (limitResponse: object, more: object = {}) => ({
  type: "Limited",
  limited: { limitResponse, ...more },
});
const queue = "spec.limited.limitResponse.queuing";

const levels: Case[] = [
  { name: "one that rejects", object: limited({ type: "Reject" }), want: [] },
  { name: "one that queues", object: limited({ type: "Queue", queuing }), want: [] },
  {
    name: "an unknown type",
    object: { type: "Free" },
    want: ['spec.type: Unsupported value: "Free": supported values: "Exempt", "Limited"'],
  },
  {
    name: "an exempt one of one's own",
    object: { type: "Exempt", limited: { limitResponse: { type: "Reject" } } },
    want: [
      "spec.limited: Forbidden: must be nil if the type is not Limited",
      "spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'",
    ],
  },
  {
    name: "one that says both",
    object: { ...limited({ type: "Odd" }), exempt: {} },
    want: [
      "spec.exempt: Forbidden: must be nil if the type is Limited",
      'spec.limited.limitResponse.type: Unsupported value: "Odd": supported values: "Queue", "Reject"',
    ],
  },
  {
    name: "one that rejects and queues",
    object: limited({ type: "Reject", queuing }),
    want: [`${queue}: Forbidden: must be nil if limited.limitResponse.type is not Limited`],
  },
  {
    name: "one that queues nowhere",
    object: limited({ type: "Queue" }),
    want: [`${queue}: Required value: must not be empty if limited.limitResponse.type is Limited`],
  },
  {
    name: "a hand too large",
    object: limited({ type: "Queue", queuing: { ...queuing, handSize: 5 } }),
    want: [`${queue}.handSize: Invalid value: 5: should not be greater than queues (4)`],
  },
  {
    name: "a hand that takes too many bits",
    object: limited({ type: "Queue", queuing: { ...queuing, queues: 1000, handSize: 7 } }),
    want: [
      `${queue}.handSize: Invalid value: 7: required entropy bits of deckSize 1000 and handSize 7 should not be greater than 60`,
    ],
  },
  {
    name: "numbers below zero",
    object: limited(
      { type: "Queue", queuing: { queues: -1, handSize: -1, queueLengthLimit: -1 } },
      { nominalConcurrencyShares: -1, lendablePercent: 101, borrowingLimitPercent: -1 },
    ),
    want: [
      "spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer",
      "spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive",
      `${queue}.handSize: Invalid value: -1: must be positive`,
      `${queue}.queueLengthLimit: Invalid value: -1: must be positive`,
      `${queue}.queues: Invalid value: -1: must be positive`,
      "spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer",
    ],
  },
  {
    name: "the exempt one, which may lend",
    of: "exempt",
    object: { type: "Exempt", exempt: { nominalConcurrencyShares: 3, lendablePercent: 50 } },
    want: [],
  },
  {
    name: "the last one, changed",
    of: "catch-all",
    object: limited({ type: "Reject" }, { nominalConcurrencyShares: 6 }),
    want: [expect.stringContaining("spec of 'catch-all' must equal the fixed value")],
  },
];

describe("schemas", () => {
  test.each(schemas)("$name", async ({ object, want, of = "a" }) => {
    const spec = { priorityLevelConfiguration: { name: "l" }, ...object };
    const given = { metadata: { name: of }, spec };
    expect(await problems("flowcontrol.v1.FlowSchema", flowSchemaStrategy, given)).toEqual(want);
  });

  test("conditions have types that differ", async () => {
    const definition = "flowcontrol.v1.FlowSchema";
    const spec = { priorityLevelConfiguration: { name: "l" } };
    const old = created<FlowSchema>(definition, flowSchemaStrategy, { metadata: { name: "a" }, spec });
    const change = (one: FlowSchema) => {
      one.status = { conditions: [{ type: "A" }, { type: "A" }, {}] };
    };
    const made = await updated(definition, flowSchemaStrategy, old as never, change as never, "status");
    expect(made.problems).toEqual([
      'status.conditions[1].type: Duplicate value: "A"',
      "status.conditions[2].type: Required value: must not be empty",
    ]);
  });
});

describe("levels", () => {
  test.each(levels)("$name", async ({ object, want, of = "a" }) => {
    const given = { metadata: { name: of }, spec: object };
    const definition = "flowcontrol.v1.PriorityLevelConfiguration";
    expect(await problems(definition, priorityLevelConfigurationStrategy, given)).toEqual(want);
  });
});
