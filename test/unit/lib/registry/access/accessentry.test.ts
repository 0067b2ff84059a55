import { describe, expect, test } from "vitest";
import type { AnyObject } from "../../../../../lib/apimachinery/meta.ts";
import {
  type AccessEntry,
  accessEntries,
  accessEntryStrategy,
} from "../../../../../lib/registry/access/accessentry.ts";
import { principalArn, principalKey } from "../../../../../lib/registry/access/arn.ts";
import { defaultUsername, renderTemplate } from "../../../../../lib/registry/access/username.ts";
import type { Access, AccessAttributes } from "../../../../../lib/registry/strategy.ts";
import { context, created, messageOf, now, problems, updated } from "../objects.ts";

const definition = "access.v1.AccessEntry";
const role = "arn:aws:iam::111122223333:role/admins";
const metadata = { name: "a" };
const masters = { user: { username: "root", groups: ["system:masters"] } };

describe("an access entry", () => {
  test.each([
    { name: "of a role", spec: { principalArn: role, groups: ["admins"] }, want: [] },
    { name: "of a role with a path", spec: { principalArn: "arn:aws:iam::111122223333:role/a/b/c" }, want: [] },
    { name: "of a user in China", spec: { principalArn: "arn:aws-cn:iam::111122223333:user/x/bob" }, want: [] },
    { name: "of the root user", spec: { principalArn: "arn:aws:iam::111122223333:root" }, want: [] },
    { name: "of a federated user", spec: { principalArn: "arn:aws:sts::111122223333:federated-user/bob" }, want: [] },
    { name: "of nodes", spec: { principalArn: role, type: "Node" }, want: [] },
    {
      name: "of nobody",
      spec: {},
      want: ["spec.principalArn: Required value: the ARN of an IAM role or user"],
    },
    {
      name: "of no ARN",
      spec: { principalArn: "bob" },
      want: ['spec.principalArn: Invalid value: "bob": is not an ARN'],
    },
    {
      name: "of a session",
      spec: { principalArn: "arn:aws:sts::111122223333:assumed-role/admins/bob" },
      want: [
        `spec.principalArn: Invalid value: "arn:aws:sts::111122223333:assumed-role/admins/bob": must be the role's own ARN, not a session's: ${role}`,
      ],
    },
    {
      name: "of a type that is none",
      spec: { principalArn: role, type: "Fargate" },
      want: ['spec.type: Unsupported value: "Fargate": supported values: "Node", "Standard"'],
    },
    {
      name: "of nodes that are users",
      spec: { principalArn: "arn:aws:iam::111122223333:user/bob", type: "Node", username: "u", groups: ["g"] },
      want: [
        "spec.groups: Forbidden: must be empty of a Node",
        'spec.principalArn: Invalid value: "arn:aws:iam::111122223333:user/bob": must be a role of a Node',
        "spec.username: Forbidden: must be empty of a Node",
      ],
    },
    {
      name: "with a name of the system's",
      spec: { principalArn: role, username: "system:admin" },
      want: ['spec.username: Invalid value: "system:admin": must not begin with system:'],
    },
    {
      name: "with a name that is the caller's choice",
      spec: { principalArn: role, username: "{{SessionName}}:x" },
      want: ['spec.username: Invalid value: "{{SessionName}}:x": must have a colon before the session\'s name'],
    },
    {
      name: "with a name that is the caller's choice later",
      spec: { principalArn: role, username: "a-{{SessionNameRaw}}" },
      want: ['spec.username: Invalid value: "a-{{SessionNameRaw}}": must have a colon before the session\'s name'],
    },
    { name: "with a template", spec: { principalArn: role, username: "{{AccountID}}:{{SessionName}}" }, want: [] },
    {
      name: "with a placeholder that is none",
      spec: { principalArn: role, username: "x:{{EC2PrivateDNSName}}" },
      want: [
        'spec.username: Invalid value: "x:{{EC2PrivateDNSName}}": has an unknown placeholder {{EC2PrivateDNSName}}',
      ],
    },
    {
      name: "with a group twice and one without a name",
      spec: { principalArn: role, groups: ["a", "", "a"] },
      want: ["spec.groups[1]: Required value", 'spec.groups[2]: Duplicate value: "a"'],
    },
    {
      name: "with a group that is the caller's choice",
      spec: { principalArn: role, groups: ["{{SessionName}}"] },
      want: ['spec.groups[0]: Invalid value: "{{SessionName}}": must not have placeholders'],
    },
    {
      name: "with too many groups",
      spec: { principalArn: role, groups: Array.from({ length: 101 }, (_, index) => `g${index}`) },
      want: ["spec.groups: Too many: 101: must have at most 100 items"],
    },
  ])("$name", async ({ spec, want }) => {
    expect(await problems(definition, accessEntryStrategy, { metadata, spec }, context(masters))).toEqual(want);
  });

  test("is the only one of its principal, however that is written", async () => {
    const at = context(masters);
    const other = { metadata: { name: "b" }, spec: { principalArn: "arn:aws:iam::111122223333:role/path/Admins" } };
    await at.objects.create(accessEntries, other as unknown as AnyObject);
    const want = [`spec.principalArn: Duplicate value: "${role}"`];
    expect(await problems(definition, accessEntryStrategy, { metadata, spec: { principalArn: role } }, at)).toEqual(
      want,
    );
    const same = { ...other, spec: { ...other.spec, groups: ["g"] } };
    expect(await problems(definition, accessEntryStrategy, same, at)).toEqual([]);
  });

  test("keeps its principal, and counts what changes", async () => {
    const at = context(masters);
    const spec = { principalArn: role };
    const old = created<AccessEntry>(definition, accessEntryStrategy, { metadata, spec }, at);
    expect(old).toMatchObject({ metadata: { generation: 1 }, spec: { type: "Standard" } });
    const change = (one: AccessEntry) => {
      one.spec.principalArn = "arn:aws:iam::111122223333:role/other";
    };
    const moved = await updated(definition, accessEntryStrategy, old as never, change as never, "", at);
    expect(moved.problems).toEqual([
      'spec.principalArn: Invalid value: "arn:aws:iam::111122223333:role/other": field is immutable',
    ]);
    const grouped = await updated(
      definition,
      accessEntryStrategy,
      old as never,
      ((one: AccessEntry) => {
        one.spec.groups = ["g"];
      }) as never,
      "",
      at,
    );
    expect(grouped).toMatchObject({ problems: [], object: { metadata: { generation: 2 } } });
  });

  test.each([
    { name: "nothing", allowed: [], spec: { groups: ["g"] }, want: 'groups "g"' },
    { name: "the group", allowed: ["impersonate groups g"], spec: { groups: ["g"] }, want: undefined },
    {
      name: "the group, not the user",
      allowed: ["impersonate groups g"],
      spec: { groups: ["g"], username: "u:x" },
      want: 'users "u:x"',
    },
    { name: "nothing, of nodes", allowed: [], spec: { type: "Node" }, want: 'groups "system:nodes"' },
    {
      name: "the group alone, of nodes",
      allowed: ["impersonate groups system:nodes"],
      spec: { type: "Node" },
      want: 'users "system:node:{{SessionName}}"',
    },
    { name: "nothing, of a name only", allowed: [], spec: {}, want: undefined },
  ])("is written by who may impersonate whom it names: $name", async ({ allowed, spec, want }) => {
    const authorize = async ({ verb, resource, name }: AccessAttributes) => ({
      decision: (allowed as string[]).includes(`${verb} ${resource} ${name}`) ? "allow" : "no opinion",
      reason: "",
    });
    const at = context({ access: { authorize } as unknown as Access });
    const made = problems(definition, accessEntryStrategy, { metadata, spec: { principalArn: role, ...spec } }, at);
    if (want === undefined) return expect(await made).toEqual([]);
    expect(await messageOf(made)).toBe(
      `accessentries.access.coracle.dev "a" is forbidden: user "u" must be allowed to impersonate ${want}`,
    );
  });

  test("shows in a table", () => {
    const cells = (spec: AccessEntry["spec"]) =>
      accessEntryStrategy.cells?.(
        { metadata: { name: "a", creationTimestamp: "2025-12-31T23:59:00Z" } as never, spec },
        { now },
      );
    expect(cells({ principalArn: role, type: "Standard", groups: ["g", "h"] })).toEqual([
      "a",
      role,
      "Standard",
      "g,h",
      "60s",
      "arn:aws:sts::111122223333:assumed-role/admins/{{SessionName}}",
    ]);
    expect(cells({ principalArn: role, type: "Node" })?.slice(2)).toEqual([
      "Node",
      "system:nodes",
      "60s",
      "system:node:{{SessionName}}",
    ]);
    expect(accessEntryStrategy.columns).toHaveLength(6);
  });
});

describe("principals' ARNs", () => {
  test.each([
    ["arn:aws:sts::111122223333:assumed-role/Admins/bob", "arn:aws:iam::111122223333:role/Admins"],
    ["arn:aws-us-gov:sts::111122223333:assumed-role/a/b/bob", "arn:aws-us-gov:iam::111122223333:role/b"],
    ["arn:aws:iam::111122223333:role/path/to/Admins", "arn:aws:iam::111122223333:role/Admins"],
    ["arn:aws:iam::111122223333:user/path/bob", "arn:aws:iam::111122223333:user/path/bob"],
    ["arn:aws:sts::111122223333:federated-user/bob", "arn:aws:sts::111122223333:federated-user/bob"],
    ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root"],
  ])("%s is %s", (arn, want) => {
    expect(principalArn(arn).canonical).toBe(want);
    expect(principalKey(principalArn(arn))).toBe(want.toLowerCase());
  });

  test.each([
    ["", "is not an ARN"],
    ["arn:aws", "is not an ARN"],
    ["arn:aws-mars:iam::111122223333:role/a", "does not have a recognized partition"],
    ["arn:aws:iam:us-east-1:111122223333:role/a", "must not have a region"],
    ["arn:aws:iam::1111:role/a", "must have an account of 12 digits"],
    ["arn:aws:iam::111122223333:role/", "must end with a name"],
    ["arn:aws:sts::111122223333:assumed-role/bob", "does not have a role"],
    ["arn:aws:s3::111122223333:role/a", "must name an IAM role or user, an account's root user or a federated user"],
    ["arn:aws:iam::111122223333:group/a", "must name an IAM role or user, an account's root user or a federated user"],
    [
      "arn:aws:iam::111122223333:roleadmin/a",
      "must name an IAM role or user, an account's root user or a federated user",
    ],
  ])("%s: %s", (arn, want) => expect(() => principalArn(arn)).toThrow(want));
});

test("templates take what the caller has, once", () => {
  const caller = { accountId: "111122223333", sessionName: "bob@x.org{{AccountID}}", accessKeyId: "AKIA1" };
  const text = "{{AccountID}}:{{SessionName}}:{{SessionNameRaw}}:{{AccessKeyID}}:{{toString}}";
  expect(renderTemplate(text, caller)).toBe(
    "111122223333:bob-x.org{{AccountID}}:bob@x.org{{AccountID}}:AKIA1:{{toString}}",
  );
  expect(defaultUsername(principalArn("arn:aws:iam::111122223333:user/bob"))).toBe(
    "arn:aws:iam::111122223333:user/bob",
  );
});
