import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import { GroupCommit } from "../../../../../lib/storage/sqlite/group-commit.ts";

let db: DatabaseSync;
let said: string[];
let commits: GroupCommit;

beforeEach(() => {
  db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT CHECK (b <> 'bad'))");
  said = [];
  commits = new GroupCommit(db, {
    beforeCommit: () => said.push("before commit"),
    afterCommit: () => said.push("commit"),
    afterRollback: () => said.push("rollback"),
  });
});

function add(name: string, apply: () => void = () => db.prepare("INSERT INTO t (b) VALUES (?)").run(name)): void {
  commits.add({
    apply,
    committed: () => said.push(`${name} committed`),
    failed: (error) => said.push(`${name} failed: ${(error as Error).message}`),
  });
}

const stored = () =>
  db
    .prepare("SELECT b FROM t ORDER BY a")
    .all()
    .map(({ b }) => b);

describe("GroupCommit", () => {
  test("writes of one moment share a transaction; they are told after the commit", async () => {
    add("one");
    add("two");
    expect(said).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(said).toEqual(["before commit", "commit", "one committed", "two committed"]);
    expect(stored()).toEqual(["one", "two"]);
  });

  test("one that fails by its own fault leaves the others alone", () => {
    add("one");
    add("two", () => {
      throw new Error("conflict");
    });
    add("three");
    commits.flush();
    expect(said).toEqual(["before commit", "commit", "one committed", "two failed: conflict", "three committed"]);
    expect(stored()).toEqual(["one", "three"]);
  });

  test("where the transaction fails each is tried by itself", () => {
    add("one");
    add("bad");
    add("three");
    commits.flush();
    expect(said).toEqual([
      "rollback",
      "before commit",
      "commit",
      "one committed",
      "rollback",
      expect.stringMatching(/^bad failed: CHECK constraint failed/),
      "before commit",
      "commit",
      "three committed",
    ]);
    expect(stored()).toEqual(["one", "three"]);
  });

  test("a failed sync or damage: nothing is written any more", () => {
    add("one", () => {
      throw Object.assign(new Error("fsync"), { errcode: 1034 });
    });
    add("two");
    commits.flush();
    add("three");
    commits.flush();
    expect(said).toEqual(["rollback", "one failed: fsync", "two failed: fsync", "three failed: fsync"]);
    expect(stored()).toEqual([]);
  });
});
