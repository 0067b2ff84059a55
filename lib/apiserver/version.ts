/** The version that /version and clients' checks see: the Kubernetes release whose API is served. */
export const kubernetesVersion = "v1.36.3";

/** /version. */
export const versionInfo: Readonly<Record<string, string>> = {
  major: "1",
  minor: "36",
  emulationMajor: "1",
  emulationMinor: "36",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "35",
  gitVersion: kubernetesVersion,
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "go1.26",
  compiler: "gc",
  platform: "linux/amd64",
};
