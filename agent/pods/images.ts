/** Makes sure that a container's image is there (upstream: kubelet/images/image_manager.go). */
import type { Clock } from "../../lib/apimachinery/clock.ts";
import type { Container, Pod, Secret } from "../../lib/openapi/types/core-v1.ts";
import { type ImageService, RuntimeError } from "../runtime/cri/client.ts";
import type { AuthConfig, Image, PodSandboxConfig } from "../runtime/cri/messages.ts";
import { BackOff } from "./back-off.ts";
import { type ImageName, imageNameText, parseImageName } from "./image-name.ts";
import { pullCredentials } from "./keyring.ts";
import type { PulledImages } from "./pulled-images.ts";
import { WaitingError } from "./waiting-error.ts";

/** Tells a pod's Event about one of its containers. */
export type RecordForContainer = (type: "Normal" | "Warning", reason: string, message: string) => void;

/** An image to bring. */
export interface ImageRequest {
  readonly pod: Pod;
  readonly container: Container;
  readonly pullSecrets: readonly Secret[];
  readonly sandbox: PodSandboxConfig;
  readonly record: RecordForContainer;
}

const backOffInitialMs = 10_000;
const backOffMaxMs = 300_000;
/** A failure is shown as such so long, then as the back-off that follows it: whoever watches sees both. */
const failureShownMs = 3000;

/** Pulls images, one pull an image and credentials at a time. */
export class Images {
  readonly #service: ImageService;
  readonly #clock: Clock;
  readonly #pulled: PulledImages;
  readonly #backOff = new BackOff(backOffInitialMs, backOffMaxMs);
  readonly #lastFailure = new Map<string, { readonly message: string; readonly at: number }>();

  constructor(service: ImageService, clock: Clock, pulled: PulledImages) {
    this.#service = service;
    this.#pulled = pulled;
    this.#clock = clock;
  }

  /** Gives the name to make the container from. Rejects with WaitingError where the image can't be had (yet). */
  async ensure(request: ImageRequest): Promise<string> {
    const { container, record } = request;
    const requested = container.image ?? "";
    const parsed = parseImageName(requested);
    if (parsed === undefined) {
      const message =
        `Failed to apply default image tag "${requested}": couldn't parse image name "${requested}": ` +
        "invalid reference format";
      record("Warning", "InspectFailed", message);
      throw new WaitingError("InvalidImageName", message);
    }
    const name = imageNameText(parsed);
    const policy = container.imagePullPolicy ?? "IfNotPresent";
    if (policy !== "Always") {
      const credentials = pullCredentials(parsed, request.pullSecrets);
      if (await this.#present(parsed, credentials, requested, record)) return name;
      if (policy === "Never") {
        const message = `Container image "${requested}" is not present with pull policy of Never`;
        record("Warning", "ErrImageNeverPull", message);
        throw new WaitingError("ErrImageNeverPull", message);
      }
    }
    await this.#pull(request, requested, name);
    return name;
  }

  /** Forgets the back-off of a pod that is gone. */
  forget(podUid: string): void {
    this.#backOff.forget(`${podUid}_`);
    for (const key of this.#lastFailure.keys()) if (key.startsWith(`${podUid}_`)) this.#lastFailure.delete(key);
  }

  async #present(
    parsed: ImageName,
    credentials: readonly AuthConfig[],
    requested: string,
    record: RecordForContainer,
  ): Promise<boolean> {
    let found: Image | undefined;
    try {
      found = await this.#service.imageStatus(imageNameText(parsed));
    } catch (error) {
      const message = `Failed to inspect image "": ${(error as Error).message}`;
      record("Warning", "InspectFailed", message);
      throw new WaitingError("ImageInspectError", message);
    }
    if (found === undefined || !this.#pulled.mayUse(found.id, repositoryText(parsed), credentials)) return false;
    const message = `Container image "${requested}" already present on machine and can be accessed by the pod`;
    record("Normal", "Pulled", message);
    return true;
  }

  async #pull(request: ImageRequest, requested: string, name: string): Promise<void> {
    const { pod, record } = request;
    const key = `${pod.metadata.uid}_${requested}`;
    const until = this.#backOff.untilSinceUpdate(key, this.#clock.now());
    if (until !== undefined) {
      const last = this.#lastFailure.get(key);
      if (last && this.#clock.now() - last.at < failureShownMs) {
        throw new WaitingError("ErrImagePull", last.message, last.at + failureShownMs, true);
      }
      const message = `Back-off pulling image "${requested}"`;
      record("Normal", "BackOff", message);
      throw new WaitingError("ImagePullBackOff", last ? `${message}: ErrImagePull: ${last.message}` : message, until);
    }
    record("Normal", "Pulling", `Pulling image "${requested}"`);
    const startedAt = this.#clock.now();
    let auth: AuthConfig | undefined;
    try {
      auth = await this.#pullWithCredentials(request, name);
    } catch (error) {
      const message = (error as Error).message;
      record("Warning", "Failed", `Failed to pull image "${requested}": ${message}`);
      this.#backOff.next(key, this.#clock.now());
      const at = this.#clock.now();
      this.#lastFailure.set(key, { message, at });
      throw new WaitingError("ErrImagePull", message, at + failureShownMs);
    }
    this.#backOff.forget(key);
    this.#lastFailure.delete(key);
    const image = await this.#service.imageStatus(name);
    const parsed = parseImageName(name);
    if (image && parsed) this.#pulled.note(image.id, repositoryText(parsed), auth);
    const size = Number(image?.size ?? 0);
    const took = `${((this.#clock.now() - startedAt) / 1000).toFixed(3)}s`;
    const how = `in ${took} (${took} including waiting)`;
    const text = `Successfully pulled image "${requested}" ${how}. Image size: ${size} bytes.`;
    record("Normal", "Pulled", text);
  }

  /** Tries without credentials where none fit, else with each that does; gives those that worked. */
  async #pullWithCredentials({ pullSecrets, sandbox }: ImageRequest, name: string): Promise<AuthConfig | undefined> {
    const parsed = parseImageName(name);
    const credentials = parsed ? pullCredentials(parsed, pullSecrets) : [];
    let failure: unknown;
    for (const auth of credentials.length === 0 ? [undefined] : credentials) {
      try {
        await this.#service.pullImage(name, auth, sandbox);
        return auth;
      } catch (error) {
        failure = error;
      }
    }
    throw failure ?? new RuntimeError(2, "the image could not be pulled");
  }
}

const repositoryText = ({ registry, repository }: ImageName) => `${registry}/${repository}`;
