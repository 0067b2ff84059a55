import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../../lib/apimachinery/meta.ts";
import { Indexer } from "../../../../lib/client/indexer.ts";

function object(namespace: string, name: string, app: string): KubeObject {
  return { metadata: { name, namespace, uid: name, resourceVersion: "1", creationTimestamp: "", labels: { app } } };
}

const app = ({ metadata }: KubeObject) => Object.values(metadata.labels ?? {});
const names = (objects: KubeObject[]) => objects.map(({ metadata }) => metadata.name).sort();

describe("Indexer", () => {
  it("finds by key, namespace and index, as objects come, change and go", () => {
    const indexer = new Indexer<KubeObject>();
    indexer.set(object("x", "a", "web"));
    indexer.addIndex("app", app);
    indexer.set(object("x", "b", "web"));
    indexer.set(object("y", "c", "db"));
    expect(names(indexer.byIndex("app", "web"))).toEqual(["a", "b"]);
    expect(names(indexer.list("x"))).toEqual(["a", "b"]);
    expect(indexer.set(object("x", "a", "db"))?.metadata.labels).toEqual({ app: "web" });
    expect(names(indexer.byIndex("app", "db"))).toEqual(["a", "c"]);
    expect(indexer.delete("y/c")?.metadata.name).toBe("c");
    expect(indexer.delete("y/c")).toBeUndefined();
    expect(names(indexer.byIndex("app", "db"))).toEqual(["a"]);
    expect(indexer.list("y")).toEqual([]);
    expect(names(indexer.list())).toEqual(["a", "b"]);
  });

  it("knows no index that nobody added", () => {
    expect(() => new Indexer().byIndex("x", "y")).toThrow('no index "x": add it before it is asked');
  });
});
