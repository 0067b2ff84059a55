import { describe, expect, it } from "vitest";
import { fieldErrorText } from "../../../../../lib/apimachinery/validation/field.ts";
import {
  localSubjectAccessReviewStrategy,
  selfSubjectAccessReviewStrategy,
  subjectAccessReviewStrategy,
} from "../../../../../lib/registry/authorization/access-reviews.ts";
import { question } from "../../../../../lib/registry/authorization/attributes.ts";
import { selfSubjectRulesReviewStrategy } from "../../../../../lib/registry/authorization/selfsubjectrulesreview.ts";
import { validateMetadata, validateSelectors } from "../../../../../lib/registry/authorization/validation.ts";
import type { AccessAttributes, StrategyContext } from "../../../../../lib/registry/strategy.ts";

const user = { username: "jane", groups: [] };
const asked: AccessAttributes[] = [];
const rules = [
  { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
  { nonResourceURLs: ["/x"], verbs: ["get"] },
];
const context = {
  user,
  access: {
    async authorize(attributes: AccessAttributes) {
      asked.push(attributes);
      return { decision: attributes.verb === "get" ? "allow" : "deny", reason: "because", error: undefined };
    },
    rulesFor: async () => ({ rules, incomplete: true, error: "some" }),
  },
} as unknown as StrategyContext;
const review = (spec: object, metadata: object = {}) => ({ metadata, spec }) as never;
const resourceAttributes = { verb: "get", resource: "pods", namespace: "d" };

describe("question", () => {
  const cases = [
    { name: "a raw selector", fieldSelector: { rawSelector: "a=b" }, text: "a=b", problems: [] },
    {
      name: "a raw selector that is none",
      fieldSelector: { rawSelector: "a" },
      text: undefined,
      problems: ["spec.resourceAttributes.fieldSelector ignored due to parse error"],
    },
    {
      name: "requirements",
      fieldSelector: {
        requirements: [
          { key: "a", operator: "In", values: ["b"] },
          { key: "c", operator: "NotIn", values: ["d"] },
        ],
      },
      text: "a=b,c!=d",
      problems: [],
    },
    {
      name: "requirements that say too much",
      fieldSelector: {
        requirements: [
          { key: "a", operator: "In", values: ["b"] },
          { key: "c", operator: "Exists" },
        ],
      },
      text: "a=b",
      problems: ["spec.resourceAttributes.fieldSelector partially ignored due to parse error"],
    },
  ];
  it.each(cases)("$name", ({ fieldSelector, text, problems }) => {
    const found = question(user, { ...resourceAttributes, fieldSelector }, undefined);
    expect(found.attributes.fieldSelector).toBe(text);
    expect(found.problems).toEqual(problems);
  });
  it("understands labels", () => {
    const requirements = [
      { key: "a", operator: "In", values: ["b", "c"] },
      { key: "d", operator: "DoesNotExist" },
    ];
    const found = question(user, { ...resourceAttributes, labelSelector: { requirements } }, undefined);
    expect(found.attributes.labelSelector).toBe("a in (b,c),!d");
  });
  it("is about a path", () => {
    expect(question(user, undefined, { path: "/x", verb: "get" }).attributes).toMatchObject({
      path: "/x",
      resource: "",
    });
  });
});

describe("reviews", () => {
  it("ask the authorizer about somebody, and about oneself", async () => {
    const about = await subjectAccessReviewStrategy.review?.(
      review({ user: "joe", groups: ["g"], resourceAttributes }),
      context,
    );
    expect(about?.status).toEqual({ allowed: true, reason: "because" });
    expect(asked.at(-1)?.user).toMatchObject({ username: "joe", groups: ["g"] });
    const own = { resourceAttributes: { ...resourceAttributes, verb: "list" } };
    const self = await selfSubjectAccessReviewStrategy.review?.(review(own), context);
    expect(self?.status).toEqual({ allowed: false, denied: true, reason: "because" });
    expect(asked.at(-1)?.user).toBe(user);
  });
  const bad = [
    {
      name: "nobody",
      run: () => subjectAccessReviewStrategy.review?.(review({ resourceAttributes }), context),
      want: "at least one of user or group must be specified",
    },
    {
      name: "nothing",
      run: () => selfSubjectAccessReviewStrategy.review?.(review({}), context),
      want: "exactly one of nonResourceAttributes or resourceAttributes must be specified",
    },
    {
      name: "another namespace",
      run: () =>
        localSubjectAccessReviewStrategy.review?.(
          review({ user: "x", resourceAttributes }, { namespace: "e" }),
          context,
        ),
      want: "must match metadata.namespace",
    },
    {
      name: "a name",
      run: () => selfSubjectAccessReviewStrategy.review?.(review({ resourceAttributes }, { name: "x" }), context),
      want: "must be empty",
    },
  ];
  it.each(bad)("refuse $name", async ({ run, want }) => expect(run()).rejects.toThrow(want));

  it("list rules by kind", async () => {
    const answer = await selfSubjectRulesReviewStrategy.review?.(review({ namespace: "d" }), context);
    expect(answer?.status).toEqual({
      resourceRules: [rules[0]],
      nonResourceRules: [rules[1]],
      incomplete: true,
      evaluationError: "some",
    });
    await expect(selfSubjectRulesReviewStrategy.review?.(review({}), context)).rejects.toThrow(
      "no namespace on request",
    );
  });
});

describe("validation", () => {
  it("of selectors", () => {
    const both = { rawSelector: "a=b", requirements: [{ key: "a", operator: "In", values: ["b"] }] };
    const [error] = validateSelectors({ ...resourceAttributes, labelSelector: both });
    expect(`${error.field}: ${fieldErrorText(error)}`).toBe(
      'spec.resourceAttributes.labelSelector.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements',
    );
    expect(validateSelectors({ ...resourceAttributes, fieldSelector: {} })).toHaveLength(1);
    expect(
      validateSelectors({ ...resourceAttributes, labelSelector: { requirements: [{ key: "a", operator: "In" }] } })[0]
        .field,
    ).toBe("spec.resourceAttributes.labelSelector.requirements[0].values");
  });
  it("of metadata, which only a local review has", () => {
    expect(validateMetadata({ namespace: "d" }, true)).toEqual([]);
    expect(validateMetadata({ namespace: "d" }, false)).toHaveLength(1);
  });
});
