import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ServerRequest } from "../../../../../lib/apimachinery/http.ts";
import {
  parseServiceAccountUsername,
  serviceAccountUsername,
} from "../../../../../lib/apiserver/authentication/groups.ts";
import { wantedUser } from "../../../../../lib/apiserver/authentication/impersonation/headers.ts";
import { impersonation } from "../../../../../lib/apiserver/authentication/impersonation/index.ts";
import { requestAuthenticator } from "../../../../../lib/apiserver/authentication/index.ts";
import { parseJwt, signJwt, verifyJwt } from "../../../../../lib/apiserver/authentication/jwt.ts";
import { ServiceAccountTokens } from "../../../../../lib/apiserver/authentication/service-account-tokens.ts";
import { localSigner, verificationKey } from "../../../../../lib/apiserver/authentication/signer.ts";
import { staticTokens } from "../../../../../lib/apiserver/authentication/static-tokens.ts";
import { tokenSigner } from "../../../../../lib/apiserver/authentication/token-signer.ts";
import type { AuthorizationAttributes } from "../../../../../lib/apiserver/authorization/authorizer.ts";
import { requestInfo } from "../../../../../lib/apiserver/request-info.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";

function request(headers: Record<string, string | string[]> = {}, more: Partial<ServerRequest> = {}): ServerRequest {
  const values = (name: string) => [headers[name] ?? []].flat();
  return {
    method: "GET",
    path: "/",
    header: (name) => (name in headers ? values(name).join(", ") : undefined),
    headerValues: values,
    headerNames: () => Object.keys(headers),
    bytes: async () => new Uint8Array(),
    signal: new AbortController().signal,
    ...more,
  };
}

const audiences = ["https://kubernetes.default.svc"];
const tokens = staticTokens({ secret: { username: "jane", groups: ["team"] } }, audiences);
const authenticator = requestAuthenticator({ tokens: [tokens] });
const certificate = { commonName: "joe", organizations: ["ops"], fingerprint: "ab12" };

describe("requestAuthenticator", () => {
  const extra = { "authentication.kubernetes.io/credential-id": ["X509SHA256=ab12"] };
  const joe = { username: "joe", groups: ["ops", "system:authenticated"], extra };
  const jane = { username: "jane", groups: ["team", "system:authenticated"] };
  const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from("secret").toString("base64url")}`;
  const cases = [
    { name: "nothing", request: request(), want: { username: "system:anonymous", groups: ["system:unauthenticated"] } },
    { name: "a certificate", request: request({}, { certificate }), want: joe },
    { name: "a token", request: request({ authorization: "Bearer secret" }), want: jane },
    { name: "a scheme in lower case", request: request({ authorization: "bearer secret" }), want: jane },
    { name: "a WebSocket's token", request: request({ "sec-websocket-protocol": `x, ${protocol}` }), want: jane },
    {
      name: "both: the certificate counts",
      request: request({ authorization: "Bearer secret" }, { certificate }),
      want: joe,
    },
    {
      name: "a good certificate, a bad token",
      request: request({ authorization: "Bearer x" }, { certificate }),
      want: joe,
    },
    {
      name: "a caller in the process",
      request: request({}, { user: { username: "me", groups: [] } }),
      want: { username: "me", groups: ["system:authenticated"] },
    },
  ];
  it.each(cases)("$name", async ({ request, want }) => {
    expect(await authenticator.authenticate(request)).toEqual(want);
  });

  it("answers a wrong token with 401, and nothing at all where anonymous is off", async () => {
    await expect(authenticator.authenticate(request({ authorization: "Bearer x" }))).rejects.toMatchObject({
      code: 401,
    });
    const strict = requestAuthenticator({ tokens: [], anonymous: false });
    await expect(strict.authenticate(request())).rejects.toMatchObject({ code: 401 });
  });
});

describe("service accounts' names", () => {
  it("go both ways", () => {
    expect(parseServiceAccountUsername(serviceAccountUsername("d", "a"))).toEqual({ namespace: "d", name: "a" });
  });
  it.each([
    "jane",
    "system:serviceaccount:d",
    "system:serviceaccount:d:a:b",
    "system:serviceaccount:D:a",
  ])("%s is none", (name) => expect(parseServiceAccountUsername(name)).toBeUndefined());
});

describe.each([
  ["ES256", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey],
  ["RS256", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey],
])("%s tokens", (algorithm, privateKey) => {
  const key = localSigner(privateKey);
  const clock = new FakeClock();
  const account = { metadata: { name: "a", namespace: "d", uid: "u1" } };
  const objects = new Map<string, unknown>([["serviceaccounts/d/a", account]]);
  const authenticate = new ServiceAccountTokens({
    issuer: "iss",
    audiences,
    keys: [key],
    clock,
    trustMs: 1000,
    get: async ({ resource }, namespace, name) => objects.get(`${resource}/${namespace}/${name}`) as never,
  });
  const signer = tokenSigner(key, "iss", audiences, { number: () => 0, uuid: () => "j1" });
  const order = { serviceAccount: { namespace: "d", name: "a", uid: "u1" }, audiences, issuedAt: clock.now() };
  const sign = (more = {}) => signer.sign({ ...order, issuedAt: clock.now(), expirationSeconds: 600, ...more });

  it("know their account", async () => {
    const identity = await authenticate.authenticateToken(await sign(), []);
    expect(identity).toEqual({
      user: {
        username: "system:serviceaccount:d:a",
        uid: "u1",
        groups: ["system:serviceaccounts", "system:serviceaccounts:d"],
        extra: { "authentication.kubernetes.io/credential-id": ["JTI=j1"] },
      },
      audiences,
    });
    expect(parseJwt(await sign())?.algorithm).toBe(algorithm);
  });

  it("of another issuer are not known, of another audience not good", async () => {
    const other = tokenSigner(key, "other", audiences, { number: () => 0, uuid: () => "j" });
    expect(
      await authenticate.authenticateToken(await other.sign({ ...order, expirationSeconds: 600 }), []),
    ).toBeUndefined();
    const token = await sign({ audiences: ["x"] });
    await expect(authenticate.authenticateToken(token, [])).rejects.toThrow(
      'token audiences ["x"] is invalid for the target audiences ["https://kubernetes.default.svc"]',
    );
    expect((await authenticate.authenticateToken(token, ["y", "x"]))?.audiences).toEqual(["x"]);
  });

  it("are refused with another key, algorithm or content", async () => {
    const token = await sign();
    const [header, claims, signature] = token.split(".");
    const none = Buffer.from(JSON.stringify({ alg: "none", kid: verificationKey(privateKey).id })).toString(
      "base64url",
    );
    const forged = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(claims, "base64url").toString()), sub: "x" }),
    );
    const stranger = localSigner(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
    const bad = [
      `${none}.${claims}.`,
      `${header}.${forged.toString("base64url")}.${signature}`,
      await signJwt({ iss: "iss" }, stranger),
    ];
    for (const one of bad) await expect(authenticate.authenticateToken(one, [])).rejects.toThrow();
    expect(await authenticate.authenticateToken("a.b.c", [])).toBeUndefined();
    expect(verifyJwt(parseJwt(token) as never, await stranger.verificationKey())).toBe(false);
  });

  it("end with their time", async () => {
    const token = await sign();
    await clock.advance(659_000);
    expect(await authenticate.authenticateToken(token, [])).toBeDefined();
    await clock.advance(3_000);
    await expect(authenticate.authenticateToken(token, [])).rejects.toThrow("service account token has expired");
  });

  it("end with what they are bound to, as soon as that is looked at again", async () => {
    objects.set("pods/d/p", { metadata: { name: "p", uid: "pu" } });
    const token = await sign({ boundTo: { kind: "Pod", name: "p", uid: "pu" }, node: { name: "n", uid: "nu" } });
    const identity = await authenticate.authenticateToken(token, []);
    expect(identity?.user.extra).toMatchObject({ "authentication.kubernetes.io/node-name": ["n"] });
    objects.set("pods/d/p", { metadata: { name: "p", uid: "another" } });
    expect(await authenticate.authenticateToken(token, [])).toBeDefined();
    await clock.advance(1001);
    await expect(authenticate.authenticateToken(token, [])).rejects.toThrow(
      "pod UID (another) does not match service account pod ref claim (pu)",
    );
    objects.delete("pods/d/p");
    await expect(authenticate.authenticateToken(token, [])).rejects.toThrow(
      "service account token has been invalidated",
    );
  });
});

describe("impersonation", () => {
  it("asks for a user", () => {
    expect(wantedUser(request())).toBeUndefined();
    expect(() => wantedUser(request({ "impersonate-group": ["g"] }))).toThrow(
      'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"g"}, Extra:map[string][]string(nil)} without impersonating a user name',
    );
    const extra = request({ "impersonate-user": "u", "impersonate-extra-acme.com%2fteam": ["z"] });
    expect(wantedUser(extra)).toEqual({ username: "u", uid: "", groups: [], extra: { "acme.com/team": ["z"] } });
  });

  const bob = { username: "bob", groups: [] };
  const list = requestInfo("GET", "/api/v1/namespaces/d/pods");
  /** Allows what is in the list, as `verb resource name`. */
  const run = (allowed: string[], headers: Record<string, string | string[]>, user: ServerRequest["user"] = bob) => {
    const asked: string[] = [];
    const authorizer = {
      authorize: async ({ verb, resource, name }: AuthorizationAttributes) => {
        const text = `${verb} ${resource} ${name}`.trim();
        asked.push(text);
        return { decision: allowed.includes(text) ? ("allow" as const) : ("no opinion" as const), reason: "" };
      },
    };
    return impersonation(authorizer)(request(headers), list, user ?? bob);
  };
  const onUser = "impersonate-on:user-info:list pods";

  const cases = [
    {
      name: "a user, constrained",
      allowed: [onUser, "impersonate:user-info users jane"],
      headers: { "impersonate-user": "jane" },
      want: { username: "jane", groups: ["system:authenticated"] },
    },
    {
      name: "a user, the old way",
      allowed: ["impersonate users jane"],
      headers: { "impersonate-user": "jane" },
      want: { username: "jane", groups: ["system:authenticated"] },
    },
    {
      name: "system:masters only the old way",
      allowed: [onUser, "impersonate users jane", "impersonate groups system:masters"],
      headers: { "impersonate-user": "jane", "impersonate-group": ["system:masters"] },
      want: { username: "jane", groups: ["system:masters", "system:authenticated"] },
    },
    {
      name: "any node",
      allowed: ["impersonate-on:arbitrary-node:list pods", "impersonate:arbitrary-node nodes n1"],
      headers: { "impersonate-user": "system:node:n1" },
      want: { username: "system:node:n1", groups: ["system:nodes", "system:authenticated"] },
    },
    {
      name: "a service account gets its groups",
      allowed: ["impersonate-on:serviceaccount:list pods", "impersonate:serviceaccount serviceaccounts a"],
      headers: { "impersonate-user": "system:serviceaccount:d:a" },
      want: {
        username: "system:serviceaccount:d:a",
        groups: ["system:serviceaccounts", "system:serviceaccounts:d", "system:authenticated"],
      },
    },
    {
      name: "many groups at once",
      allowed: [onUser, "impersonate:user-info users jane", "impersonate:user-info groups *"],
      headers: { "impersonate-user": "jane", "impersonate-group": ["a", "b", "c", "d"] },
      want: { username: "jane", groups: ["a", "b", "c", "d", "system:authenticated"] },
    },
  ];
  it.each(cases)("$name", async ({ allowed, headers, want }) => {
    expect(await run(allowed, headers as never)).toEqual(want);
  });

  it("of its own node by a pod's account", async () => {
    const extra = { "authentication.kubernetes.io/node-name": ["n1"] };
    const agent = { username: "system:serviceaccount:d:agent", groups: [], extra };
    const allowed = ["impersonate-on:associated-node:list pods", "impersonate:associated-node nodes *"];
    expect((await run(allowed, { "impersonate-user": "system:node:n1" }, agent)).username).toBe("system:node:n1");
    await expect(run(allowed, { "impersonate-user": "system:node:n2" }, agent)).rejects.toMatchObject({ code: 403 });
  });

  it("is refused with the first way's words", async () => {
    await expect(run([], { "impersonate-user": "jane" })).rejects.toThrow(
      'pods is forbidden: User "bob" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "d"',
    );
  });
});
