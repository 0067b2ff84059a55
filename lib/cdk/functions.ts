/** The functions: what each is given, what wakes it and what it may. */
import { Duration } from "aws-cdk-lib";
import { Architecture } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import { arnPrefix, ClusterFunction, type ClusterFunctionProps } from "./cluster-function.ts";
import { wakeByLog, wakeByQueue } from "./event-sources.ts";
import type { DeploymentOptions } from "./options.ts";
import { type Queues, timeouts } from "./queues.ts";
import type { StateStack } from "./state-stack.ts";
import { wakeByMinute } from "./tick.ts";
import type { WorkQueue } from "./work-queue.ts";

/** What the functions share. */
export interface FunctionsProps {
  readonly options: DeploymentOptions;
  readonly state: StateStack;
  readonly queues: Queues;
  /** Variables of all functions. */
  readonly environment: Readonly<Record<string, string>>;
  readonly adminArn: string;
  readonly nodeRoleArn: string;
  /** What the names of the nodes' inboxes begin with. */
  readonly inboxPrefix: string;
}

/** The API core reads both. */
const coreData = ["facts", "objects"] as const;
/** Who makes and removes nodes' inboxes. */
const inboxActions = ["CreateQueue", "DeleteQueue", "GetQueueUrl", "SetQueueAttributes"];

/** One construct a function. */
export class Functions extends Construct {
  readonly api: ClusterFunction;
  readonly dispatch: ClusterFunction;
  readonly scheduler: ClusterFunction;
  readonly controllers: ClusterFunction;
  readonly nodeReports: ClusterFunction;
  readonly tick: ClusterFunction;
  private readonly props: FunctionsProps;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    this.props = props;
    this.api = this.makeApi();
    this.dispatch = this.makeDispatch();
    this.scheduler = this.makeScheduler();
    this.controllers = this.makeControllers();
    this.nodeReports = this.makeNodeReports();
    this.tick = this.makeTick();
  }

  /** Every one. */
  get all(): readonly ClusterFunction[] {
    return [this.api, this.dispatch, this.scheduler, this.controllers, this.nodeReports, this.tick];
  }

  private makeApi(): ClusterFunction {
    const { state, adminArn, nodeRoleArn } = this.props;
    const api = this.add("Api", {
      entry: "lambdas/api.ts",
      description: "Coracle: the Kubernetes API server",
      data: [...coreData, "descriptions"],
      memoryMiB: 512,
      timeout: Duration.minutes(15),
      environment: { ADMIN_ARN: adminArn, NODE_ROLE_ARN: nodeRoleArn },
    });
    if (state.signingKey) api.allow(["kms:GetPublicKey", "kms:Sign"], [state.signingKey.keyArn]);
    return api;
  }

  private makeDispatch(): ClusterFunction {
    const { queues, state, inboxPrefix } = this.props;
    const dispatch = this.add("Dispatch", {
      entry: "lambdas/dispatch.ts",
      description: "Coracle: changes become work for the scheduler and the controllers, and nudges for the nodes",
      data: coreData,
      memoryMiB: 512,
      timeout: timeouts.dispatch,
      environment: { INBOX_PREFIX: inboxPrefix },
    });
    wakeByLog(dispatch, state.table, queues.failures);
    wakeByQueue(dispatch, queues.delays, { maxConcurrency: 5 });
    // What can't be read at all is set aside at once, so that nothing waits behind it.
    dispatch.sends(queues.failures, "FAILURES_QUEUE_URL");
    this.wakesLoops(dispatch);
    this.nudges(dispatch);
    return dispatch;
  }

  private makeScheduler(): ClusterFunction {
    const { queues, inboxPrefix } = this.props;
    const scheduler = this.add("Scheduler", {
      entry: "lambdas/scheduler.ts",
      description: "Coracle: the scheduler, all pending pods of a cluster a run",
      data: coreData,
      memoryMiB: 512,
      timeout: timeouts.scheduler,
      environment: { INBOX_PREFIX: inboxPrefix },
    });
    wakeByQueue(scheduler, queues.scheduler);
    this.setsAside(scheduler, queues.scheduler);
    this.wakesLoops(scheduler);
    // A node hears at once of a pod that is bound to it.
    this.nudges(scheduler);
    return scheduler;
  }

  private makeControllers(): ClusterFunction {
    const { queues, inboxPrefix, nodeRoleArn } = this.props;
    const controllers = this.add("Controllers", {
      entry: "lambdas/controllers.ts",
      description: "Coracle: the controllers, one run a key",
      data: coreData,
      memoryMiB: 512,
      timeout: timeouts.controllers,
      environment: { INBOX_PREFIX: inboxPrefix, NODE_ROLE_ARN: nodeRoleArn },
    });
    wakeByQueue(controllers, queues.controllers, { maxConcurrency: 10 });
    this.setsAside(controllers, queues.controllers);
    this.wakesLoops(controllers);
    this.keepsInboxes(controllers);
    return controllers;
  }

  private makeNodeReports(): ClusterFunction {
    const { queues, nodeRoleArn } = this.props;
    const reports = this.add("NodeReports", {
      entry: "lambdas/node-reports.ts",
      description: "Coracle: what the nodes report, heartbeats and the states of pods",
      data: coreData,
      memoryMiB: 512,
      timeout: timeouts.nodeReports,
      environment: { NODE_ROLE_ARN: nodeRoleArn },
    });
    wakeByQueue(reports, queues.reports, { maxConcurrency: 10 });
    return reports;
  }

  private makeTick(): ClusterFunction {
    const { queues, inboxPrefix } = this.props;
    const tick = this.add("Tick", {
      entry: "lambdas/tick.ts",
      description: "Coracle: each minute, what no event tells: silent nodes, due times, lost wake-ups",
      data: coreData,
      memoryMiB: 512,
      timeout: Duration.seconds(50),
      environment: { INBOX_PREFIX: inboxPrefix },
    });
    wakeByMinute(tick, queues.ticks);
    this.wakesLoops(tick);
    return tick;
  }

  private add(id: string, props: ClusterFunctionProps): ClusterFunction {
    const { options, environment, state } = this.props;
    const signingKey: Record<string, string> = state.signingKey ? { SIGNING_KEY_ID: state.signingKey.keyArn } : {};
    const made = new ClusterFunction(this, id, {
      ...props,
      environment: { ...environment, ...signingKey, ...props.environment, ...options.emulator?.environment },
      architecture: options.emulator ? hostArchitecture() : Architecture.ARM_64,
    });
    made.usesTable(state.table);
    return made;
  }

  /** Lets it make dead letters of what it can't read of its queue, so that nothing waits until tries are used up. */
  private setsAside(worker: ClusterFunction, { deadLetters }: WorkQueue): void {
    worker.sends(deadLetters, "DEAD_LETTERS_QUEUE_URL");
  }

  /** Lets a function send work to the scheduler and the controllers, now or later. */
  private wakesLoops(sender: ClusterFunction): void {
    const { controllers, scheduler, delays } = this.props.queues;
    sender.sends(controllers.queue, "CONTROLLERS_QUEUE_URL");
    sender.sends(scheduler.queue, "SCHEDULER_QUEUE_URL");
    sender.sends(delays.queue, "DELAYS_QUEUE_URL");
  }

  private get inboxes(): string {
    return `${arnPrefix(this, "sqs")}:${this.props.inboxPrefix}*`;
  }

  private nudges(sender: ClusterFunction): void {
    sender.allow(["sqs:SendMessage"], [this.inboxes]);
    this.acknowledgeInboxes(sender);
  }

  private keepsInboxes(keeper: ClusterFunction): void {
    keeper.allow(
      inboxActions.map((action) => `sqs:${action}`),
      [this.inboxes],
    );
    keeper.allow(["sqs:ListQueues"], ["*"]);
    this.acknowledgeInboxes(keeper);
    acknowledge(keeper, { "AwsSolutions-IAM5[Resource::*]": "sqs:ListQueues can be granted for no single queue." });
  }

  private acknowledgeInboxes(holder: ClusterFunction): void {
    const finding = `arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:${this.props.inboxPrefix}*`;
    acknowledge(holder, {
      [`AwsSolutions-IAM5[Resource::${finding}]`]:
        "Nodes come and go, and their inboxes, all under this prefix, with them.",
    });
  }
}

const hostArchitecture = () => (process.arch === "arm64" ? Architecture.ARM_64 : Architecture.X86_64);
