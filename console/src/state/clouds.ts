// Point clouds: which there are, and by what their points are coloured.
import { cloudClassOf, type CloudClass, type HeightRange } from '../math/clouds';
import { loadInto, pathWith, type CityApi } from './api';
import { plainValue, type MapFeature } from './ngsi';
import { Store } from './store';
import { IDLE, type Loadable } from './types';

export const CLOUD_TYPE = 'PointCloud';

export class PointClouds {
  readonly list = new Store<Loadable<readonly MapFeature[]>>(IDLE);
  readonly #api: CityApi;
  #request: AbortController | null = null;

  constructor(api: CityApi) {
    this.#api = api;
  }

  /** Reads which clouds there are as of a time, or now. */
  load = async (asOf: string | null): Promise<void> => {
    this.#request?.abort();
    const { signal } = (this.#request = new AbortController());
    await loadInto(this.list.get, (value) => {
      if (!signal.aborted) this.list.set(value);
    }, async () => {
      const clouds: MapFeature[] = [];
      await this.#api.features(CLOUD_TYPE, (page) => clouds.push(...page), { asOf, signal });
      return clouds;
    });
  };
}

/** Where the tiles of a point cloud are, as of a time or now. */
export const cloudTiles = (id: string, asOf: string | null): string => pathWith(`/tiles/points/${encodeURIComponent(id)}/tileset.json`, { asOf });

/** The bytes of a cloud's tiles have this name: equal names, equal points. */
export const cloudVersion = ({ properties }: MapFeature): string => String(plainValue(properties['tileset']) ?? '');

const hasColour = ({ properties }: MapFeature): boolean => plainValue(properties['hasColour']) === true;

/** From the lowest to the highest point of these clouds; null where none says it. */
export function heightsOfClouds(clouds: readonly MapFeature[]): HeightRange | null {
  const ends = (name: string): number[] => clouds.map(({ properties }) => plainValue(properties[name])).filter((value): value is number => typeof value === 'number');
  const [lows, highs] = [ends('heightMin'), ends('heightMax')];
  return lows.length > 0 && highs.length > 0 ? { lowMetres: Math.min(...lows), highMetres: Math.max(...highs) } : null;
}

/** What the colours of these clouds mean: that of the picture taken with them, or the class of each point. */
export function coloursOfClouds(clouds: readonly MapFeature[]): { readonly pictured: boolean; readonly classes: readonly CloudClass[] } {
  const classes = new Set<CloudClass>();
  for (const cloud of clouds.filter((one) => !hasColour(one))) {
    const counts = plainValue(cloud.properties['pointCountsByClass']);
    const byNumber = typeof counts === 'object' && counts !== null && 'json' in counts ? counts['json'] : counts;
    for (const number of Object.keys(byNumber ?? {})) classes.add(cloudClassOf(Number(number)));
  }
  return { pictured: clouds.some(hasColour), classes: [...classes].sort() };
}
