/** Image names as the runtime wants them (upstream: distribution/reference, pkg/util/parsers). */

/** The parts of an image's name. */
export interface ImageName {
  /** `docker.io`, `127.0.0.1:5000`. */
  readonly registry: string;
  /** Without registry, tag and digest: `library/busybox`. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

const pathPart = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^[\w][\w.-]{0,127}$/;
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const registryPattern = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/;

/** undefined where the text is no image name. Without tag and digest the tag is `latest`. */
export function parseImageName(text: string): ImageName | undefined {
  const [withTag, digest, ...more] = text.split("@");
  if (more.length > 0 || (digest !== undefined && !digestPattern.test(digest))) return undefined;
  const colon = withTag.lastIndexOf(":");
  const tagged = colon > withTag.lastIndexOf("/");
  const path = tagged ? withTag.slice(0, colon) : withTag;
  const tag = tagged ? withTag.slice(colon + 1) : undefined;
  if (tag !== undefined && !tagPattern.test(tag)) return undefined;
  const slash = path.indexOf("/");
  const head = slash < 0 ? "" : path.slice(0, slash);
  const hasRegistry = head !== "" && (/[.:A-Z[]/.test(head) || head === "localhost");
  const registry = hasRegistry ? head : "docker.io";
  const rest = hasRegistry ? path.slice(slash + 1) : path;
  if (!registryPattern.test(registry) || !rest.split("/").every((part) => pathPart.test(part))) return undefined;
  const official = (registry === "docker.io" || registry === "index.docker.io") && !rest.includes("/");
  return {
    registry: registry === "index.docker.io" ? "docker.io" : registry,
    repository: official ? `library/${rest}` : rest,
    ...(tag === undefined && digest === undefined ? { tag: "latest" } : tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The whole name: `docker.io/library/busybox:1.36`. */
export function imageNameText({ registry, repository, tag, digest }: ImageName): string {
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}
