/** Whom a cluster believes, and with which key its service accounts' tokens are signed. */
import { createPrivateKey } from "node:crypto";
import type { Clock } from "../../lib/apimachinery/clock.ts";
import { clusterIdOf } from "../../lib/apimachinery/cluster-id.ts";
import { iamTokens } from "../../lib/apiserver/authentication/iam/iam-tokens.ts";
import { localSigner, type RemoteKey, remoteSigner, type Signer } from "../../lib/apiserver/authentication/signer.ts";
import type { ClusterServerOptions } from "../../lib/apiserver/cluster-server.ts";
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

/**
 * The identity of a cluster. Every function in AWS serves access entries, those that are told of an admin or of nodes
 * know IAM's principals by them. Nothing is asked before it is needed. Throws BadEnvironment.
 */
export function clusterIdentity(environment: Environment, place: IdentityPlace): ClusterIdentity {
  const { adminArn, adminToken, nodeRoleArns, region } = environment;
  const knowsPrincipals = adminArn !== undefined || nodeRoleArns.length > 0;
  const admin = { username: "admin", uid: "admin", groups: ["system:masters"] };
  return {
    keys: [signerOf(environment)],
    ...(region === undefined ? {} : { moreGroups: [accessGroup] }),
    ...(knowsPrincipals ? { moreTokens: [iamOf(environment, place)] } : {}),
    ...(adminToken === undefined ? {} : { staticTokens: { [adminToken]: admin } }),
  };
}

function iamOf(environment: Environment, { cluster, serverUrl, store, clock }: IdentityPlace) {
  const { adminArn, nodeRoleArns, stsEndpoint } = environment;
  return iamTokens({
    store,
    cluster,
    clusterId: clusterIdOf(serverUrl),
    region: required(environment, "region"),
    clock,
    fetch,
    adminArns: adminArn === undefined ? [] : [adminArn],
    nodeRoleArns,
    ...(stsEndpoint === undefined ? {} : { stsEndpoint }),
  });
}

function signerOf({ signingKeyId, signingKeyPem }: Environment): Signer {
  if (signingKeyPem !== undefined) return localSigner(createPrivateKey(signingKeyPem));
  if (signingKeyId !== undefined) return remoteSigner(lateKmsKey(signingKeyId));
  throw new BadEnvironment("the environment variable SIGNING_KEY_ID is not set");
}

/** The key in KMS; its client is not loaded before it is asked, as most invocations never do. */
function lateKmsKey(keyId: string): RemoteKey {
  let loading: Promise<RemoteKey> | undefined;
  const key = () => {
    loading ??= import("../../lib/aws/kms/key.ts").then(({ kmsKey }) => kmsKey(keyId));
    return loading;
  };
  return {
    publicKey: async () => (await key()).publicKey(),
    signDigest: async (digest) => (await key()).signDigest(digest),
  };
}
