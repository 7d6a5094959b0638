// How far a reading can be trusted by its age: fresh, stale, or replayed from an old record.

export type Freshness = 'fresh' | 'replayed' | 'stale';

/** Without a known interval a reading is stale after this time: hourly stations are common. */
export const STALE_AFTER_MS = 70 * 60_000;
const SHORTEST_STALE_MS = 2 * 60_000;
const REPLAY_GAP_MS = 24 * 3_600_000;

export interface ReadingTimes {
  /** When the thing was measured. */
  readonly observedMs: number | null;
  /** When the city's record took it. */
  readonly receivedMs: number | null;
  /** Usual time between two readings, when known. */
  readonly intervalMs: number | null;
}

/** Stale: nothing new arrived for three usual intervals. Replayed: it arrived more than a day after it was measured. */
export function freshnessOf({ observedMs, receivedMs, intervalMs }: ReadingTimes, nowMs: number): Freshness {
  const arrivedMs = receivedMs ?? observedMs;
  if (arrivedMs === null) return 'stale';
  const limitMs = intervalMs === null ? STALE_AFTER_MS : Math.max(SHORTEST_STALE_MS, 3 * intervalMs);
  if (nowMs - arrivedMs > limitMs) return 'stale';
  if (observedMs !== null && receivedMs !== null && receivedMs - observedMs > REPLAY_GAP_MS) return 'replayed';
  return 'fresh';
}
