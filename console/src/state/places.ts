// Places: things with a shape that have no layer of their own. A type that nobody foresaw is drawn as places as far as it is no sensors.
import { isOfCity, PLACE_TYPES } from './catalogue';
import type { EntityFacts, MapFeature } from './ngsi';
import type { Sensors } from './sensors';
import { Store, type Watched } from './store';
import type { Change, Loadable } from './types';

/** Types beside the imported city of which some have a place and measure nothing, each with a count that grows when such a place changed. */
export class OpenPlaces {
  readonly editions = new Store<ReadonlyMap<string, number>>(new Map());

  /** Takes what was read of all such types. */
  take(entities: readonly EntityFacts[], sensors: Sensors): void {
    const types = new Set(entities.filter(({ id, geometry }) => geometry !== null && !sensors.has(id)).map((entity) => entity.types[0] ?? ''));
    const before = this.editions.get();
    if (types.size === before.size && [...types].every((type) => before.has(type))) return;
    this.editions.set(new Map([...types].sort().map((type) => [type, before.get(type) ?? 0])));
  }

  /** The types whose places a change moves, adds or takes away. */
  movedBy(change: Change): string[] {
    const moved = change.entities.filter(({ attributes, deleted }) => deleted || 'location' in attributes);
    return moved.flatMap(({ type }) => type.filter((one) => this.editions.get().has(one)));
  }

  /** Has the places of these types read again. */
  renew(types: ReadonlySet<string>): void {
    this.editions.update((editions) => new Map([...editions].map(([type, edition]) => [type, types.has(type) ? edition + 1 : edition])));
  }
}

interface Placed {
  readonly places: OpenPlaces;
}

interface Sensing {
  readonly sensors: Watched<Loadable<Sensors>>;
}

/** All types that are drawn as places. */
export const placeTypes = (app: Placed): string[] => [...PLACE_TYPES, ...app.places.editions.get().keys()];

/** The features of a type that are places: of an open type those that are no sensors. */
export function placesAmong<T extends MapFeature>(app: Sensing, type: string, features: readonly T[]): readonly T[] {
  const sensors = app.sensors.get().value;
  return isOfCity(type) || !sensors ? features : features.filter(({ id }) => !sensors.has(id));
}

/** Whether all things of a type beside the imported city are places: none of them measures. */
export function isPlaceOnly(app: Placed & Sensing, type: string): boolean {
  if (!app.places.editions.get().has(type)) return false;
  for (const sensor of app.sensors.get().value?.values() ?? []) if (sensor.type === type) return false;
  return true;
}
