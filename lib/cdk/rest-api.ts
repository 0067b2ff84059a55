/** The way in: a regional REST API that hands every request to the function and sends its answer as it is made. */
import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import {
  AccessLogField,
  AccessLogFormat,
  AuthorizationType,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  ResponseTransferMode,
  RestApi,
} from "aws-cdk-lib/aws-apigateway";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import type { DeploymentOptions } from "./options.ts";

/** As long as API Gateway lets a streamed answer take; a buffered one gets half a minute. */
export const streamTimeout = Duration.minutes(15);
const bufferedTimeout = Duration.seconds(29);

const stageName = "prod";

/** The account's own quota is 10,000 a second for all its APIs: one deployment should not use it up. */
const throttling = { throttlingRateLimit: 2_000, throttlingBurstLimit: 1_000 };

/**
 * Two steps, since the function has to know the URL and the API the function: make it, then `serve`.
 */
export class ClusterApi extends Construct {
  readonly api: RestApi;
  /** Without a slash at its end. */
  readonly url: string;
  private readonly options: DeploymentOptions;

  constructor(scope: Construct, id: string, options: DeploymentOptions) {
    super(scope, id);
    this.options = options;
    const { emulator } = options;
    this.api = new RestApi(this, "Api", {
      // Metrics are told apart by this name alone: two deployments of one name would count as one.
      restApiName: options.name,
      description: "The Kubernetes API of Coracle",
      endpointTypes: [EndpointType.REGIONAL],
      // Bodies are the function's affair: protobuf must come through unchanged. LocalStack takes no star for a type.
      binaryMediaTypes: emulator ? ["application/*", "text/*"] : ["*/*"],
      ...(emulator ? {} : { cloudWatchRole: true, cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN }),
      deployOptions: { stageName, ...throttling, ...(emulator ? {} : this.accessLog()) },
    });
    const { region, urlSuffix } = Stack.of(this);
    const { restApiId } = this.api;
    this.url = emulator
      ? `${emulator.endpoint}/_aws/execute-api/${restApiId}/${stageName}`
      : `https://${restApiId}.execute-api.${region}.${urlSuffix}/${stageName}`;
    // The construct's own output is the same URL under a generated name.
    this.api.node.tryRemoveChild("Endpoint");
    acknowledge(this, reasons);
  }

  /** Hands every path and method to the function. */
  serve(handler: IFunction): void {
    const { responseTransferMode } = this.options;
    const streams = responseTransferMode === ResponseTransferMode.STREAM;
    const integration = new LambdaIntegration(handler, {
      responseTransferMode,
      timeout: streams ? streamTimeout : bufferedTimeout,
      allowTestInvoke: false,
    });
    const method = { authorizationType: AuthorizationType.NONE };
    this.api.root.addMethod("ANY", integration, method);
    this.api.root.addResource("{proxy+}").addMethod("ANY", integration, method);
  }

  private accessLog() {
    const group = new LogGroup(this, "AccessLog", {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // No header and no query: tokens and selectors stay out of logs.
    const format = AccessLogFormat.custom(
      JSON.stringify({
        requestId: AccessLogField.contextRequestId(),
        time: AccessLogField.contextRequestTimeEpoch(),
        ip: AccessLogField.contextIdentitySourceIp(),
        method: AccessLogField.contextHttpMethod(),
        path: AccessLogField.contextPath(),
        status: AccessLogField.contextStatus(),
        responseLength: AccessLogField.contextResponseLength(),
        latency: AccessLogField.contextResponseLatency(),
        integrationError: AccessLogField.contextIntegrationErrorMessage(),
      }),
    );
    return { accessLogDestination: new LogGroupLogDestination(group), accessLogFormat: format };
  }
}

const reasons = {
  "AwsSolutions-APIG2": "The API server validates requests, by Kubernetes' own schemas and with its messages.",
  "AwsSolutions-APIG3":
    "A web ACL costs 5 USD a month without a single request; who wants one associates it with the stage.",
  "AwsSolutions-APIG4": "The API server authenticates: IAM tokens and service accounts' tokens, as clusters do.",
  "AwsSolutions-COG4": "Kubernetes' clients have no Cognito users; the API server authenticates.",
  "AwsSolutions-APIG6":
    "Execution logs would hold headers, and so tokens; the access log and the function's own tell enough.",
  "Serverless-APIGWXrayEnabled": "X-Ray bills each traced request; the access log has latency and errors.",
  "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]":
    "API Gateway's own managed policy for its account-wide log role: it may write logs, and nothing else is granted.",
};
