// Whose data the map shows: asked of the server, for most files do not say it.
import { isUnderground } from '../math/underground';
import type { CityApi } from './api';
import { isOfCity } from './catalogue';
import { Store } from './store';
import type { Loadable, Summary } from './types';

/** Ids of what was read of a file of OpenStreetMap. */
const OF_OSM = '^urn:ngsi-ld:[A-Za-z]+:osm-';

export type Credit = 'map.copyright' | 'map.inventedCity';

export class Credits {
  readonly list = new Store<readonly Credit[]>([]);
  readonly #api: CityApi;
  #asked = '';

  constructor(api: CityApi) {
    this.#api = api;
  }

  /** To be called with each summary: asks again when there are others or more of a type. */
  follow = async ({ value }: Loadable<Summary>): Promise<void> => {
    if (!value) return;
    const types = value.types.filter(({ type, count }) => count > 0 && (isOfCity(type) || isUnderground(type)));
    const asked = types.map(({ type, count }) => `${type} ${count}`).join();
    if (asked === this.#asked) return;
    this.#asked = asked;
    const invented: Credit[] = value.types.some(({ type }) => type === 'City') ? ['map.inventedCity'] : [];
    try {
      const osm: Credit[] = types.length > 0 && (await this.#api.hasAny(types.map(({ type }) => type), OF_OSM)) ? ['map.copyright'] : [];
      if (asked === this.#asked) this.list.set([...osm, ...invented]);
    } catch {
      // Asked again with the next summary.
      if (asked === this.#asked) this.#asked = '';
    }
  };
}
