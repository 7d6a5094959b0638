// Raster layers over time: what there is, and which step shows at a moment.
import { parseInstant } from '../math/time';
import { loadInto, pathWith, type CityApi } from './api';
import type { Names } from './ngsi';
import { Store } from './store';
import { IDLE, type Loadable, type RasterInfo } from './types';

export const RASTER_TYPE = 'RasterLayer';

export class Rasters {
  readonly list = new Store<Loadable<readonly RasterInfo[]>>(IDLE);
  readonly #api: CityApi;

  constructor(api: CityApi) {
    this.#api = api;
  }

  /** The step of a layer that a person chose, by its id; the others show that of the moment looked at. */
  readonly chosen = new Store<Readonly<Record<string, string>>>({});

  load = (asOf: string | null, branch: string | null = null): Promise<void> => loadInto(this.list.get, this.list.set, () => this.#api.rasters({ asOf, branch }));

  choose = (id: string, time: string): void => this.chosen.update((all) => ({ ...all, [id]: time }));
}

/** The time of the last step at or before a moment, else of the first; null without steps. */
export function stepAt({ times }: RasterInfo, ms: number): string | null {
  return [...times].reverse().find((time) => (parseInstant(time) ?? Infinity) <= ms) ?? times[0] ?? null;
}

/** Where the tiles of a step are. */
export function rasterTiles({ tiles }: RasterInfo, time: string, asOf: string | null, branch: string | null = null): string {
  return `${tiles}${pathWith('', { time, asOf, branch })}`;
}

/** The name in words of a language; the id's own last part where it has none. */
export function rasterNames({ id, name }: RasterInfo): Names {
  return typeof name === 'string' ? { '@none': name } : (name ?? { '@none': id.split(':').at(-1) ?? id });
}
