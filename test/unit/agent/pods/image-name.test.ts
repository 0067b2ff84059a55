import { expect, it } from "vitest";
import { imageNameText, parseImageName } from "../../../../agent/pods/image-name.ts";

const digest = `sha256:${"a".repeat(64)}`;

it.each([
  ["busybox", "docker.io/library/busybox:latest"],
  ["busybox:1.36", "docker.io/library/busybox:1.36"],
  ["me/app", "docker.io/me/app:latest"],
  ["index.docker.io/me/app:2", "docker.io/me/app:2"],
  ["127.0.0.1:5000/lab/app:1", "127.0.0.1:5000/lab/app:1"],
  ["localhost/app", "localhost/app:latest"],
  ["registry.example.com/a/b/c", "registry.example.com/a/b/c:latest"],
  [`busybox@${digest}`, `docker.io/library/busybox@${digest}`],
  [`busybox:1@${digest}`, `docker.io/library/busybox:1@${digest}`],
  ["Busybox", undefined],
  ["busybox:", undefined],
  ["", undefined],
  ["a b", undefined],
  ["busybox@sha256:1", undefined],
  ["http://busybox", undefined],
])("%s", (text, want) => {
  const parsed = parseImageName(text);
  expect(parsed && imageNameText(parsed)).toBe(want);
});
