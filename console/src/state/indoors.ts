// Looking into a building: its storeys, the plan of one, and ways out. Asks the server's doors and keeps what they say.
import type { Position } from '../math/geo';
import type { Address } from './address';
import type { InsideSetting } from './address_parts';
import { loadInto, type CityApi } from './api';
import type { EntityFacts, MapFeature } from './ngsi';
import { Store, watch } from './store';
import { IDLE, type Loadable, type Summary } from './types';

export interface IndoorStorey {
  readonly id: string;
  readonly name: string;
  /** 0 is the lowest. */
  readonly order: number;
  readonly elevation?: number;
  readonly height?: number;
  readonly rooms: number;
  readonly things: number;
}

export interface IndoorFeature {
  readonly id: string;
  readonly geometry: MapFeature['geometry'] | null;
  readonly properties: { readonly type: string; readonly category: string; readonly name?: string; readonly number?: string; readonly area?: number };
}

/** What /api/indoors says of a building, and of one storey if it was asked for. */
export interface IndoorPlan {
  readonly building: { readonly id: string; readonly name: string };
  readonly storeys: readonly IndoorStorey[];
  readonly storey: string | null;
  readonly features: readonly IndoorFeature[];
}

/** What looking inside needs of the app. */
export interface IndoorsHost {
  readonly api: CityApi;
  readonly address: Store<Address>;
  readonly entity: Store<Loadable<EntityFacts>>;
  readonly summary: Store<Loadable<Summary>>;
  readonly restingAsOf: Store<string | null>;
  readonly cityEdition: Store<number>;
  readonly asOf: string | null;
  go(change: Partial<Address>): void;
}

export interface IndoorWay {
  readonly from: string;
  readonly line: readonly Position[];
  readonly lengthMetres: number;
  readonly seconds: number;
}

/** The building that an entity is, or stands in; null when it is neither. */
export function buildingOf(entity: EntityFacts | null): string | null {
  if (!entity) return null;
  if (entity.types.includes('Building')) return entity.id;
  const inside = entity.attributes.find(({ name }) => name === 'inBuilding')?.value;
  return typeof inside === 'string' ? inside : null;
}

/** The rooms of a plan, by number and name. */
export function roomsOf(plan: IndoorPlan | null): IndoorFeature[] {
  const key = ({ properties: { number, name } }: IndoorFeature): string => `${number ?? ''} ${name ?? ''}`;
  return (plan?.features ?? []).filter(({ properties }) => properties.type === 'Room').sort((a, b) => key(a).localeCompare(key(b), undefined, { numeric: true }));
}

export class IndoorsState {
  readonly #app: IndoorsHost;
  /** Of the building that is selected or stood in. */
  readonly plan = new Store<Loadable<IndoorPlan>>(IDLE);
  readonly way = new Store<Loadable<IndoorWay>>(IDLE);
  #request: AbortController | null = null;
  #wayRequest: AbortController | null = null;
  #asked = '';

  constructor(app: IndoorsHost) {
    this.#app = app;
  }

  /** Follows selection, storey and moment; the answer ends that. */
  follow(): (() => void)[] {
    const { address, entity, restingAsOf, cityEdition, summary } = this.#app;
    return [
      watch(address, ({ inside }) => `${inside?.building} ${inside?.storey}`, this.#want),
      watch(address, ({ selected }) => selected, () => this.way.set(IDLE)),
      ...[restingAsOf, cityEdition].map((store) => store.subscribe(this.#want)),
      watch(entity, ({ value }) => buildingOf(value), this.#want),
      watch(summary, ({ value }) => value?.types.some(({ type }) => type === 'BuildingStorey') ?? false, this.#want),
    ];
  }

  /** Looks into a building: at one storey, or (null) all of them. */
  enter(building: string, storey: string | null): void {
    this.#app.go({ inside: { building, storey } });
  }

  leave(): void {
    this.way.set(IDLE);
    this.#app.go({ inside: null });
  }

  retry(): void {
    this.#asked = '';
    this.#want();
  }

  /** Finds the way from a room to the street. */
  async findWayOut(building: string, room: string): Promise<void> {
    this.#wayRequest?.abort();
    const { signal } = (this.#wayRequest = new AbortController());
    await loadInto(this.way.get, (value) => {
      if (!signal.aborted) this.way.set(value);
    }, async () => {
      const answer = await this.#app.api.door('/api/indoors/route', { building, from: room, to: 'outside', asOf: this.#app.asOf }, signal);
      const { geometry, properties } = answer as { geometry: { coordinates: readonly Position[] }; properties: { length_m: number; duration_s: number } };
      return { from: room, line: geometry.coordinates, lengthMetres: properties.length_m, seconds: properties.duration_s };
    });
  }

  #want = (): void => {
    const inside: InsideSetting | null = this.#app.address.get().inside;
    const building = inside?.building ?? buildingOf(this.#app.entity.get().value);
    const known = this.#app.summary.get().value?.types.some(({ type }) => type === 'BuildingStorey') ?? false;
    const asOf = this.#app.restingAsOf.get();
    const storey = inside?.storey ?? null;
    const key = building && known ? `${building} ${storey} ${asOf} ${this.#app.cityEdition.get()}` : '';
    if (key === this.#asked) return;
    this.#asked = key;
    this.#request?.abort();
    if (!building || !known) return this.plan.set(IDLE);
    if (this.plan.get().value?.building.id !== building) this.plan.set(IDLE);
    const { signal } = (this.#request = new AbortController());
    void loadInto(this.plan.get, (value) => {
      if (!signal.aborted) this.plan.set(value);
    }, async () => (await this.#app.api.door('/api/indoors', { building, storey, asOf }, signal)) as IndoorPlan);
  };
}
