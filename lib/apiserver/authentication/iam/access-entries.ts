/** The access entries of a cluster as the authenticator sees them: read from the store, remembered for seconds. */
import type { Clock } from "../../../apimachinery/clock.ts";
import { type AccessEntry, type AccessEntrySpec, accessEntries } from "../../../registry/access/accessentry.ts";
import { type PrincipalArn, principalArn, principalKey } from "../../../registry/access/arn.ts";
import type { Store } from "../../../storage/interface.ts";

/** Where they are. */
export interface AccessEntryOptions {
  readonly store: Store;
  readonly cluster: string;
  readonly clock: Clock;
  /** How long a change may take to be noticed, in milliseconds. */
  readonly rememberMs: number;
}

/** Finds entries by principal. */
export class AccessEntryIndex {
  readonly #options: AccessEntryOptions;
  #entries: Promise<ReadonlyMap<string, AccessEntrySpec>> | undefined;
  #goodUntil = 0;

  constructor(options: AccessEntryOptions) {
    this.#options = options;
  }

  /** The entry of a principal. Throws what the store throws. */
  async find(principal: PrincipalArn): Promise<AccessEntrySpec | undefined> {
    const { clock, rememberMs } = this.#options;
    if (!this.#entries || clock.now() >= this.#goodUntil) {
      const reading = this.#read();
      this.#entries = reading;
      this.#goodUntil = clock.now() + rememberMs;
      // A failure is not remembered.
      reading.catch(() => {
        if (this.#entries === reading) this.#entries = undefined;
      });
    }
    return (await this.#entries).get(principalKey(principal));
  }

  async #read(): Promise<ReadonlyMap<string, AccessEntrySpec>> {
    const { store, cluster } = this.#options;
    const { group, resource } = accessEntries;
    const { items } = await store.list({ cluster, group, resource });
    const entries = items.map(({ text }) => JSON.parse(text) as AccessEntry);
    // Two writes at once may have made two entries of one principal: the older is the one.
    const age = ({ metadata }: AccessEntry) => `${metadata.creationTimestamp} ${metadata.name}`;
    entries.sort((a, b) => (age(a) < age(b) ? 1 : -1));
    return new Map(entries.flatMap(({ spec }) => keyed(spec)));
  }
}

/** With its key; nothing where its ARN is none, as another release may have taken it: that must lock nobody else out. */
function keyed(spec: AccessEntrySpec): [string, AccessEntrySpec][] {
  try {
    return [[principalKey(principalArn(spec.principalArn)), spec]];
  } catch {
    return [];
  }
}
