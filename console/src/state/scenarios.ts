// Scenarios: branches of the city under a name, what they change, what is said and decided of them; and the work on the one that is open.
import type { Geometry, Position } from '../math/geo';
import { isGeometry } from '../math/geo';
import type { Address } from './address';
import { loadInto, pathWith, type CityApi } from './api';
import { nameIn, namesOf } from './ngsi';
import { Store, watch, type Watched } from './store';
import { IDLE, type Json, type Loadable } from './types';
import type { UndoList } from './undo';

export const STATUSES = ['draft', 'proposed', 'approved', 'rejected', 'merged', 'archived'] as const;
export type ScenarioStatus = (typeof STATUSES)[number];

export interface Step {
  readonly status: ScenarioStatus;
  readonly at: string;
  readonly author: string;
  readonly note?: string;
}

export interface Comment {
  readonly text: string;
  readonly author: string;
  readonly at: string;
}

export interface Scenario {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: ScenarioStatus;
  readonly branch: string;
  readonly forkedAt?: string;
  readonly createdAt?: string;
  readonly author?: string;
  readonly commentCount?: number;
  readonly steps?: readonly Step[];
  readonly comments?: readonly Comment[];
}

export interface AttributeChange {
  readonly name: string;
  readonly before?: Json;
  readonly after?: Json;
}

export interface ScenarioChange {
  readonly id: string;
  readonly kind: 'created' | 'changed' | 'deleted';
  readonly types: readonly string[];
  readonly name?: Json;
  readonly location?: Json;
  readonly attributes: readonly AttributeChange[];
}

export interface ScenarioChanges {
  readonly count: number;
  readonly changes: readonly ScenarioChange[];
}

/** What of a scenario is drawn over the city. */
export interface Overlaid {
  readonly id: string;
  readonly kind: 'created' | 'changed' | 'deleted' | 'closed';
  readonly geometry: Geometry;
  /** Of a body; 0 when it is flat or not known. */
  readonly heightMetres: number;
}

/** The statuses to which a person can take a scenario from one. */
export const NEXT: Readonly<Record<ScenarioStatus, readonly ScenarioStatus[]>> = {
  draft: ['proposed', 'archived'], proposed: ['approved', 'rejected', 'draft'], approved: ['draft', 'archived'], rejected: ['draft', 'archived'], merged: ['archived'], archived: ['draft'],
};

/** Whether a scenario may be worked on. */
export const isOpen = (status: ScenarioStatus): boolean => status === 'draft' || status === 'proposed' || status === 'rejected';

const PAGE = 500;
/** Of a scenario only so many changes are listed and drawn. */
const CHANGES_MAX = 2000;
export const HEIGHT_MAX_M = 1000;

type Fields = { readonly [key: string]: Json };
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The unit that an attribute names, of the first instance. */
export function unitOf(attribute: Json | undefined): string | undefined {
  const first = Array.isArray(attribute) ? (attribute as readonly Json[])[0] : attribute;
  const unit = isFields(first) ? first['unitCode'] : undefined;
  return typeof unit === 'string' ? unit : undefined;
}

/** The bare value of an attribute as the server writes it: of the first instance. */
export function bareValue(attribute: Json | undefined): Json | undefined {
  const first = Array.isArray(attribute) ? (attribute as readonly Json[])[0] : attribute;
  if (!isFields(first)) return first;
  const key = ['value', 'object', 'languageMap', 'vocab', 'json', 'valueList', 'objectList'].find((one) => one in first);
  return key === undefined ? undefined : first[key];
}

const afterOf = (change: ScenarioChange, name: string): Json | undefined => bareValue(change.attributes.find((one) => one.name === name)?.after);

/** The name of what was changed; null when it has none. */
export function changeName(change: ScenarioChange, language: string): string | null {
  return nameIn(namesOf(bareValue(change.name)), language);
}

/** What is drawn of a change; null when it has no place. */
export function overlaidOf(change: ScenarioChange): Overlaid | null {
  if (!isGeometry(change.location)) return null;
  const height = afterOf(change, 'height');
  const closed = change.kind !== 'deleted' && afterOf(change, 'closed') === true;
  return { id: change.id, kind: closed ? 'closed' : change.kind, geometry: change.location, heightMetres: typeof height === 'number' && height > 0 ? Math.min(height, HEIGHT_MAX_M) : 0 };
}

/** A ring of places as a footprint: closed, counter-clockwise, without heights. */
export function footprintOf(points: readonly Position[]): Geometry {
  const ring = points.map(([longitude, latitude]): Position => [longitude, latitude]);
  const twice = ring.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length] ?? [x, y];
    return sum + x * nextY - nextX * y;
  }, 0);
  const turned = twice < 0 ? ring.reverse() : ring;
  const [first] = turned;
  return { type: 'Polygon', coordinates: [first ? [...turned, first] : turned] };
}

interface Place {
  readonly address: Watched<Address>;
  go(change: Partial<Address>, push?: boolean): void;
  loadEntity(fresh: boolean): Promise<void>;
}

export interface NewBuilding {
  readonly name: string;
  readonly heightMetres: number;
  readonly points: readonly Position[];
}

export class Scenarios {
  readonly list = new Store<Loadable<readonly Scenario[]>>(IDLE);
  readonly current = new Store<Loadable<Scenario>>(IDLE);
  readonly changes = new Store<Loadable<ScenarioChanges>>(IDLE);
  /** Whether the next thing chosen on the map is a street to close. */
  readonly closing = new Store(false);
  /** A footprint that was drawn and waits for its height, and that height. */
  readonly footprint = new Store<{ readonly points: readonly Position[]; readonly heightMetres: number } | null>(null);
  readonly #api: CityApi;
  readonly #undo: UndoList;
  readonly #place: Place;
  readonly #newId: () => string;

  constructor(api: CityApi, undo: UndoList, place: Place, newId: () => string) {
    [this.#api, this.#undo, this.#place, this.#newId] = [api, undo, place, newId];
  }

  /** Keeps what is read in step with the address. */
  follow = (): (() => void) => watch(this.#place.address, ({ scenario }) => scenario, (id) => {
    this.closing.set(false);
    this.footprint.set(null);
    this.current.set(IDLE);
    this.changes.set(IDLE);
    if (id !== null) void this.read();
  });

  load = (): Promise<void> => loadInto(this.list.get, this.list.set, async () => ((await this.#api.door('/api/scenarios', {})) as { scenarios?: readonly Scenario[] }).scenarios ?? []);

  /** Reads the open scenario and its changes. */
  read = async (): Promise<void> => {
    const { scenario: id } = this.#place.address.get();
    if (id === null) return;
    const still = <T>(store: Store<Loadable<T>>) => (value: Loadable<T>): void => { if (this.#place.address.get().scenario === id) store.set(value); };
    await Promise.all([
      loadInto(this.current.get, still(this.current), async () => (await this.#api.door(this.#path(), {})) as Scenario),
      loadInto(this.changes.get, still(this.changes), () => this.#readChanges()),
    ]);
  };

  async #readChanges(): Promise<ScenarioChanges> {
    const path = this.#path('/changes');
    const all: ScenarioChange[] = [];
    for (let offset: number | undefined = 0; offset !== undefined && all.length < CHANGES_MAX;) {
      const page = (await this.#api.door(path, { offset, limit: PAGE })) as { count?: number; next?: number; changes?: readonly ScenarioChange[] };
      all.push(...(page.changes ?? []));
      offset = page.next;
      if (offset === undefined || all.length >= CHANGES_MAX) return { count: page.count ?? all.length, changes: all };
    }
    return { count: all.length, changes: all };
  }

  /** What is drawn over the city. */
  get overlay(): readonly Overlaid[] {
    return (this.changes.get().value?.changes ?? []).map(overlaidOf).filter((one): one is Overlaid => one !== null);
  }

  /** Makes a scenario and opens it. Rejects with a RequestError when the server does not take it. */
  async make(name: string, description: string, author: string): Promise<void> {
    const made = (await this.#api.send('POST', '/api/scenarios', { name, description, author })).body as Scenario;
    this.#place.go({ scenario: made.id });
    await this.load();
  }

  /** Renames it, or takes the next step of its decision. */
  async change(change: Readonly<Record<string, string>>): Promise<void> {
    await this.#api.send('PATCH', this.#path(), change);
    await Promise.all([this.read(), this.load()]);
  }

  async comment(text: string, author: string): Promise<void> {
    await this.#api.send('POST', this.#path('/comments'), { text, author });
    await this.read();
  }

  async merge(author: string): Promise<void> {
    await this.#api.send('POST', this.#path('/merge'), { author });
    await Promise.all([this.read(), this.load()]);
  }

  async remove(): Promise<void> {
    await this.#api.send('DELETE', this.#path());
    this.#place.go({ scenario: null });
    await this.load();
  }

  /** Makes an entity of the branch what it was at the fork. */
  async revert(entityId: string): Promise<void> {
    await this.#edit(() => this.#api.send('POST', this.#path('/revert'), { entityId }));
  }

  async placeBuilding({ name, heightMetres, points }: NewBuilding): Promise<string> {
    const id = `urn:ngsi-ld:Building:planned-${this.#newId()}`;
    const entity = {
      id, type: 'Building', name: { type: 'Property', value: name }, height: { type: 'Property', value: heightMetres, unitCode: 'MTR' },
      location: { type: 'GeoProperty', value: footprintOf(points) },
    };
    const create = (): Promise<void> => this.#edit(() => this.#api.send('POST', this.#onBranch('/ngsi-ld/v1/entities'), entity));
    await create();
    this.footprint.set(null);
    this.#undo.did({ text: 'undo.buildingPlanned', undo: () => this.#edit(() => this.#api.send('DELETE', this.#onBranch(`/ngsi-ld/v1/entities/${encodeURIComponent(id)}`))), redo: create });
    return id;
  }

  /** Closes a street on the branch. False when it is none: it has no line. */
  async closeStreet(id: string): Promise<boolean> {
    const { scenario } = this.#place.address.get();
    const facts = await this.#api.entity(id, { branch: scenario });
    if (facts.geometry?.type !== 'LineString' && facts.geometry?.type !== 'MultiLineString') return false;
    this.closing.set(false);
    const before = facts.attributes.find(({ name }) => name === 'closed');
    const path = `/ngsi-ld/v1/entities/${encodeURIComponent(id)}/attrs`;
    const put = (value: Json): Promise<void> => this.#edit(() => this.#api.send('POST', this.#onBranch(path), { closed: { type: 'Property', value } }));
    const undo = (): Promise<void> => (before ? put(before.value) : this.#edit(() => this.#api.send('DELETE', this.#onBranch(`${path}/closed`))));
    await put(true);
    this.#undo.did({ text: 'undo.streetClosed', undo, redo: () => put(true) });
    return true;
  }

  async #edit(work: () => Promise<unknown>): Promise<void> {
    await work();
    await Promise.all([this.read(), this.#place.loadEntity(false)]);
  }

  #path(rest = ''): string {
    return `/api/scenarios/${encodeURIComponent(this.#place.address.get().scenario ?? '')}${rest}`;
  }

  #onBranch(path: string): string {
    return pathWith(path, { branch: this.#place.address.get().scenario });
  }
}
