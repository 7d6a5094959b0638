// The sun of the moment shown, or of another time of the same day.
import { atTimeOfDay, minutesOfDay, sunAt, type SunPlace } from '../math/sun';
import { middleOf, readBox, type Position } from '../math/geo';
import type { App } from './app';

/** Local time minus UTC at a moment, in minutes, of the zone of the screen (all times on it are of that zone). */
export const zoneMinutes = (ms: number): number => -new Date(ms).getTimezoneOffset();

/** The moment for which the sun stands on the map. */
export function sunMomentOf(app: App): number {
  const { atMs, sun } = app.address.get();
  const ms = atMs ?? app.nowMs.get();
  return sun?.minutes === null || !sun ? ms : atTimeOfDay(ms, sun.minutes, zoneMinutes(ms));
}

/** Minutes after local midnight at which the sun is shown. */
export function sunMinutesOf(app: App): number {
  const ms = sunMomentOf(app);
  return minutesOfDay(ms, zoneMinutes(ms));
}

/** Where the eye or the city is; null when neither is known. */
export function whereOf(app: App): Position | null {
  const { view } = app.address.get();
  const box = readBox(app.summary.get().value?.city?.bbox ?? []);
  return view ? [view.longitude, view.latitude] : box && middleOf(box);
}

export function sunPlaceOf(app: App): SunPlace | null {
  const where = whereOf(app);
  return where && sunAt(where, sunMomentOf(app));
}
