// Moments as milliseconds since 1970 (UTC): reading, ages, and the place of a moment on the time slider.

export interface TimeRange {
  readonly startMs: number;
  readonly endMs: number;
}

export type AgeUnit = 'second' | 'minute' | 'hour' | 'day' | 'month' | 'year';

const AGE_STEPS: readonly (readonly [AgeUnit, number])[] = [
  ['year', 365.25 * 86_400_000],
  ['month', 30.44 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** Milliseconds of an ISO 8601 text, null when absent or unreadable. */
export function parseInstant(text: string | null | undefined): number | null {
  const ms = text ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** The age in its largest whole unit: 90 s is 1 minute. Future moments have age 0. */
export function ageOf(ms: number): { unit: AgeUnit; count: number } {
  for (const [unit, size] of AGE_STEPS) {
    if (ms >= size) return { unit, count: Math.floor(ms / size) };
  }
  return { unit: 'second', count: 0 };
}

/** Keeps a moment inside the range. */
export function clampTo({ startMs, endMs }: TimeRange, ms: number): number {
  return Math.min(endMs, Math.max(startMs, ms));
}

/** Slider position of a moment, 0 at the start of the range and `steps` at its end. */
export function sliderOf({ startMs, endMs }: TimeRange, ms: number, steps: number): number {
  if (endMs <= startMs) return steps;
  return Math.round(((clampTo({ startMs, endMs }, ms) - startMs) / (endMs - startMs)) * steps);
}

/** The moment at a slider position, in whole milliseconds. */
export function momentAt({ startMs, endMs }: TimeRange, position: number, steps: number): number {
  return Math.round(startMs + ((endMs - startMs) * Math.min(steps, Math.max(0, position))) / steps);
}

/** Round moments (minutes, hours, days) inside the range, at most `most`, for marks under the slider. */
export function marksOf({ startMs, endMs }: TimeRange, most: number): number[] {
  const span = endMs - startMs;
  if (span <= 0 || most < 1) return [];
  const sizes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160, 43200, 129600, 525600];
  const size = (sizes.find((minutes) => span / (minutes * 60_000) <= most) ?? 5_256_000) * 60_000;
  const offset = new Date(startMs).getTimezoneOffset() * 60_000;
  const first = Math.ceil((startMs - offset) / size) * size + offset;
  const marks: number[] = [];
  for (let ms = first; ms <= endMs && marks.length < most; ms += size) marks.push(ms);
  return marks;
}

/** "YYYY-MM-DDTHH:MM:SS" in the local zone, as a datetime-local field wants it. */
export function localFieldOf(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}
