/** Workers KV as the caches use it: JSON by key. It counts writes and can be out of order. */
export class FakeKv {
  readonly #texts = new Map<string, string>();
  writes = 0;
  broken = false;

  async get(key: string): Promise<unknown> {
    if (this.broken) throw new Error("KV is out of order");
    const text = this.#texts.get(key);
    return text === undefined ? null : JSON.parse(text);
  }

  async put(key: string, text: string): Promise<void> {
    if (this.broken) throw new Error("KV is out of order");
    this.writes += 1;
    this.#texts.set(key, text);
  }

  async delete(key: string): Promise<void> {
    this.writes += 1;
    this.#texts.delete(key);
  }

  /** The fake in the shape of the binding, of which the caches use these three methods. */
  get binding(): KVNamespace {
    const missing = () => {
      throw new Error("the runtime's caches do not use this");
    };
    return Object.assign(Object.create(null), {
      get: (key: string) => this.get(key),
      put: (key: string, text: string) => this.put(key, text),
      delete: (key: string) => this.delete(key),
      list: missing,
      getWithMetadata: missing,
    });
  }
}
