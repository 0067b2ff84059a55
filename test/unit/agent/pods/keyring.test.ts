import { expect, it } from "vitest";
import { parseImageName } from "../../../../agent/pods/image-name.ts";
import { pullCredentials } from "../../../../agent/pods/keyring.ts";
import type { Secret } from "../../../../lib/openapi/types/core-v1.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const secret = (auths: object): Secret =>
  ({ data: { ".dockerconfigjson": base64(JSON.stringify({ auths })) } }) as unknown as Secret;

const keys = [
  secret({
    "https://index.docker.io/v1/": { auth: base64("hub:p:w") },
    "reg.example.com:5000": { username: "all", password: "x" },
    "reg.example.com:5000/team": { username: "team", password: "y" },
    "*.wild.example.com": { username: "wild", password: "z" },
  }),
  { data: { ".dockerconfigjson": "%%%" } } as unknown as Secret,
];

it.each([
  { image: "busybox", want: ["hub"] },
  { image: "reg.example.com:5000/app", want: ["all"] },
  { image: "reg.example.com:5000/team/app", want: ["team", "all"] },
  { image: "reg.example.com:5000/teams/app", want: ["all"] },
  { image: "a.wild.example.com/app", want: ["wild"] },
  { image: "a.b.wild.example.com/app", want: [] },
  { image: "other.example.com/app", want: [] },
])("$image", ({ image, want }) => {
  const parsed = parseImageName(image);
  expect(parsed && pullCredentials(parsed, keys).map(({ username }) => username)).toEqual(want);
});

it("takes a password with colons from auth", () => {
  const parsed = parseImageName("busybox");
  // No serverAddress: containerd would refuse one without a scheme.
  expect(parsed && pullCredentials(parsed, keys)).toEqual([{ username: "hub", password: "p:w" }]);
});
