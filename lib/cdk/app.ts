/** The CDK app: `npx cdk deploy --all` runs this file. */
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { addDeployment } from "./deployment.ts";

const app = new App();
const { workers } = addDeployment(app);
// An emulator, which has no workers, lacks what some rules want.
if (workers) Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
