/** IAM's bearer tokens before a stand-in STS: principals that sign them, and the authenticator that lets them in. */
import { clusterIdOf } from "../../lib/apimachinery/cluster-id.ts";
import { type IamTokenOptions, iamTokens } from "../../lib/apiserver/authentication/iam/iam-tokens.ts";
import type { TokenAuthenticator } from "../../lib/apiserver/authentication/token.ts";
import { stsTokens } from "../../lib/aws/sts-token.ts";
import type { AccessEntry } from "../../lib/registry/access/accessentry.ts";
import type { Store } from "../../lib/storage/interface.ts";
import { openSqliteStore } from "../../lib/storage/sqlite/store.ts";
import { FakeClock } from "./fake-clock.ts";
import { type Principal, type StandInSts, startSts } from "./sts.ts";

/** The account of all principals. */
export const account = "111122223333";

/** A role's session. */
export const session = (name: string, role: string, accessKeyId: string): Principal => ({
  accessKeyId,
  secretAccessKey: `secret-of-${accessKeyId}`,
  sessionToken: `session/token+of=${accessKeyId}`,
  account,
  arn: `arn:aws:sts::${account}:assumed-role/${role}/${name}`,
  userId: `AROA${role.toUpperCase()}:${name}`,
});

/** The admin, as the authenticator is told. */
export const deployer = session("me@example.com", "Deployer", "ASIADEPLOYER");
/** A node, by its role. */
export const node = session("i-0123456789abcdef0", "Nodes", "ASIANODE");
/** Nobody to the authenticator. */
export const stranger = session("eve", "Stranger", "ASIASTRANGER");
/** A user with a path. */
export const bob: Principal = {
  accessKeyId: "AKIABOB",
  secretAccessKey: "secret-of-bob",
  account,
  arn: `arn:aws:iam::${account}:user/team/bob`,
  userId: "AIDABOB",
};
/** A federated user. */
export const federated: Principal = {
  ...session("x", "x", "ASIAFED"),
  arn: `arn:aws:sts::${account}:federated-user/fred`,
  userId: `${account}:fred`,
};
/** All of them, whom the stand-in knows. */
export const principals = [deployer, node, stranger, bob, federated];

/** The cluster that tokens are for, unless one says otherwise. */
export const clusterId = clusterIdOf("https://abc.execute-api.eu-west-1.amazonaws.com/v1/");

const collection = { cluster: "default", group: "access.coracle.dev", resource: "accessentries" };

/** STS, a cluster's store and a clock that all of them share. */
export class Iam {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly sts: StandInSts;

  private constructor(clock: FakeClock, store: Store, sts: StandInSts) {
    this.clock = clock;
    this.store = store;
    this.sts = sts;
  }

  static async start(): Promise<Iam> {
    const clock = new FakeClock();
    const store = await openSqliteStore({ file: ":memory:", durable: false });
    return new Iam(clock, store, await startSts(principals, () => clock.now()));
  }

  async close(): Promise<void> {
    await this.sts.close();
    await this.store.close();
  }

  /** A fresh authenticator, which remembers nothing yet. */
  authenticator(more: Partial<IamTokenOptions> = {}): TokenAuthenticator {
    const { clock, store, sts } = this;
    return iamTokens({
      store,
      cluster: "default",
      clusterId,
      region: "eu-west-1",
      clock,
      fetch: sts.fetch,
      adminArns: [deployer.arn],
      nodeRoleArns: [`arn:aws:iam::${account}:role/coracle/Nodes`],
      ...more,
    });
  }

  /** A token as that principal signs it. */
  tokenOf(who: Principal, more: { clusterId?: string; region?: string; endpoint?: string } = {}): Promise<string> {
    return stsTokens({ clusterId, region: "eu-west-1", credentials: who, clock: this.clock, ...more }).token();
  }

  /** A token whose URL has been changed on the way. Throws where nothing was changed. */
  async forged(change: (url: string) => string, who = deployer): Promise<string> {
    const url = Buffer.from((await this.tokenOf(who)).slice("k8s-aws-v1.".length), "base64url").toString();
    const changed = change(url);
    if (changed === url) throw new Error("nothing was changed");
    return `k8s-aws-v1.${Buffer.from(changed).toString("base64url")}`;
  }

  /** Writes an access entry past all validation. */
  async putEntry(name: string, spec: AccessEntry["spec"], creationTimestamp = "2026-01-01T00:00:00Z"): Promise<void> {
    const text = () => JSON.stringify({ metadata: { name, creationTimestamp }, spec });
    const value = { text, labels: {}, fields: {}, owners: [] };
    const old = await this.store.get(collection, name);
    if (old) await this.store.update(collection, name, old.revision, value);
    else await this.store.create(collection, name, value);
  }
}
