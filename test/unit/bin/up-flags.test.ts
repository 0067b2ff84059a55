import { describe, expect, test } from "vitest";
import { flagsHelp } from "../../../bin/flags.ts";
import { parseUp, upFlags } from "../../../bin/up-flags.ts";
import type { UserError } from "../../../lib/local/user-error.ts";

test("defaults", () => {
  expect(parseUp([])).toMatchObject({
    dataDir: ".coracle",
    port: 6443,
    store: "sqlite",
    node: "if possible",
    simulateNodes: 0,
    controllers: ["*"],
  });
});

test("both spellings of a value", () => {
  expect(parseUp(["--port=0", "--data-dir", "x", "--controllers=-*", "--no-node"])).toMatchObject({
    port: 0,
    dataDir: "x",
    controllers: ["-*"],
    node: "none",
  });
});

describe("errors say what is wrong and what to type", () => {
  const cases: [string[], string, string][] = [
    [["--prot", "1"], "unknown flag --prot", "did you mean --port?"],
    [["--frobnicate"], "unknown flag --frobnicate", "type: coracle up --help"],
    [["--port", "x"], '--port "x": must be a whole number from 0 to 65535', "type: coracle up --port PORT"],
    [["--port"], "--port needs a value", "type: coracle up --port PORT"],
    [["--data-dir", "--port"], "--data-dir needs a value", "type: coracle up --data-dir DIR"],
    [["--node=yes"], "--node takes no value", "type: coracle up --node"],
    [["--node", "--no-node"], "--node and --no-node exclude each other", "leave one of them out"],
    [["--port", "1", "--port", "2"], "--port is given twice", "type: coracle up --help"],
    [["--store", "etcd"], '--store "etcd": must be sqlite or dynamodb', "type: coracle up --store sqlite|dynamodb"],
    [["--table", "t"], "--table needs the DynamoDB store", "type: coracle up --store dynamodb --table ..."],
    [
      ["--store", "dynamodb", "--endpoint", "x"],
      '--endpoint "x": must be a URL such as http://127.0.0.1:8000',
      "type: coracle up --endpoint URL",
    ],
    [["x"], 'unexpected argument "x"', "type: coracle up --help"],
  ];
  test.each(cases)("%j", (args, message, advice) => {
    let error: UserError | undefined;
    try {
      parseUp(args);
    } catch (caught) {
      error = caught as UserError;
    }
    expect([error?.message, error?.advice]).toEqual([message, advice]);
  });
});

test("the help names every flag", () => {
  for (const { name } of upFlags) expect(flagsHelp(upFlags)).toContain(`--${name}`);
});
