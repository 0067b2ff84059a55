/** Tokens of service accounts for projected volumes, asked for again before they expire (upstream: kubelet/token). */
import type { Clock } from "../../../lib/apimachinery/clock.ts";
import type { Client } from "../../../lib/client/interface.ts";
import type { Pod } from "../../../lib/openapi/types/core-v1.ts";
import { serviceaccounts } from "../../../lib/openapi/types/resources.ts";

interface TokenReviewStatus {
  status: { token: string; expirationTimestamp: string };
}

interface Cached {
  readonly token: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

const dayMs = 24 * 3600 * 1000;

/** Gives tokens that are good for a while yet. */
export class Tokens {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #cached = new Map<string, Cached>();

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** A token bound to the pod. Asked for anew when four fifths of its time, or a day, have passed. */
  async get(pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<string> {
    const { namespace, name, uid } = pod.metadata;
    const account = pod.spec.serviceAccountName || "default";
    const key = [uid, account, audience ?? "", expirationSeconds].join("|");
    const cached = this.#cached.get(key);
    if (cached && !this.#due(cached)) return cached.token;
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: {},
      spec: {
        audiences: audience ? [audience] : [],
        expirationSeconds,
        boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
      },
    };
    const issuedAt = this.#clock.now();
    try {
      const place = { namespace, name: account };
      const { status } = await this.#client.createSubresource<TokenReviewStatus>(serviceaccounts, place, "token", body);
      this.#cached.set(key, { token: status.token, issuedAt, expiresAt: Date.parse(status.expirationTimestamp) });
      return status.token;
    } catch (error) {
      // The old one is still good: a control plane that is away must not break a running pod.
      if (cached && cached.expiresAt > issuedAt) return cached.token;
      throw error;
    }
  }

  /** Forgets a pod's tokens. */
  release(podUid: string): void {
    for (const key of this.#cached.keys()) if (key.startsWith(`${podUid}|`)) this.#cached.delete(key);
  }

  #due({ issuedAt, expiresAt }: Cached): boolean {
    const now = this.#clock.now();
    return now > issuedAt + dayMs || now > issuedAt + (expiresAt - issuedAt) * 0.8;
  }
}
