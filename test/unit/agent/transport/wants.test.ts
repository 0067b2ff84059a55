import { expect, it } from "vitest";
import { type Want, Wants } from "../../../../agent/transport/wants.ts";
import { configmaps, secrets } from "../../../../lib/openapi/types/resources.ts";

const some = (...keys: string[]): Want => ({ resource: configmaps, keys });
const all: Want = { resource: configmaps };
const other: Want = { resource: secrets, keys: ["a/x"] };

it.each<{ name: string; wants: Want[]; want: Want[] }>([
  { name: "objects of one resource, each once", wants: [some("a/x"), some("a/y", "a/x")], want: [some("a/x", "a/y")] },
  { name: "objects, then all", wants: [some("a/x"), all], want: [all] },
  { name: "all, then objects", wants: [all, some("a/x")], want: [all] },
  { name: "two resources", wants: [some("a/x"), other], want: [some("a/x"), other] },
  { name: "nothing", wants: [], want: [] },
])("$name", ({ wants, want }) => expect(new Wants(wants).list).toEqual(want));
