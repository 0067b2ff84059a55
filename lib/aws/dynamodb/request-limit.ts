/** How many requests are under way at once; the others wait in order. */

/** A limit. */
export class RequestLimit {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Does it when it is its turn. Rejects as `request` does. */
  async run<T>(request: () => Promise<T>): Promise<T> {
    if (this.#running < this.#most) this.#running++;
    // Who ends hands its place on.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await request();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
