/**
 * DynamoDB Local for tests and benchmarks: fetched from Maven Central once (Debian packages: maven,
 * default-jre-headless), kept under node_modules/.cache, started in memory on a free port.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

const version = "3.3.1";
const mainClass = "software.amazon.dynamodb.services.local.main.ServerRunner";
const cache = join(import.meta.dirname, "../../node_modules/.cache");
const folder = join(cache, `dynamodb-local-${version}`);

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>coracle.test</groupId>
  <artifactId>dynamodb-local</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>software.amazon.dynamodb</groupId>
      <artifactId>DynamoDBLocal</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`;

/** A running DynamoDB Local. */
export interface DynamoDBLocal {
  /** What an SDK client needs to reach it. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  stop(): Promise<void>;
}

/** Fetches DynamoDB Local unless it is there. Throws an error that says what to install. */
export function installDynamoDBLocal(): string {
  if (existsSync(folder)) return folder;
  console.error(`fetching DynamoDB Local ${version} from Maven Central (50 MB, once)`);
  mkdirSync(cache, { recursive: true });
  // Into a folder of its own, then renamed: several test files may come here at once.
  const work = mkdtempSync(join(cache, "dynamodb-local-"));
  try {
    writeFileSync(join(work, "pom.xml"), pom);
    const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";
    const args = ["-q", "-B", goal, `-DoutputDirectory=${join(work, "lib")}`, "-DincludeScope=runtime"];
    const { status, error, stderr, stdout } = spawnSync("mvn", args, { cwd: work, encoding: "utf8" });
    if (error !== undefined)
      throw new Error(`mvn is needed: apt-get install maven default-jre-headless (${error.message})`);
    if (status !== 0) throw new Error(`mvn could not fetch DynamoDB Local ${version}: ${stdout}${stderr}`);
    if (!existsSync(folder)) renameSync(join(work, "lib"), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** Starts it and waits until it answers. */
export async function startDynamoDBLocal(): Promise<DynamoDBLocal> {
  const libraries = installDynamoDBLocal();
  const port = await freePort();
  // It leaves a library there each time it starts.
  const temporary = mkdtempSync(join(tmpdir(), "coracle-dynamodb-"));
  const args = [
    // It lives for minutes: the second compiler and threads of the collector would take more time than they give.
    ...["-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"],
    `-Djava.library.path=${libraries}`,
    `-Djava.io.tmpdir=${temporary}`,
    "-cp",
    join(libraries, "*"),
    mainClass,
    ...["-inMemory", "-disableTelemetry", "-port", String(port)],
  ];
  const child = spawn("java", args, { stdio: ["ignore", "ignore", "pipe"] });
  child.once("exit", () => rmSync(temporary, { recursive: true, force: true }));
  let errors = "";
  child.stderr.on("data", (data) => {
    errors += data;
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await answers(endpoint, child, () => errors);
  return {
    client: { endpoint, region: "local", credentials: { accessKeyId: "local", secretAccessKey: "local" } },
    stop: () => stop(child),
  };
}

async function answers(endpoint: string, child: ChildProcess, errors: () => string): Promise<void> {
  let failure: Error | undefined;
  child.once("error", (error) => {
    failure = new Error(`java is needed: apt-get install default-jre-headless (${error.message})`);
  });
  child.once("exit", (code) => {
    failure ??= new Error(`DynamoDB Local ended with code ${code}: ${errors()}`);
  });
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    if (failure !== undefined) throw failure;
    const response = await fetch(endpoint).catch(() => undefined);
    if (response !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop(child);
  throw new Error(`DynamoDB Local does not answer within a minute: ${errors()}`);
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
