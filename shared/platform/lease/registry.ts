/** Counters an isolate knows at most. The least recently used is dropped; what it holds is handed back all the same. */
const CAPACITY = 10_000;

/**
 * The isolate's memory of its counters, by the namespace they live in and their name. Module-level by purpose: units taken
 * in advance are worth something only if the next request finds them.
 */
export class Registry<T> {
  readonly #make: () => T;
  readonly #namespaces = new WeakMap<object, Map<string, T>>();

  constructor(make: () => T) {
    this.#make = make;
  }

  of(namespace: object, name: string): T {
    let known = this.#namespaces.get(namespace);
    if (!known) {
      known = new Map();
      this.#namespaces.set(namespace, known);
    }
    const found = known.get(name);
    const item = found ?? this.#make();
    if (found) known.delete(name);
    else if (known.size >= CAPACITY) dropFirst(known);
    known.set(name, item);
    return item;
  }
}

function dropFirst(map: Map<string, unknown>): void {
  const first = map.keys().next();
  if (!first.done) map.delete(first.value);
}
