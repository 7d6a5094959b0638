// Objects of the library: the catalogue, what is being placed, and placing, changing and removing with a way back.
import type { Position } from '../math/geo';
import { loadInto, pathWith, type CityApi } from './api';
import type { EntityFacts } from './ngsi';
import { Store } from './store';
import type { TextKey } from './texts.ko';
import { IDLE, type Json, type Loadable, type ObjectCatalogue, type ObjectKind } from './types';
import type { UndoList } from './undo';

export type ParameterValue = number | boolean | string;
export type ObjectValues = Readonly<Record<string, ParameterValue>>;

export const OBJECT_TYPE = 'CityObject';
/** Types that may carry a `kind` of their own; others are drawn by the rules of the catalogue. */
const OWN_KIND_TYPES = [OBJECT_TYPE, 'Device'];

/** An object on the map. */
export interface PlacedObject {
  readonly id: string;
  readonly type: string;
  readonly kind: string;
  /** As stated; what is not stated has its default. */
  readonly values: ObjectValues;
  readonly heading: number;
  readonly position: Position;
}

/** What the next click on the map places, or moves when `moving` is its id. */
export interface Placing {
  readonly kind: string;
  readonly values: ObjectValues;
  readonly heading: number;
  readonly moving: string | null;
}

const factValue = (facts: EntityFacts, name: string): Json | undefined => facts.attributes.find((one) => one.name === name && one.datasetId === null)?.value;

function valuesOf(json: Json | undefined): ObjectValues {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return {};
  return Object.fromEntries(Object.entries(json as { readonly [key: string]: Json }).filter((pair): pair is [string, ParameterValue] => ['number', 'boolean', 'string'].includes(typeof pair[1])));
}

/** The object that an entity is drawn as; null if it is none. */
export function objectOf(facts: EntityFacts, catalogue: ObjectCatalogue): PlacedObject | null {
  if (facts.geometry?.type !== 'Point') return null;
  const [kind, category, heading] = ['kind', 'category', 'heading'].map((name) => factValue(facts, name));
  const rule = typeof kind === 'string' ? null : catalogue.placing.find(({ type, categories }) => facts.types.includes(type) && (categories.length === 0 || (typeof category === 'string' && categories.includes(category))));
  const id = typeof kind === 'string' ? kind : rule?.kind;
  if (!id || !catalogue.kinds.some((one) => one.kind === id)) return null;
  return {
    id: facts.id, type: facts.types[0] ?? '', kind: id, values: { ...rule?.parameters, ...valuesOf(factValue(facts, 'parameters')) },
    heading: typeof heading === 'number' ? heading : 0, position: facts.geometry.coordinates,
  };
}

/** The types of entities to look for around the eye. */
export function objectTypes(catalogue: ObjectCatalogue, present: readonly string[]): string[] {
  const known = new Set([...OWN_KIND_TYPES, ...catalogue.placing.map(({ type }) => type)]);
  return present.filter((type) => known.has(type));
}

/** Where the glTF of an object is. Values that are the default are left out, so that equal objects share one file. */
export function modelPath(kind: ObjectKind, values: ObjectValues, far = false): string {
  const stated = kind.parameters.filter(({ id, default: usual }) => values[id] !== undefined && values[id] !== usual);
  return pathWith(kind.model, { ...Object.fromEntries(stated.map(({ id }) => [id, String(values[id])])), lod: far ? 1 : null });
}

const turned = (degrees: number): number => ((Math.round(degrees) % 360) + 360) % 360;

function entityOf({ id, kind, values, heading, position }: PlacedObject): Record<string, unknown> {
  return { id, type: OBJECT_TYPE, kind: { type: 'Property', value: kind }, ...attributesOf(values, heading, position) };
}

function attributesOf(values: ObjectValues, heading: number, [longitude, latitude]: Position): Record<string, unknown> {
  return {
    parameters: { type: 'JsonProperty', json: values },
    heading: { type: 'Property', value: heading, unitCode: 'DD' },
    location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [longitude, latitude] } },
  };
}

export class Objects {
  readonly catalogue = new Store<Loadable<ObjectCatalogue>>(IDLE);
  readonly placing = new Store<Placing | null>(null);
  /** Where the pointer is while something is being placed. */
  readonly pointer = new Store<Position | null>(null);
  /** Grows when an object was placed, changed or removed here. */
  readonly edition = new Store(0);
  readonly #api: CityApi;
  readonly #undo: UndoList;
  readonly #newId: () => string;

  constructor(api: CityApi, undo: UndoList, newId: () => string) {
    [this.#api, this.#undo, this.#newId] = [api, undo, newId];
  }

  load = (): Promise<void> => loadInto(this.catalogue.get, this.catalogue.set, () => this.#api.objects());

  find(kind: string): ObjectKind | null {
    return this.catalogue.get().value?.kinds.find((one) => one.kind === kind) ?? null;
  }

  /** Chooses what the next clicks place; null ends placing. */
  choose(kind: string | null): void {
    this.pointer.set(null);
    this.placing.update((before) => (kind === null ? null : { kind, values: {}, heading: before?.heading ?? 0, moving: null }));
  }

  /** The next click moves this object. */
  move({ id, kind, values, heading }: PlacedObject): void {
    this.placing.set({ kind, values, heading, moving: id });
  }

  setValue(id: string, value: ParameterValue): void {
    this.placing.update((placing) => placing && { ...placing, values: { ...placing.values, [id]: value } });
  }

  turn(degrees: number): void {
    this.placing.update((placing) => placing && { ...placing, heading: turned(placing.heading + degrees) });
  }

  /** Places what is chosen, and answers its id; goes on placing the same. Rejects when the server does not take it. */
  async placeAt(position: Position): Promise<string | null> {
    const placing = this.placing.get();
    if (!placing) return null;
    const object: PlacedObject = { id: `urn:ngsi-ld:${OBJECT_TYPE}:${this.#newId()}`, type: OBJECT_TYPE, kind: placing.kind, values: placing.values, heading: placing.heading, position };
    await this.#create(object);
    this.#did('undo.objectPlaced', () => this.#delete(object.id), () => this.#create(object));
    return object.id;
  }

  /** Changes an object that stands. */
  async change(before: PlacedObject, change: Partial<Pick<PlacedObject, 'values' | 'heading' | 'position'>>): Promise<void> {
    const after = { ...before, ...change };
    const put = (object: PlacedObject) => (): Promise<void> => this.#put(object);
    await this.#put(after);
    this.#did('undo.objectChanged', put(before), put(after));
  }

  async remove(object: PlacedObject): Promise<void> {
    await this.#delete(object.id);
    this.#did('undo.objectRemoved', () => this.#create(object), () => this.#delete(object.id));
  }

  #did(text: TextKey, undo: () => Promise<void>, redo: () => Promise<void>): void {
    this.#undo.did({ text, undo, redo });
  }

  async #create(object: PlacedObject): Promise<void> {
    await this.#api.change('POST', '/ngsi-ld/v1/entities', entityOf(object));
    this.#changed();
  }

  async #put({ id, values, heading, position }: PlacedObject): Promise<void> {
    await this.#api.change('POST', `/ngsi-ld/v1/entities/${encodeURIComponent(id)}/attrs`, attributesOf(values, turned(heading), position));
    this.#changed();
  }

  async #delete(id: string): Promise<void> {
    await this.#api.change('DELETE', `/ngsi-ld/v1/entities/${encodeURIComponent(id)}`);
    this.#changed();
  }

  #changed(): void {
    this.edition.update((edition) => edition + 1);
  }
}
