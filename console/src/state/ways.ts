// What the server says of two places: the way by road between them, and whether one sees the other over the ground.
import type { Position } from '../math/geo';
import { formatShape, type Shape } from '../math/shape';
import { loadInto, RequestError, type CityApi } from './api';
import { Store } from './store';
import { IDLE, type Loadable } from './types';

/** Eyes of somebody who stands, and a thing that one wants to see, above what was clicked on. */
const EYE_METRES = 1.7;
const TARGET_METRES = 0.5;

export interface Route {
  readonly kind: 'route';
  readonly line: readonly Position[];
  readonly lengthMetres: number;
  readonly seconds: number;
}

export interface Sight {
  readonly kind: 'sight';
  readonly eye: Position;
  readonly target: Position;
  readonly clear: boolean;
  /** False where terrain is missing under the line: it is taken as no obstacle. */
  readonly complete: boolean;
  readonly metres: number;
  /** Of the line over the ground; negative: that deep in it. Null where no terrain is under it. */
  readonly clearanceMetres: number | null;
  /** The first ground that stands in between. */
  readonly obstacle: Position | null;
}

export type Way = Route | Sight;

const placeText = (place: Position): string => place.join();
const isAsked = ({ kind, points }: Shape): boolean => (kind === 'route' || kind === 'sight') && points.length === 2;

async function readRoute(api: CityApi, [from, to]: readonly [Position, Position], signal: AbortSignal): Promise<Route> {
  const flat = ([x, y]: Position): string => placeText([x, y]);
  const answer = await api.door('/api/route', { from: flat(from), to: flat(to) }, signal);
  const { geometry, properties } = answer as { geometry: { coordinates: readonly Position[] }; properties: { length_m: number; duration_s: number } };
  return { kind: 'route', line: geometry.coordinates, lengthMetres: properties.length_m, seconds: properties.duration_s };
}

/** Each end stands on what was clicked on, a roof for instance, or on the ground where that is higher. */
async function readSight(api: CityApi, ends: readonly [Position, Position], asOf: string | null, signal: AbortSignal): Promise<Sight> {
  const at = ends.map(([x, y]) => placeText([x, y])).join(';');
  const { heights } = (await api.door('/api/terrain/height', { at, asOf }, signal)) as { heights: readonly { readonly height_m: number | null }[] };
  const ground = heights.map(({ height_m }) => height_m);
  if (ground.every((height) => height === null)) throw new RequestError({ kind: 'notFound', detail: '' });
  const standing = ([x, y, clicked = 0]: Position, i: number): Position => [x, y, Math.max(clicked, ground[i] ?? clicked) + (i === 0 ? EYE_METRES : TARGET_METRES)];
  const [eye, target] = [standing(ends[0], 0), standing(ends[1], 1)];
  const answer = await api.door('/api/terrain/line-of-sight', { from: placeText(eye), to: placeText(target), asOf }, signal);
  const { clear, complete, distance_m, leastClearance_m, obstacle } = answer as {
    clear: boolean; complete: boolean; distance_m: number; leastClearance_m: number | null; obstacle: { coordinates: Position } | null;
  };
  return { kind: 'sight', eye, target, clear, complete, metres: distance_m, clearanceMetres: leastClearance_m, obstacle: obstacle?.coordinates ?? null };
}

/** The answers for the drawn shapes that need one, each asked for once per moment and edition of the city. */
export class Ways {
  readonly answers = new Store<ReadonlyMap<string, Loadable<Way>>>(new Map());
  readonly #api: CityApi;
  readonly #requests = new Map<string, { readonly at: string; readonly abort: AbortController }>();

  constructor(api: CityApi) {
    this.#api = api;
  }

  get(shape: Shape): Loadable<Way> {
    return this.answers.get().get(formatShape(shape)) ?? IDLE;
  }

  /** Asks for what is drawn and not answered yet, and forgets what is not drawn any more. */
  want(shapes: readonly Shape[], asOf: string | null, edition: number): void {
    const asked = new Map(shapes.filter(isAsked).map((shape) => [formatShape(shape), shape]));
    for (const [key, { abort }] of this.#requests) {
      if (asked.has(key)) continue;
      abort.abort();
      this.#requests.delete(key);
      this.#put(key, null);
    }
    for (const [key, shape] of asked) {
      // The server knows the roads of today only.
      const at = shape.kind === 'route' ? `${edition}` : `${edition} ${asOf}`;
      if (this.#requests.get(key)?.at !== at) void this.#ask(key, shape, asOf, at);
    }
  }

  /** Asks again for one that failed. */
  retry(shape: Shape, asOf: string | null): void {
    const key = formatShape(shape);
    const at = this.#requests.get(key)?.at;
    if (at !== undefined) void this.#ask(key, shape, asOf, at);
  }

  async #ask(key: string, { kind, points }: Shape, asOf: string | null, at: string): Promise<void> {
    const [from, to] = points;
    if (!from || !to) return;
    this.#requests.get(key)?.abort.abort();
    const abort = new AbortController();
    this.#requests.set(key, { at, abort });
    const { signal } = abort;
    await loadInto<Way>(() => this.answers.get().get(key) ?? IDLE, (value) => {
      if (!signal.aborted) this.#put(key, value);
    }, () => (kind === 'route' ? readRoute(this.#api, [from, to], signal) : readSight(this.#api, [from, to], asOf, signal)));
  }

  #put(key: string, answer: Loadable<Way> | null): void {
    this.answers.update((answers) => {
      const next = new Map(answers);
      if (answer) next.set(key, answer);
      else next.delete(key);
      return next;
    });
  }
}
