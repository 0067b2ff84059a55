/** Reads kubeconfig files (upstream: client-go/tools/clientcmd). */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";

/** Where a server is and who calls it. Certificates and keys are PEM. */
export interface ClientConfig {
  /** `https://host:port`, with a path prefix where there is one. */
  readonly server: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  /** Takes any server certificate. Only a kubeconfig that says so sets it. */
  readonly insecureSkipTlsVerify?: boolean;
  /** The name that the server's certificate is checked for, where it is not the host of `server`. */
  readonly tlsServerName?: string;
}

interface KubeconfigFile {
  "current-context"?: string;
  contexts?: { name: string; context: { cluster: string; user: string; namespace?: string } }[];
  clusters?: { name: string; cluster: Record<string, string | boolean | undefined> }[];
  users?: { name: string; user: Record<string, string | object | undefined> }[];
}

/**
 * The config of a context (the current one where none is named). Throws an Error that says what is wrong with the file.
 */
export function readKubeconfig(path: string, context?: string): ClientConfig {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`cannot read the kubeconfig ${path}: ${(error as Error).message}`);
  }
  return parseKubeconfig(text, path, context);
}

/** As readKubeconfig, of a text; `path` names it in errors and is what relative file names are relative to. */
export function parseKubeconfig(text: string, path: string, context?: string): ClientConfig {
  const wrong = (what: string) => new Error(`the kubeconfig ${path} ${what}`);
  let file: KubeconfigFile | null;
  try {
    file = parse(text) as KubeconfigFile | null;
  } catch (error) {
    throw wrong(`is no YAML: ${(error as Error).message}`);
  }
  const name = context ?? file?.["current-context"];
  if (!name) throw wrong("has no current-context");
  const chosen = file?.contexts?.find((entry) => entry.name === name)?.context;
  if (!chosen) throw wrong(`has no context "${name}"`);
  const cluster = file?.clusters?.find((entry) => entry.name === chosen.cluster)?.cluster;
  if (!cluster) throw wrong(`has no cluster "${chosen.cluster}"`);
  const user = file?.users?.find((entry) => entry.name === chosen.user)?.user ?? {};
  if (typeof cluster.server !== "string") throw wrong(`has no server for the cluster "${chosen.cluster}"`);
  if (user.exec || user["auth-provider"])
    throw wrong(`has credentials of a kind that is not supported (exec, auth-provider): give "${chosen.user}" a token`);
  const pem = (entry: Readonly<Record<string, unknown>>, field: string): string | undefined => {
    const data = entry[`${field}-data`];
    if (typeof data === "string" && data !== "") return Buffer.from(data, "base64").toString("utf8");
    const file = entry[field];
    return typeof file === "string" && file !== "" ? readFileSync(resolve(dirname(path), file), "utf8") : undefined;
  };
  const config: Record<string, unknown> = {
    server: cluster.server,
    ca: pem(cluster, "certificate-authority"),
    cert: pem(user, "client-certificate"),
    key: pem(user, "client-key"),
    token: user.token || undefined,
    tokenFile: typeof user.tokenFile === "string" ? resolve(dirname(path), user.tokenFile) : undefined,
    insecureSkipTlsVerify: cluster["insecure-skip-tls-verify"] === true || undefined,
    tlsServerName: cluster["tls-server-name"] || undefined,
  };
  for (const key of Object.keys(config)) if (config[key] === undefined) delete config[key];
  return config as unknown as ClientConfig;
}
