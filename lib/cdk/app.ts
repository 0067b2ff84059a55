/** The CDK app: `npx cdk deploy --all` runs this file. */
import { App } from "aws-cdk-lib";
import { addDeployment } from "./deployment.ts";

addDeployment(new App());
