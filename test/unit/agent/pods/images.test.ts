import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Images } from "../../../../agent/pods/images.ts";
import { PulledImages } from "../../../../agent/pods/pulled-images.ts";
import { type ImageService, RuntimeError } from "../../../../agent/runtime/cri/client.ts";
import type { AuthConfig, Image } from "../../../../agent/runtime/cri/messages.ts";
import { container, pod } from "../objects.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "coracle-images-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function setUp(present: string[] = []) {
  const pulls: { image: string; user?: string }[] = [];
  const events: string[] = [];
  let now = 1_000_000;
  let failure: Error | undefined;
  const image: Image = { id: "sha256:1", repoTags: [], repoDigests: [], size: "7", uid: null, username: "" };
  const service: ImageService = {
    listImages: async () => [],
    imageStatus: async (name) => (present.includes(name) ? image : undefined),
    pullImage: async (name, auth?: AuthConfig) => {
      pulls.push({ image: name, user: auth?.username });
      if (failure) throw failure;
      present.push(name);
      return image.id;
    },
    removeImage: async () => {},
  };
  const images = new Images(
    service,
    { now: () => now, sleep: async () => {} },
    new PulledImages(join(folder, "pulled.json")),
  );
  const ensure = (more: Parameters<typeof container>[1], pullSecrets: object[] = []) =>
    images
      .ensure({
        pod: pod(),
        container: container("main", { image: "reg.io/app:1", ...more }),
        pullSecrets: pullSecrets as never,
        sandbox: {} as never,
        record: (type, reason, message) => events.push(`${type} ${reason} ${message}`),
      })
      .catch((error) => `${error.reason}: ${error.message}`);
  return {
    pulls,
    events,
    ensure,
    pass: (ms: number) => {
      now += ms;
    },
    fail: (error?: Error) => {
      failure = error;
    },
  };
}

it("pulls what is missing, and only that", async () => {
  const { ensure, pulls, events } = setUp();
  expect(await ensure({})).toBe("reg.io/app:1");
  expect(await ensure({})).toBe("reg.io/app:1");
  expect(pulls).toHaveLength(1);
  expect(events).toEqual([
    'Normal Pulling Pulling image "reg.io/app:1"',
    'Normal Pulled Successfully pulled image "reg.io/app:1" in 0.000s (0.000s including waiting). Image size: 7 bytes.',
    'Normal Pulled Container image "reg.io/app:1" already present on machine and can be accessed by the pod',
  ]);
});

it("pulls each time under Always, never under Never", async () => {
  const { ensure, pulls } = setUp(["reg.io/app:1"]);
  await ensure({ imagePullPolicy: "Always" });
  expect(pulls).toHaveLength(1);
  expect(await ensure({ imagePullPolicy: "Never" })).toBe("reg.io/app:1");
  expect(await ensure({ imagePullPolicy: "Never", image: "other:1" })).toBe(
    'ErrImageNeverPull: Container image "other:1" is not present with pull policy of Never',
  );
});

it("backs off after a failure, doubling, and says what it was", async () => {
  const { ensure, pulls, pass, fail } = setUp();
  fail(new RuntimeError(5, "not there"));
  const failed = "ErrImagePull: rpc error: code = NotFound desc = not there";
  expect(await ensure({})).toBe(failed);
  pass(2000);
  expect(await ensure({})).toBe(failed);
  pass(2000);
  expect(await ensure({})).toBe(
    'ImagePullBackOff: Back-off pulling image "reg.io/app:1": ErrImagePull: rpc error: code = NotFound desc = not there',
  );
  pass(10_001);
  expect(await ensure({})).toMatch(/^ErrImagePull/);
  pass(10_001);
  expect(await ensure({})).toMatch(/^ImagePullBackOff/);
  pass(10_001);
  fail();
  expect(await ensure({})).toBe("reg.io/app:1");
  expect(pulls).toHaveLength(3);
});

it("tries the credentials that fit", async () => {
  const { ensure, pulls } = setUp();
  const config = { auths: { "reg.io": { username: "me", password: "x" }, "other.io": { username: "no" } } };
  await ensure({}, [{ data: { ".dockerconfigjson": Buffer.from(JSON.stringify(config)).toString("base64") } }]);
  expect(pulls).toEqual([{ image: "reg.io/app:1", user: "me" }]);
});

it("refuses what is no name", async () => {
  expect(await setUp().ensure({ image: "No Name" })).toMatch(/^InvalidImageName: .*invalid reference format/);
});

it("gives nobody what was pulled with another's credentials", async () => {
  const secret = (username: string) => {
    const config = { auths: { "reg.io": { username, password: "x" } } };
    return { data: { ".dockerconfigjson": Buffer.from(JSON.stringify(config)).toString("base64") } };
  };
  const { ensure, pulls, fail } = setUp();
  expect(await ensure({}, [secret("me")])).toBe("reg.io/app:1");
  fail(new RuntimeError(2, "401 Unauthorized"));
  expect(await ensure({}, [secret("me")])).toBe("reg.io/app:1");
  expect(await ensure({})).toMatch(/^ErrImagePull: .*401 Unauthorized$/);
  expect(await ensure({ imagePullPolicy: "Never" })).toMatch(/^ErrImageNeverPull/);
  expect(pulls.map(({ user }) => user)).toEqual(["me", undefined]);
  const again = new PulledImages(join(folder, "pulled.json"));
  expect(again.mayUse("sha256:1", "reg.io/app", [])).toBe(false);
  expect(again.mayUse("sha256:1", "reg.io/app", [{ username: "me", password: "x" }])).toBe(true);
  expect(again.mayUse("sha256:2", "lab.local/imported", [])).toBe(true);
});
