// Hears changes from the server's event stream and comes back after every loss, waiting longer each time.
import { Store } from './store';
import type { Change } from './types';

export type StreamPhase = 'connecting' | 'live' | 'lost';

export interface StreamState {
  readonly phase: StreamPhase;
  readonly sinceMs: number;
  readonly retryAtMs: number | null;
}

/** The part of EventSource that is used. */
export interface EventSourceLike {
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface StreamOutside {
  open(url: string): EventSourceLike;
  nowMs(): number;
  after(ms: number, run: () => void): () => void;
}

const WAITS_MS = [1000, 2000, 4000, 8000, 15_000, 30_000] as const;

/** How long to wait before try number `attempt` (0 first). */
export function waitMs(attempt: number): number {
  return WAITS_MS[Math.min(attempt, WAITS_MS.length - 1)] ?? 30_000;
}

/** Reads the data of a change event; null when it is not one. */
export function readChange(data: string): Change | null {
  try {
    const change = JSON.parse(data) as Change;
    return typeof change.offset === 'number' && Array.isArray(change.entities) ? change : null;
  } catch {
    return null;
  }
}

export class ChangeStream {
  readonly state: Store<StreamState>;
  readonly #outside: StreamOutside;
  readonly #onChange: (change: Change) => void;
  readonly #onGap: () => void;
  #source: EventSourceLike | null = null;
  #cancelRetry: (() => void) | null = null;
  #attempt = 0;
  #lastOffset: number | null = null;

  /** `onGap` is called when changes may have been missed, so the state must be read again. */
  constructor(outside: StreamOutside, onChange: (change: Change) => void, onGap: () => void) {
    this.#outside = outside;
    this.#onChange = onChange;
    this.#onGap = onGap;
    this.state = new Store<StreamState>({ phase: 'connecting', sinceMs: outside.nowMs(), retryAtMs: null });
  }

  start = (): void => {
    this.stop();
    const from = this.#lastOffset === null ? '' : `?from=${this.#lastOffset}`;
    const source = this.#outside.open(`/api/stream${from}`);
    this.#source = source;
    source.addEventListener('open', () => this.#opened());
    source.addEventListener('change', (event) => this.#heard(event.data));
    source.addEventListener('lag', () => this.#onGap());
    source.addEventListener('error', () => this.#lost());
  };

  stop = (): void => {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#source?.close();
    this.#source = null;
  };

  #opened(): void {
    const wasLost = this.state.get().phase === 'lost';
    this.#attempt = 0;
    this.state.set({ phase: 'live', sinceMs: this.#outside.nowMs(), retryAtMs: null });
    if (wasLost) this.#onGap();
  }

  #heard(data: string): void {
    const change = readChange(data);
    if (!change) return;
    this.#lastOffset = change.offset;
    this.#onChange(change);
  }

  #lost(): void {
    this.stop();
    const wait = waitMs(this.#attempt++);
    const { phase, sinceMs } = this.state.get();
    const now = this.#outside.nowMs();
    this.state.set({ phase: 'lost', sinceMs: phase === 'lost' ? sinceMs : now, retryAtMs: now + wait });
    this.#cancelRetry = this.#outside.after(wait, this.start);
  }
}
