/** Files of one volume that would overwrite each other (upstream: warningsForOverlappingVirtualPaths). */
import type { Volume, VolumeProjection } from "../../../openapi/types/core-v1.ts";

/** A file, and what it comes from ("": the volume's only source). */
interface File {
  readonly path: string;
  readonly source: string;
}

const quote = (text: string | undefined) => JSON.stringify(text ?? "");
const fileText = ({ path, source }: File) => (source === "" ? quote(path) : `${quote(path)} (${source})`);
const filesOf = (items: readonly { path?: string }[] | undefined, source: string): File[] =>
  (items ?? []).map(({ path = "" }) => ({ path, source }));

function overlaps(files: readonly File[]): string[] {
  const seen: File[] = [];
  return files.flatMap(({ path, source }) => {
    const file = { path: path.replace(/\/+$/, ""), source };
    const clashes = seen.filter((other) => {
      if (file.path === "" || other.path === "") return false;
      return `${other.path}/`.startsWith(`${file.path}/`) || `${file.path}/`.startsWith(`${other.path}/`);
    });
    seen.push(file);
    return clashes.map((other) => `${fileText(file)} with ${fileText(other)}`);
  });
}

function projectedFiles(source: VolumeProjection): File[] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source;
  if (configMap?.items) return filesOf(configMap.items, `ConfigMap ${quote(configMap.name)}`);
  if (secret?.items) return filesOf(secret.items, `Secret ${quote(secret.name)}`);
  if (downwardAPI?.items) return filesOf(downwardAPI.items, "DownwardAPI");
  if (serviceAccountToken) return filesOf([serviceAccountToken], "ServiceAccountToken");
  if (clusterTrustBundle) {
    const name = clusterTrustBundle.name ?? clusterTrustBundle.signerName;
    return filesOf([clusterTrustBundle], `ClusterTrustBundle ${quote(name)}`);
  }
  if (!podCertificate) return [];
  const { certificateChainPath, keyPath, credentialBundlePath } = podCertificate;
  const files = [
    { path: certificateChainPath ?? "", source: "PodCertificate chain" },
    { path: keyPath ?? "", source: "PodCertificate key" },
    { path: credentialBundlePath ?? "", source: "PodCertificate credential bundle" },
  ];
  return files.filter(({ path }) => path !== "");
}

function volumeWarnings({ name, configMap, secret, downwardAPI, projected }: Volume): string[] {
  const warnings: string[] = [];
  const warn = (what: string, files: readonly File[]) => {
    const head = `volume ${quote(name)} (${what}): overlapping paths:`;
    warnings.push(...overlaps(files).map((text) => `${head} ${text}`));
  };
  if (configMap) warn(`ConfigMap ${quote(configMap.name)}`, filesOf(configMap.items, ""));
  if (secret) warn(`Secret ${quote(secret.secretName)}`, filesOf(secret.items, ""));
  if (downwardAPI) warn("DownwardAPI", filesOf(downwardAPI.items, ""));
  const sources = projected?.sources ?? [];
  for (const source of sources) {
    if (Object.keys(source).length === 0) warnings.push(`volume ${quote(name)} (Projected) has no sources provided`);
  }
  warn("Projected", sources.flatMap(projectedFiles));
  return warnings;
}

/** One warning for each pair of files. */
export const overlappingPathWarnings = (volumes: readonly Volume[] | undefined): string[] =>
  (volumes ?? []).flatMap(volumeWarnings);
