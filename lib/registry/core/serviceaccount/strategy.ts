/** ServiceAccounts (upstream: pkg/registry/core/serviceaccount). */
import type { ServiceAccount } from "../../../openapi/types/core-v1.ts";
import { ageCell } from "../../printers/cells.ts";
import type { Strategy } from "../../strategy.ts";
import { tokenSubresource } from "./token.ts";

const enforceMountable = "kubernetes.io/enforce-mountable-secrets";

/** Of a reference to a Secret the name alone counts: it is one of the same namespace. */
function cleanSecrets(account: ServiceAccount): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }));
}

const warning = `metadata.annotations[${enforceMountable}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`;

const enforces = ({ metadata }: ServiceAccount) => metadata.annotations?.[enforceMountable] !== undefined;

/** serviceaccounts */
export const serviceAccountStrategy: Strategy<ServiceAccount> = {
  returnsDeleted: true,
  prepareForCreate: cleanSecrets,
  prepareForUpdate: cleanSecrets,
  warningsOnCreate: (account) => (enforces(account) ? [warning] : []),
  warningsOnUpdate: (account, old) => (enforces(account) && !enforces(old) ? [warning] : []),
  cells: ({ metadata }, { now }) => [metadata.name, ageCell(metadata.creationTimestamp, now)],
  createSubresources: { token: tokenSubresource },
};
