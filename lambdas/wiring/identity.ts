/** Whom a cluster believes, and with which key its service accounts' tokens are signed. */
import { createPrivateKey } from "node:crypto";
import type { Clock } from "../../lib/apimachinery/clock.ts";
import { clusterIdOf } from "../../lib/apimachinery/cluster-id.ts";
import { iamTokens } from "../../lib/apiserver/authentication/iam/iam-tokens.ts";
import { localSigner, remoteSigner, type Signer } from "../../lib/apiserver/authentication/signer.ts";
import type { ClusterServerOptions } from "../../lib/apiserver/cluster-server.ts";
import { kmsKey } from "../../lib/aws/kms/key.ts";
import { accessGroup } from "../../lib/openapi/access-group.ts";
import type { Store } from "../../lib/storage/interface.ts";
import { BadEnvironment, type Environment, required } from "./environment.ts";

/** The parts of a cluster's server that identity is made of. */
export type ClusterIdentity = Pick<ClusterServerOptions, "keys" | "staticTokens" | "moreTokens" | "moreGroups">;

/** Which cluster. */
export interface IdentityPlace {
  readonly cluster: string;
  /** Where its callers find it. Their tokens are for this URL, and those that it gives are of it. */
  readonly serverUrl: string;
  readonly store: Store;
  readonly clock: Clock;
}

/** The identity of a cluster. Nothing is asked before it is needed. Throws BadEnvironment. */
export function clusterIdentity(
  environment: Environment,
  { cluster, serverUrl, store, clock }: IdentityPlace,
): ClusterIdentity {
  const { adminArn, adminToken, nodeRoleArns, stsEndpoint } = environment;
  const admin = { username: "admin", uid: "admin", groups: ["system:masters"] };
  const iam = iamTokens({
    store,
    cluster,
    clusterId: clusterIdOf(serverUrl),
    region: required(environment, "region"),
    clock,
    fetch,
    adminArns: adminArn === undefined ? [] : [adminArn],
    nodeRoleArns,
    audiences: [serverUrl],
    ...(stsEndpoint === undefined ? {} : { stsEndpoint }),
  });
  return {
    keys: [signerOf(environment)],
    moreTokens: [iam],
    moreGroups: [accessGroup],
    ...(adminToken === undefined ? {} : { staticTokens: { [adminToken]: admin } }),
  };
}

function signerOf({ signingKeyId, signingKeyPem }: Environment): Signer {
  if (signingKeyPem !== undefined) return localSigner(createPrivateKey(signingKeyPem));
  if (signingKeyId !== undefined) return remoteSigner(kmsKey(signingKeyId));
  throw new BadEnvironment("the environment variable SIGNING_KEY_ID is not set");
}
