/** Whom a cluster believes, and with which key its service accounts' tokens are signed. */
import { createPrivateKey } from "node:crypto";
import { localSigner } from "../../lib/apiserver/authentication/signer.ts";
import type { ClusterServerOptions } from "../../lib/apiserver/cluster-server.ts";
import { BadEnvironment, type Environment } from "./environment.ts";

/** The parts of a cluster's server that identity is made of. */
export type ClusterIdentity = Pick<ClusterServerOptions, "keys" | "staticTokens" | "moreTokens" | "moreGroups">;

/** Throws BadEnvironment where there is no key. */
export function clusterIdentity(environment: Environment, _cluster: string): ClusterIdentity {
  const { signingKeyPem, adminToken } = environment;
  if (signingKeyPem === undefined) throw new BadEnvironment("the environment variable SIGNING_KEY_PEM is not set");
  const admin = { username: "admin", uid: "admin", groups: ["system:masters"] };
  return {
    keys: [localSigner(createPrivateKey(signingKeyPem))],
    ...(adminToken === undefined ? {} : { staticTokens: { [adminToken]: admin } }),
  };
}
