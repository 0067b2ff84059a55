/** What `coracle up` is asked for. */
export interface UpOptions {
  readonly dataDir: string;
  /** 0: any free port. */
  readonly port: number;
  /** Absent: `kubeconfig` in the data folder. */
  readonly kubeconfig?: string;
  readonly store: "sqlite" | "dynamodb";
  /** DynamoDB's. */
  readonly table: string;
  readonly endpoint?: string;
  readonly node: "required" | "none" | "if possible";
  readonly simulateNodes: number;
  /** As kube-controller-manager's --controllers. */
  readonly controllers: readonly string[];
}
