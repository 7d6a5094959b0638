// Where the sun stands: by the usual low-precision formulas of the almanac, good to a hundredth of a degree until 2050.
import type { Position } from './geo';

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const degrees = (value: number): number => (value * 180) / Math.PI;
const EPOCH_2000_MS = Date.UTC(2000, 0, 1, 12);
const DAY_MS = 86_400_000;

/** Compass direction and height above the horizon, in degrees. */
export interface SunPlace {
  readonly azimuth: number;
  readonly elevation: number;
}

/** The sun as seen from a position at a moment, without refraction. */
export function sunAt([longitude, latitude]: Position, ms: number): SunPlace {
  const days = (ms - EPOCH_2000_MS) / DAY_MS;
  const anomaly = radians(357.529 + 0.98560028 * days);
  const ecliptic = radians(280.459 + 0.98564736 * days + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly));
  const tilt = radians(23.439 - 0.00000036 * days);
  const ascension = Math.atan2(Math.cos(tilt) * Math.sin(ecliptic), Math.cos(ecliptic));
  const declination = Math.asin(Math.sin(tilt) * Math.sin(ecliptic));
  const sidereal = radians(280.46061837 + 360.98564736629 * days + longitude);
  const hour = sidereal - ascension;
  const phi = radians(latitude);
  const elevation = Math.asin(Math.sin(phi) * Math.sin(declination) + Math.cos(phi) * Math.cos(declination) * Math.cos(hour));
  const azimuth = Math.atan2(-Math.sin(hour), Math.tan(declination) * Math.cos(phi) - Math.sin(phi) * Math.cos(hour));
  return { azimuth: (degrees(azimuth) + 360) % 360, elevation: degrees(elevation) };
}

/** The moment on the same local day as `ms` at `minutes` after midnight. `offsetMinutes` is local time minus UTC. */
export function atTimeOfDay(ms: number, minutes: number, offsetMinutes: number): number {
  const local = ms + offsetMinutes * 60_000;
  return Math.floor(local / DAY_MS) * DAY_MS + minutes * 60_000 - offsetMinutes * 60_000;
}

/** Minutes after local midnight. */
export function minutesOfDay(ms: number, offsetMinutes: number): number {
  const local = ms + offsetMinutes * 60_000;
  return Math.floor((local - Math.floor(local / DAY_MS) * DAY_MS) / 60_000);
}

/** "14:05" */
export function clockText(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Reads clockText's text; null when it is none. */
export function parseClock(text: string): number | null {
  const parts = /^(\d\d):(\d\d)$/.exec(text);
  if (!parts) return null;
  const minutes = Number(parts[1]) * 60 + Number(parts[2]);
  return Number(parts[1]) < 24 && Number(parts[2]) < 60 ? minutes : null;
}

/** How light it is: 0 at night, 1 by day, between at dusk. */
export function daylight(elevation: number): number {
  return Math.min(1, Math.max(0, (elevation + 6) / 12));
}
