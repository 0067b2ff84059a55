/** All stacks of a deployment. */
import { type App, Tags } from "aws-cdk-lib";
import { ControlPlaneStack } from "./control-plane-stack.ts";
import { deploymentOptions } from "./options.ts";
import { StateStack } from "./state-stack.ts";
import { WorkerStack } from "./worker-stack.ts";

/** The stacks. */
export interface Deployment {
  readonly state: StateStack;
  readonly controlPlane: ControlPlaneStack;
  /** Undefined in an emulator: it has no machines. */
  readonly workers?: WorkerStack;
}

/** Adds the stacks to an app as its context says. Throws OptionError. */
export function addDeployment(app: App): Deployment {
  const options = deploymentOptions(app.node);
  const state = new StateStack(app, `${options.name}State`, {
    options,
    description: "Coracle: the state of its clusters",
    terminationProtection: options.emulator === undefined,
  });
  const controlPlane = new ControlPlaneStack(app, `${options.name}ControlPlane`, {
    options,
    state,
    description: "Coracle: the control plane",
  });
  const workers = options.emulator
    ? undefined
    : new WorkerStack(app, `${options.name}Workers`, {
        options,
        controlPlane,
        description: "Coracle: a worker group",
      });
  Tags.of(app).add("application", options.name);
  return { state, controlPlane, workers };
}
