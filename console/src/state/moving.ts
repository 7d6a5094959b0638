// Vehicles and people that move: their last reports by id, kept up to date by the change stream. Not a store: thousands change
// every second, and the map asks for all of them each frame.
import { isGeometry } from '../math/geo';
import { newTrack, reported, type Track } from '../math/track';
import { plainValue, pointOf, type MapFeature } from './ngsi';
import { Store } from './store';
import type { Change, ChangedEntity, Json } from './types';

export const MOVING_TYPES: readonly string[] = ['Vehicle', 'Person'];
export const isMoving = (type: string): boolean => MOVING_TYPES.includes(type);

/** Of each type only so many are followed. */
export const MOVING_MAX = 50_000;

export interface MovingThing {
  readonly id: string;
  readonly type: string;
  /** What it is more closely, such as car or bus; empty when not said. */
  readonly kind: string;
  readonly invented: boolean;
  readonly speed: number | null;
  readonly track: Track;
}

const HEADINGS = ['heading', 'bearing', 'course'];
const KINDS = ['vehicleType', 'category', 'mode', 'activity'];

type Values = Readonly<Record<string, Json>>;

function numberIn(values: Values, names: readonly string[]): number | null {
  const found = names.map((name) => values[name]).find((value) => typeof value === 'number');
  return typeof found === 'number' ? found : null;
}

const kindIn = (values: Values): string => {
  const found = KINDS.map((name) => values[name]).flat().find((value) => typeof value === 'string');
  return typeof found === 'string' ? found : '';
};

export class MovingThings {
  readonly #things = new Map<string, MovingThing>();
  /** How many there are, told once in a while. */
  readonly count = new Store(0);
  /** Calls its listeners when reports came, so that a scene that rests begins to move. */
  readonly edition = new Store(0);

  get all(): ReadonlyMap<string, MovingThing> {
    return this.#things;
  }

  /** Takes what was reported up to a moment; things that are not among them go. */
  takeAll(type: string, features: readonly MapFeature[], nowMs: number): void {
    const present = new Set<string>();
    for (const { id, geometry, properties } of features) {
      const place = pointOf(geometry);
      if (!place) continue;
      present.add(id);
      const values = Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, plainValue(value)]));
      this.#report(id, type, place, values, nowMs);
    }
    for (const [id, thing] of this.#things) if (thing.type === type && !present.has(id)) this.#things.delete(id);
    this.#tell();
  }

  /** Takes a change of the stream. */
  heard(change: Change, nowMs: number): void {
    let any = false;
    for (const entity of change.entities) {
      const type = entity.type.find(isMoving);
      if (!type) continue;
      any = true;
      if (entity.deleted) this.#things.delete(entity.id);
      else this.#changed(entity, type, nowMs);
    }
    if (any) this.#tell();
  }

  clear(): void {
    this.#things.clear();
    this.#tell();
  }

  #changed({ id, attributes }: ChangedEntity, type: string, nowMs: number): void {
    const geometry = attributes['location']?.value;
    if (!isGeometry(geometry)) return;
    const place = pointOf(geometry);
    const values = Object.fromEntries(Object.entries(attributes).map(([name, { value }]) => [name, value ?? null]));
    if (place) this.#report(id, type, place, values, nowMs);
  }

  #report(id: string, type: string, place: readonly [number, number, ...number[]], values: Values, nowMs: number): void {
    const before = this.#things.get(id);
    if (!before && this.#things.size >= MOVING_MAX * MOVING_TYPES.length) return;
    const heading = numberIn(values, HEADINGS);
    const track = before ? reported(before.track, place, heading, nowMs) : newTrack(place, heading, nowMs);
    this.#things.set(id, {
      id, type, track,
      kind: kindIn(values) || (before?.kind ?? ''),
      invented: values['invented'] === undefined ? (before?.invented ?? false) : values['invented'] === true,
      speed: numberIn(values, ['speed']) ?? before?.speed ?? null,
    });
  }

  #tell(): void {
    this.count.set(this.#things.size);
    this.edition.update((edition) => edition + 1);
  }
}
