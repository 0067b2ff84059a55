/**
 * LocalStack without Docker: the package from PyPI in an environment of its own, this folder's plugin that runs functions
 * as processes, AWS' Node.js runtime client from npm, DynamoDB Local from Maven Central. Once, into a cache folder.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { installDynamoDBLocal } from "../support/dynamodb-local.ts";

const executor = join(import.meta.dirname, "executor");
const runtimeClient = "aws-lambda-ric@4.0.2";
/** LocalStack's newest for each Python that this machine may have, the better first. */
const releases = [
  { python: "3.13", version: "2026.3.0" },
  { python: "3.11", version: "4.9.2" },
] as const;
/** Newer ones of the first three break it; the last is one that it needs and does not declare. */
const pins = ["cbor2<5.9", "pyopenssl<26", "cryptography<47", "service-identity"];

/** Where everything is. */
export interface Installation {
  readonly folder: string;
  readonly python: string;
  /** index.mjs of AWS' runtime client. */
  readonly runtimeClient: string;
  /** The folder of DynamoDB Local's jars. */
  readonly jars: string;
}

/** The folder that is kept between runs: `coracle/localstack` in the user's cache. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "coracle/localstack");
}

/** Installs what is missing and says so line by line. Throws an Error that says what the machine lacks. */
export function installLocalStack(): Installation {
  const folder = cacheFolder();
  const installation = {
    folder,
    python: join(folder, "python/bin/python"),
    runtimeClient: join(folder, "runtime/node_modules/aws-lambda-ric/index.mjs"),
    jars: installDynamoDBLocal(),
  };
  const { python, release, version } = findPython() ?? debianPython();
  const wanted = createHash("sha256").update(`${version} ${runtimeClient} ${pins}`);
  for (const file of globSync("**/*.{py,cjs,toml}", { cwd: executor }).sort()) {
    wanted.update(file).update(readFileSync(join(executor, file)));
  }
  const stamp = wanted.digest("hex");
  const stampFile = join(folder, "installed");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return installation;
  rmSync(stampFile, { force: true });
  mkdirSync(join(folder, "runtime"), { recursive: true });
  console.log(`installing LocalStack ${version} into ${folder} (some 400 MB, once)`);
  // Anew where it was broken off half-way, or was made with another Python.
  const same = `import pip, sys; assert "%d.%d" % sys.version_info[:2] == "${release}"`;
  const { status } = spawnSync(installation.python, ["-c", same], { stdio: "ignore" });
  if (status !== 0) run(python, ["-m", "venv", "--clear", join(folder, "python")], folder);
  const pip = ["-m", "pip", "--disable-pip-version-check", "install", "--progress-bar=off"];
  run(installation.python, [...pip, `localstack-core[runtime]==${version}`, ...pins], folder);
  run(installation.python, [...pip, "--force-reinstall", "--no-deps", executor], folder);
  rmSync(join(executor, "build"), { recursive: true, force: true });
  rmSync(join(executor, "coracle_localstack.egg-info"), { recursive: true, force: true });
  writeFileSync(join(folder, "runtime/package.json"), JSON.stringify({ private: true }));
  // Its compiled half is not built: executor/coracle_localstack/rapid-client.cjs is in its place.
  run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", runtimeClient], join(folder, "runtime"));
  writeFileSync(stampFile, stamp);
  return installation;
}

interface Python {
  readonly python: string;
  /** `3.13` */
  readonly release: string;
  /** Of LocalStack. */
  readonly version: string;
}

/** A Python that a release of LocalStack runs on: on the path, or one that pyenv has. */
function findPython(): Python | undefined {
  const versions = join(process.env.PYENV_ROOT || join(homedir(), ".pyenv"), "versions");
  for (const { python, version } of releases) {
    const installed = globSync(`${python}*/bin/python${python}`, { cwd: versions }).map((file) => join(versions, file));
    for (const command of [`python${python}`, ...installed]) {
      // The three modules are those that a Python built without its libraries lacks.
      const { status } = spawnSync(command, ["-c", "import ssl, sqlite3, venv, ensurepip"], { stdio: "ignore" });
      if (status === 0) return { python: command, release: python, version };
    }
  }
  return undefined;
}

/** Debian's own, as root. */
function debianPython(): Python {
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    run("apt-get", ["update", "-q"], "/");
    run("apt-get", ["install", "-q", "-y", "--no-install-recommends", "python3-venv"], "/");
  }
  const found = findPython();
  if (found === undefined) throw new Error("LocalStack needs Python 3.13 or 3.11 with venv, and there is none");
  return found;
}

function run(command: string, args: readonly string[], cwd: string): void {
  console.log(`$ ${command} ${args.join(" ")}`);
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${error?.message ?? `exit status ${status}`}`);
}
