// A value that others can watch: the one way state changes reach panels and layers.

export interface Watched<T> {
  get(): T;
  /** Calls `listener` after every change; the answer ends that. */
  subscribe(listener: () => void): () => void;
}

/** Holds one immutable value. Setting an identical value tells nobody. */
export class Store<T> implements Watched<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get = (): T => this.#value;

  set = (value: T): void => {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  };

  update = (change: (value: T) => T): void => this.set(change(this.#value));

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

/** Calls `effect` now and whenever the picked part changes. */
export function watch<T, P>(store: Watched<T>, pick: (value: T) => P, effect: (part: P) => void): () => void {
  let last = pick(store.get());
  effect(last);
  return store.subscribe(() => {
    const next = pick(store.get());
    if (Object.is(next, last)) return;
    last = next;
    effect(next);
  });
}
