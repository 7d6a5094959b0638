// Asks the server: every request has a time limit and ends in a value or an ApiFailure that panels can put in words.
import { readEntities, readEntity, readFeatures, readHistory, readValues, type EntityFacts, type HistoryPoint, type MapFeature } from './ngsi';
import type { Box, Position } from '../math/geo';
import type { ApiFailure, FailureKind, Json, Link, Loadable, ObjectCatalogue, Quality, RasterInfo, SearchResult, Subscriptions, Summary } from './types';
import { Waits } from './waits';

const TIMEOUT_MS = 20_000;
const PAGE_SIZE = 1000;
/** Of a type only so many are read at once. */
export const FEATURES_MAX = 40_000;
const AROUND_MAX = 1000;

/** Thrown by CityApi; carries the reason in parts. */
export class RequestError extends Error {
  constructor(readonly failure: ApiFailure) {
    super(`${failure.kind}: ${failure.detail}`);
  }
}

export interface ReadOptions {
  /** The city as recorded at this time (ISO 8601); now when null. */
  readonly asOf?: string | null;
  /** Another branch than main; main when null. */
  readonly branch?: string | null;
  readonly signal?: AbortSignal;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number | null;
}

function kindOfStatus(status: number): FailureKind {
  if (status === 404) return 'notFound';
  if (status === 429 || status === 503) return 'busy';
  return status >= 500 ? 'server' : 'refused';
}

async function problemOf(response: Response): Promise<ApiFailure> {
  let detail = `${response.status} ${response.statusText}`.trim();
  try {
    const problem = (await response.json()) as { title?: unknown; detail?: unknown };
    const texts = [problem.title, problem.detail].filter((text): text is string => typeof text === 'string');
    if (texts.length > 0) detail = texts.join(': ');
  } catch {
    // Not every error has a body; the status says enough.
  }
  return { kind: kindOfStatus(response.status), detail };
}

/** The reason behind anything thrown by a request. */
export function failureOf(error: unknown): ApiFailure {
  if (error instanceof RequestError) return error.failure;
  return { kind: 'unreachable', detail: error instanceof Error ? error.message : String(error) };
}

/** True when the caller itself gave the request up. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

type Query = Readonly<Record<string, string | number | null | undefined>>;

/** Path with query; absent values are left out. */
export function pathWith(path: string, query: Query): string {
  const parts = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  if (parts.length === 0) return path;
  return `${path}?${new URLSearchParams(parts.map(([key, value]): [string, string] => [key, String(value)]))}`;
}

/** Where the tiles of a layer are, as of a time or now. */
export const layerTiles = (layer: string, asOf: string | null): string => pathWith(`/tiles/${layer}/tileset.json`, { asOf });

/** Where the tiles of a building's inside are, as of a time or now. */
export const indoorTiles = (building: string, asOf: string | null): string => pathWith(`/tiles/indoors/${encodeURIComponent(building)}/tileset.json`, { asOf });

export class CityApi {
  readonly #fetch: typeof fetch;
  readonly #waits: Waits;

  constructor(fetchFunction: typeof fetch = fetch.bind(globalThis), waits = new Waits()) {
    [this.#fetch, this.#waits] = [fetchFunction, waits];
  }

  async #get(path: string, signal?: AbortSignal, accept = 'application/json'): Promise<Response> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    let response: Response;
    try {
      response = await this.#fetch(path, { headers: { accept }, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
    } catch (error) {
      if (signal?.aborted) throw new DOMException('given up', 'AbortError');
      if (timeout.aborted) throw new RequestError({ kind: 'timeout', detail: path });
      throw new RequestError({ kind: 'unreachable', detail: failureOf(error).detail });
    }
    if (!response.ok) throw new RequestError(await problemOf(response));
    return response;
  }

  /** What the picture or a panel waits for. */
  #json(path: string, signal?: AbortSignal, accept?: string): Promise<{ body: unknown; response: Response }> {
    return this.#waits.during(this.#answer(path, signal, accept));
  }

  async #answer(path: string, signal?: AbortSignal, accept?: string): Promise<{ body: unknown; response: Response }> {
    const response = await this.#get(path, signal, accept);
    try {
      return { body: await response.json(), response };
    } catch (error) {
      if (signal?.aborted) throw new DOMException('given up', 'AbortError');
      throw new RequestError({ kind: 'unreadable', detail: failureOf(error).detail });
    }
  }

  async summary({ asOf, signal }: ReadOptions = {}): Promise<Summary> {
    return (await this.#json(pathWith('/api/summary', { asOf }), signal)).body as Summary;
  }

  async search(text: string, { asOf, signal }: ReadOptions = {}): Promise<readonly SearchResult[]> {
    const { body } = await this.#json(pathWith('/api/search', { q: text, limit: 20, asOf }), signal);
    return (body as { results?: readonly SearchResult[] }).results ?? [];
  }

  /** Asked every few seconds for one panel: nothing waits for it. */
  async links(signal?: AbortSignal): Promise<readonly Link[]> {
    return ((await this.#answer('/api/links', signal)).body as { links?: readonly Link[] }).links ?? [];
  }

  /** How far subscribers are behind, the furthest first. */
  async subscriptions(signal?: AbortSignal): Promise<Subscriptions> {
    return (await this.#answer('/api/subscriptions?limit=20', signal)).body as Subscriptions;
  }

  /** How good the data of each type and source are. */
  async quality(signal?: AbortSignal): Promise<Quality> {
    return (await this.#answer('/api/quality', signal)).body as Quality;
  }

  /** The version of a layer's tiles, equal exactly when what they draw is, and whether there are any. */
  async tiles(layer: string, { asOf, signal }: ReadOptions = {}): Promise<{ version: string; empty: boolean }> {
    const path = layerTiles(layer, asOf ?? null);
    const tileset = (await this.#json(path, signal)).body as { asset?: { tilesetVersion?: string }; root?: { content?: unknown; children?: unknown } };
    const version = tileset.asset?.tilesetVersion;
    if (version === undefined) throw new RequestError({ kind: 'unreadable', detail: path });
    return { version, empty: tileset.root?.content === undefined && tileset.root?.children === undefined };
  }

  /** The tiles of a layer that changed since the tileset of `version`; null when all of it must be loaded again. */
  async changedTiles(layer: string, version: string, signal?: AbortSignal): Promise<{ version: string; changed: readonly string[] | null }> {
    const path = `/tiles/${layer}/changes/${version}.json`;
    const body = (await this.#json(path, signal)).body as { version?: string; changed?: readonly string[] | null };
    if (body.version === undefined) throw new RequestError({ kind: 'unreadable', detail: path });
    return { version: body.version, changed: body.changed ?? null };
  }

  async entity(id: string, { asOf, branch, signal }: ReadOptions = {}): Promise<EntityFacts> {
    const path = pathWith(`/ngsi-ld/v1/entities/${encodeURIComponent(id)}`, { options: 'sysAttrs', asOf, branch });
    const entity = readEntity((await this.#json(path, signal)).body);
    if (!entity) throw new RequestError({ kind: 'unreadable', detail: id });
    return entity;
  }

  async entities(type: string, page: { offset: number; limit: number }, { asOf, signal }: ReadOptions = {}): Promise<Page<EntityFacts>> {
    const path = pathWith('/ngsi-ld/v1/entities', { type, ...page, count: 'true', options: 'sysAttrs', asOf });
    const { body, response } = await this.#json(path, signal);
    const total = Number(response.headers.get('NGSILD-Results-Count') ?? NaN);
    return { items: readEntities(body), total: Number.isFinite(total) ? total : null };
  }

  /** Writes by NGSI-LD. Rejects with a RequestError when the server does not take it. */
  async change(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<void> {
    await this.send(method, path, body);
  }

  /** Sends a request that changes something; the answer is its body, null when it has none. Rejects with a RequestError. */
  async send(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<{ readonly body: unknown }> {
    let response: Response;
    try {
      const content = body === undefined ? { headers } : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
      response = await this.#fetch(path, { method, ...content, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      throw new RequestError({ kind: 'unreachable', detail: failureOf(error).detail });
    }
    if (!response.ok) throw new RequestError(await problemOf(response));
    return { body: /json/.test(response.headers.get('content-type') ?? '') ? await response.json() : null };
  }

  /** A JSON door that is asked again and again: nothing waits for it. */
  async ask(path: string, query: Query): Promise<unknown> {
    return (await this.#answer(pathWith(path, query))).body;
  }

  /** Whether there is an entity of one of these types whose id has this pattern. */
  async hasAny(types: readonly string[], idPattern: string): Promise<boolean> {
    const { body } = await this.#json(pathWith('/ngsi-ld/v1/entities', { type: types.join(), idPattern, attrs: 'source', limit: 1 }));
    return readEntities(body).length > 0;
  }

  /** Any other JSON door; the caller knows its shape. */
  async door(path: string, query: Query, signal?: AbortSignal): Promise<unknown> {
    return (await this.#json(pathWith(path, query), signal)).body;
  }

  /** Id, value and unit of one attribute of the entities of a type that have it. */
  async values(type: string, attribute: string, page: { offset: number; limit: number }, { asOf, signal }: ReadOptions = {}): Promise<Page<[string, Json | undefined, string | undefined]>> {
    const path = pathWith('/ngsi-ld/v1/entities', { type, attrs: attribute, ...page, count: 'true', asOf });
    const { body, response } = await this.#json(path, signal);
    const total = Number(response.headers.get('NGSILD-Results-Count') ?? NaN);
    return { items: readValues(body, attribute), total: Number.isFinite(total) ? total : null };
  }

  /** The object library. */
  async objects(signal?: AbortSignal): Promise<ObjectCatalogue> {
    return (await this.#json('/api/objects', signal)).body as ObjectCatalogue;
  }

  /** The raster layers with their times and legends. */
  async rasters({ asOf, branch, signal }: ReadOptions = {}): Promise<readonly RasterInfo[]> {
    return ((await this.#json(pathWith('/api/rasters', { asOf, branch }), signal)).body as { rasters?: readonly RasterInfo[] }).rasters ?? [];
  }

  /** Entities of these types near a place, at most a thousand. */
  async around(types: readonly string[], [longitude, latitude]: Position, metres: number, { asOf, signal }: ReadOptions = {}): Promise<readonly EntityFacts[]> {
    const path = pathWith('/ngsi-ld/v1/entities', {
      type: types.join(), georel: `near;maxDistance==${metres}`, geometry: 'Point', coordinates: `[${longitude},${latitude}]`, limit: AROUND_MAX, asOf,
    });
    return readEntities((await this.#json(path, signal)).body);
  }

  /** All features of a type, page by page; `onPage` gets each page as it comes. */
  async features(type: string, onPage: (features: readonly MapFeature[]) => void, { asOf, signal }: ReadOptions = {}): Promise<void> {
    for (let offset = 0; offset < FEATURES_MAX; offset += PAGE_SIZE) {
      const path = pathWith('/ngsi-ld/v1/entities', { type, offset, limit: PAGE_SIZE, options: 'keyValues', asOf });
      const { body } = await this.#json(path, signal, 'application/geo+json');
      const features = readFeatures(body);
      onPage(features);
      const count = (body as { features?: readonly unknown[] }).features?.length ?? 0;
      if (count < PAGE_SIZE) return;
    }
  }

  /** The features of a type that a line crosses. */
  async featuresAlong(type: string, line: readonly Position[], { asOf, signal }: ReadOptions = {}): Promise<readonly MapFeature[]> {
    const coordinates = JSON.stringify(line.map(([longitude, latitude]) => [longitude, latitude]));
    const found: MapFeature[] = [];
    for (let offset = 0; offset < FEATURES_MAX; offset += PAGE_SIZE) {
      const path = pathWith('/ngsi-ld/v1/entities', { type, georel: 'intersects', geometry: 'LineString', coordinates, offset, limit: PAGE_SIZE, options: 'keyValues', asOf });
      const { body } = await this.#json(path, signal, 'application/geo+json');
      found.push(...readFeatures(body));
      if (((body as { features?: readonly unknown[] }).features?.length ?? 0) < PAGE_SIZE) break;
    }
    return found;
  }

  /** Features of a type in a box, `most` at most. */
  async featuresIn(type: string, [west, south, east, north]: Box, most: number, { asOf, signal }: ReadOptions = {}): Promise<readonly MapFeature[]> {
    const coordinates = JSON.stringify([[[west, south], [east, south], [east, north], [west, north], [west, south]]]);
    const found: MapFeature[] = [];
    for (let offset = 0; offset < most; offset += PAGE_SIZE) {
      const path = pathWith('/ngsi-ld/v1/entities', { type, georel: 'intersects', geometry: 'Polygon', coordinates, offset, limit: PAGE_SIZE, options: 'keyValues', asOf });
      const { body } = await this.#json(path, signal, 'application/geo+json');
      found.push(...readFeatures(body));
      if (((body as { features?: readonly unknown[] }).features?.length ?? 0) < PAGE_SIZE) break;
    }
    return found;
  }

  /** The last points of a numeric attribute; only those before `beforeMs` when given. */
  async history(id: string, attribute: string, query: HistoryQuery, signal?: AbortSignal): Promise<readonly HistoryPoint[]> {
    const before = query.beforeMs === null ? {} : { timerel: 'before', timeAt: new Date(query.beforeMs).toISOString() };
    const path = pathWith(`/ngsi-ld/v1/temporal/entities/${encodeURIComponent(id)}`, {
      attrs: attribute, options: 'temporalValues', lastN: query.lastN, timeproperty: query.timeProperty, ...before,
    });
    return readHistory((await this.#json(path, signal)).body, attribute);
  }
}

export interface HistoryQuery {
  readonly lastN: number;
  readonly beforeMs: number | null;
  readonly timeProperty: 'observedAt' | 'modifiedAt';
}

/** Runs a request into `set`: loading (old value kept), then ready or failed. A given-up request changes nothing. */
export async function loadInto<T>(get: () => Loadable<T>, set: (value: Loadable<T>) => void, request: () => Promise<T>): Promise<void> {
  set({ state: 'loading', value: get().value, error: null });
  try {
    set({ state: 'ready', value: await request(), error: null });
  } catch (error) {
    if (!isAbort(error)) set({ state: 'failed', value: get().value, error: failureOf(error) });
  }
}
