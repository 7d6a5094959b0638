// What the flat map draws: the features of each shown layer, read once per moment, or of the part seen when there are very many.
import { boxOf, type Box } from '../math/geo';
import { UNDERGROUND_TYPES } from '../math/underground';
import { isAbort } from '../state/api';
import type { App } from '../state/app';
import { FIXED_LAYERS, isShown } from '../state/catalogue';
import type { MapFeature } from '../state/ngsi';
import { placesAmong } from '../state/places';
import type { BoxedFeature } from './ground_draw';

/** Up to so many of a type are read at once; of more, those in the part seen. */
const WHOLE_MAX = 20_000;
const PART_MAX = 4000;

/** Features that have a place, with their boxes. */
export const boxed = (features: readonly MapFeature[]): BoxedFeature[] => features.flatMap((feature) => {
  const box = boxOf(feature.geometry);
  return box ? [{ ...feature, box }] : [];
});

export class PlaneData {
  readonly #app: App;
  readonly #told: () => void;
  readonly #features = new Map<string, readonly BoxedFeature[]>();
  readonly #keys = new Map<string, string>();
  readonly #requests = new Map<string, AbortController>();
  readonly #failed = new Set<string>();
  /** How many were read of types of which there are more in the part seen. */
  readonly #partly = new Map<string, number>();

  constructor(app: App, told: () => void) {
    [this.#app, this.#told] = [app, told];
  }

  of = (type: string): readonly BoxedFeature[] => placesAmong(this.#app, type, this.#features.get(type) ?? []);

  /** Reads what is shown and not here yet. `box` is what is seen. */
  want(box: Box): void {
    const address = this.#app.address.get();
    const counts = new Map((this.#app.summaryThen.get().value?.types ?? []).map(({ type, count }) => [type, count]));
    const places = this.#app.places.editions.get();
    const types = [...FIXED_LAYERS.map(({ type }) => type), ...places.keys(), ...(address.under ? UNDERGROUND_TYPES : [])];
    for (const type of types) {
      const count = counts.get(type) ?? 0;
      if (!isShown(address, type) || count === 0) continue;
      const whole = count <= WHOLE_MAX;
      const key = `${this.#app.cityEdition.get()} ${places.get(type) ?? ''} ${this.#app.restingAsOf.get()} ${whole ? '' : box.map((one) => one.toFixed(3)).join()}`;
      if (this.#keys.get(type) !== key) void this.#read(type, key, whole ? null : box);
    }
  }

  async #read(type: string, key: string, box: Box | null): Promise<void> {
    this.#requests.get(type)?.abort();
    const request = new AbortController();
    this.#requests.set(type, request);
    this.#keys.set(type, key);
    const options = { asOf: this.#app.restingAsOf.get(), signal: request.signal };
    const features: MapFeature[] = [];
    this.#tell();
    try {
      if (box) features.push(...(await this.#app.api.featuresIn(type, box, PART_MAX, options)));
      else await this.#app.api.features(type, (page) => features.push(...page), options);
      this.#features.set(type, boxed(features));
      if (box && features.length >= PART_MAX) this.#partly.set(type, features.length);
      else this.#partly.delete(type);
      this.#failed.delete(type);
    } catch (error) {
      if (isAbort(error)) return;
      this.#failed.add(type);
    }
    this.#requests.delete(type);
    this.#tell();
    this.#told();
  }

  #tell(): void {
    const layersLoading = this.#requests.size;
    this.#app.mapStatus.update((status) => ({ ...status, layersLoading, layersFailed: [...this.#failed], partly: Object.fromEntries(this.#partly), tiles: layersLoading > 0 ? 'loading' : 'ready' }));
  }

  destroy(): void {
    for (const request of this.#requests.values()) request.abort();
  }
}
