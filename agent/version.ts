/** The release of Kubernetes that the agent behaves as. */
export const kubernetesVersion = "v1.36.3";
