// Moving things between their reports: each glides from where it is shown to where it was last reported, in the usual time
// between two reports, and fades when no report comes any more. Times are of the clock of the screen, in milliseconds.
import { groundMetres, localOf } from './measure';
import type { Position } from './geo';

export interface Track {
  readonly from: Position;
  readonly to: Position;
  /** When the last report came, and how long the glide to it takes. */
  readonly atMs: number;
  readonly glideMs: number;
  /** Compass directions at the start and the end of the glide, in degrees. */
  readonly headingFrom: number;
  readonly headingTo: number;
  /** Whether the last report said that it stands still or moves too little to tell a direction. */
  readonly still: boolean;
}

const GLIDE_MS_LEAST = 200;
const GLIDE_MS_MOST = 30_000;
const GLIDE_MS_FIRST = 1000;
/** A leap longer than this in one report is a new place, not a way. */
const LEAP_METRES = 2000;
const TURN_METRES_LEAST = 0.5;
const STALE_AFTER_MS_LEAST = 15_000;
const FADE_MS = 60_000;

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** The direction from one position to another; null when they are too near. */
export function headingBetween(a: Position, b: Position): number | null {
  const [east, north] = localOf(a, b);
  if (Math.hypot(east, north) < TURN_METRES_LEAST) return null;
  return ((Math.atan2(east, north) * 180) / Math.PI + 360) % 360;
}

/** The direction `part` of the way from one to another, along the shorter arc. */
export function headingAt(from: number, to: number, part: number): number {
  const turn = ((to - from + 540) % 360) - 180;
  return (from + turn * part + 360) % 360;
}

/** A thing seen for the first time. */
export function newTrack(place: Position, heading: number | null, atMs: number): Track {
  return { from: place, to: place, atMs, glideMs: GLIDE_MS_FIRST, headingFrom: heading ?? 0, headingTo: heading ?? 0, still: heading === null };
}

/** Part of the way. Without a height at both ends it has none: then it is on the ground, wherever that is. */
function between(a: Position, b: Position, part: number): Position {
  const [longitude, latitude] = [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part];
  if (a[2] === undefined || b[2] === undefined) return [longitude, latitude];
  return [longitude, latitude, a[2] + (b[2] - a[2]) * part];
}

export interface Shown {
  readonly place: Position;
  readonly heading: number;
  /** 1 while reports come, falling to 0 when they stop. */
  readonly presence: number;
}

/** How a thing is shown at a moment. */
export function shownAt(track: Track, nowMs: number): Shown {
  const part = clamp((nowMs - track.atMs) / track.glideMs, 0, 1);
  const silentMs = nowMs - track.atMs - Math.max(STALE_AFTER_MS_LEAST, 3 * track.glideMs);
  return {
    place: part === 1 ? track.to : between(track.from, track.to, part),
    heading: headingAt(track.headingFrom, track.headingTo, Math.min(1, part * 3)),
    presence: clamp(1 - silentMs / FADE_MS, 0, 1),
  };
}

/** The track after a report. `heading` null: taken from the way it moved. */
export function reported(track: Track, place: Position, heading: number | null, nowMs: number): Track {
  const shown = shownAt(track, nowMs);
  const gap = nowMs - track.atMs;
  // Two reports in one breath are one.
  const glideMs = gap < GLIDE_MS_LEAST ? track.glideMs : clamp(gap, GLIDE_MS_LEAST, GLIDE_MS_MOST);
  const leap = groundMetres(shown.place, place) > LEAP_METRES;
  const way = heading ?? headingBetween(shown.place, place);
  return {
    from: leap ? place : shown.place, to: place, atMs: nowMs, glideMs,
    headingFrom: track.still ? (way ?? shown.heading) : shown.heading, headingTo: way ?? shown.heading, still: way === null && track.still,
  };
}
