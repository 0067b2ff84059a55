/** Finds the credentials for an image among pull secrets (upstream: pkg/credentialprovider/keyring.go). */
import type { Secret } from "../../lib/openapi/types/core-v1.ts";
import type { AuthConfig } from "../runtime/cri/messages.ts";
import type { ImageName } from "./image-name.ts";

interface DockerAuth {
  username?: string;
  password?: string;
  auth?: string;
  identitytoken?: string;
  registrytoken?: string;
}

interface Entry {
  readonly host: string;
  readonly path: string;
  readonly auth: AuthConfig;
}

/** The credentials that fit an image, most specific first. Secrets that can't be read count as none. */
export function pullCredentials(image: ImageName, secrets: readonly Secret[]): AuthConfig[] {
  return secrets
    .flatMap(entriesOf)
    .filter(({ host, path }) => hostMatches(host, image.registry) && pathMatches(path, image.repository))
    .sort((a, b) => b.path.length - a.path.length || b.host.length - a.host.length)
    .map(({ auth }) => auth);
}

function entriesOf(secret: Secret): Entry[] {
  const text = secret.data?.[".dockerconfigjson"] ?? secret.data?.[".dockercfg"];
  if (text === undefined) return [];
  try {
    const parsed = JSON.parse(Buffer.from(text, "base64").toString()) as Record<string, unknown>;
    const auths = (secret.data?.[".dockerconfigjson"] === undefined ? parsed : parsed.auths) ?? {};
    return Object.entries(auths as Record<string, DockerAuth>).map(([server, auth]) => entryOf(server, auth));
  } catch {
    return [];
  }
}

function entryOf(server: string, auth: DockerAuth): Entry {
  const bare = server.replace(/^https?:\/\//, "");
  const slash = bare.indexOf("/");
  const host = slash < 0 ? bare : bare.slice(0, slash);
  // Docker's own entry names an API version: it stands for the whole registry.
  const path = slash < 0 ? "" : bare.slice(slash + 1).replace(/^v[12]\/?/, "");
  const [user, ...password] = auth.auth ? Buffer.from(auth.auth, "base64").toString().split(":") : [];
  return {
    host: host === "index.docker.io" ? "docker.io" : host,
    path: path.replace(/\/+$/, ""),
    auth: {
      username: auth.username ?? user ?? "",
      password: auth.password ?? password.join(":").replace(/\0+$/, ""),
      // No serverAddress: containerd reads it as a URL and refuses `HOST:PORT`; a kubelet sends none either.
      ...(auth.identitytoken ? { identityToken: auth.identitytoken } : {}),
      ...(auth.registrytoken ? { registryToken: auth.registrytoken } : {}),
    },
  };
}

/** `*` stands for one label or part of it, as in upstream: `*.example.com`. */
function hostMatches(pattern: string, host: string): boolean {
  const wanted = pattern.split(".");
  const parts = host.split(".");
  if (wanted.length !== parts.length) return false;
  return wanted.every((label, at) => {
    const text = label.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${text.join(".*")}$`).test(parts[at]);
  });
}

function pathMatches(prefix: string, path: string): boolean {
  return prefix === "" || path === prefix || path.startsWith(`${prefix}/`);
}
