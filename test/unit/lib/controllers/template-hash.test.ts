import { describe, expect, it } from "vitest";
import { templateHash } from "../../../../lib/controllers/template-hash.ts";

const template = { metadata: { labels: { a: "1", b: "2" } }, spec: { containers: [{ name: "c", image: "i" }] } };

describe("templateHash", () => {
  it("is the same for templates that are the same", () => {
    const same = {
      spec: { containers: [{ image: "i", name: "c" }], volumes: [] },
      metadata: { labels: { b: "2", a: "1" } },
    };
    expect(templateHash(same, undefined)).toBe(templateHash(template, undefined));
    expect(templateHash(template, undefined)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  });

  it("is another one for other templates, orders of lists and collisions", () => {
    const containers = [{ name: "a" }, { name: "b" }];
    const hashes = [
      templateHash(template, undefined),
      templateHash(template, 0),
      templateHash(template, 1),
      templateHash({ ...template, spec: { containers } }, undefined),
      templateHash({ ...template, spec: { containers: [...containers].reverse() } }, undefined),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
