// The fixed layers of an imported city (roads, areas, points): fetched when first shown, drawn again when theme or city change.
import type { BillboardCollection, Scene } from 'cesium';
import type { Theme } from '../math/paint';
import type { App } from '../state/app';
import { isAbort } from '../state/api';
import { FIXED_LAYERS, isShown, type LayerRow } from '../state/catalogue';
import { colourIn, isSeen, lookOf } from '../state/looks';
import type { MapFeature } from '../state/ngsi';
import { isRaised, raisedRoads, Slot } from './flat';
import { GroundImagery } from './ground_imagery';
import { pointMarks } from './points';
import { hasTerrain } from './terrain';

const COVERS_FROM = 0.7;

/** One fixed layer. What it holds is named by `#key`, so that nothing is fetched or drawn twice. */
class CityLayer {
  readonly #app: App;
  readonly #scene: Scene;
  readonly #row: LayerRow;
  readonly #ground: GroundImagery;
  readonly #slot: Slot;
  #marks: BillboardCollection | null = null;
  #features: readonly MapFeature[] = [];
  #key = '';
  #drawnKey = '';
  #request: AbortController | null = null;
  failed = false;
  loading = false;

  constructor(app: App, scene: Scene, row: LayerRow, ground: GroundImagery) {
    [this.#app, this.#scene, this.#row, this.#ground] = [app, scene, row, ground];
    this.#slot = new Slot(scene);
  }

  get type(): string {
    return this.#row.type;
  }

  feature(id: string): MapFeature | undefined {
    return this.#features.find((feature) => feature.id === id);
  }

  /** Brings the layer to what the state says; `told` is called when loading starts or ends. */
  async update(told: () => void): Promise<void> {
    const { type } = this.#row;
    const count = (value: App["summary"]): number => value.get().value?.types.find((one) => one.type === type)?.count ?? 0;
    const [now, then] = [count(this.#app.summary), count(this.#app.summaryThen)];
    const shown = isShown(this.#app.address.get(), type) && then > 0;
    if (shown) {
      const asOf = now === then ? null : this.#app.asOf;
      await this.#fetch(`${this.#app.cityEdition.get()} ${asOf ?? 'now'}`, asOf, told);
    }
    this.#draw(shown);
    this.#slot.show(shown && !isLookedThrough(this.#app));
    if (this.#marks) this.#marks.show = shown;
    this.#scene.requestRender();
  }

  destroy(): void {
    this.#request?.abort();
    this.#slot.destroy();
  }

  async #fetch(key: string, asOf: string | null, told: () => void): Promise<void> {
    if (key === this.#key && !this.failed) return;
    this.#key = key;
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    const features: MapFeature[] = [];
    this.loading = true;
    told();
    try {
      await this.#app.api.features(this.#row.type, (page) => features.push(...page), { asOf, signal: request.signal });
      this.#features = features;
      this.failed = false;
    } catch (error) {
      if (isAbort(error)) return;
      this.failed = true;
    }
    this.loading = false;
    told();
  }

  #draw(shown: boolean): void {
    if (!shown && this.#drawnKey === '') return;
    const { theme } = this.#app.settings.get();
    const look = lookOf(this.#app, this.#row.type);
    const isRaising = this.#row.kind === 'roads' && hasTerrain(this.#scene);
    const key = `${this.#key} ${theme} ${this.#features.length} ${look?.key} ${isRaising} ${shown}`;
    if (key === this.#drawnKey || this.loading) return;
    this.#drawnKey = key;
    const seen = !shown ? [] : look?.filter ? this.#features.filter(({ id }) => isSeen(look, id)) : this.#features;
    const colourOf = (id: string): string | null => colourIn(look, id);
    if (this.#row.kind === 'points') return this.#drawPoints(seen, theme, colourOf);
    const raised = isRaising ? seen.filter(isRaised) : [];
    this.#slot.put(raisedRoads(raised, theme, colourOf));
    this.#ground.put(this.#row.type, raised.length > 0 ? seen.filter((feature) => !isRaised(feature)) : seen);
  }

  #drawPoints(seen: readonly MapFeature[], theme: Theme, colourOf: (id: string) => string | null): void {
    if (this.#marks) this.#scene.primitives.remove(this.#marks);
    this.#marks = this.#scene.primitives.add(pointMarks(this.#scene, seen, this.#row.type, theme, colourOf)) as BillboardCollection;
  }
}

/** Roads and areas lie on the ground: where it is looked through, they are too. */
const isLookedThrough = (app: App): boolean => (app.address.get().under?.ground ?? 1) < COVERS_FROM;

/** All fixed layers but those drawn from tiles. */
export class CityLayers {
  readonly #app: App;
  readonly #layers: readonly CityLayer[];
  readonly ground: GroundImagery;

  constructor(app: App, scene: Scene) {
    this.#app = app;
    const ground = (this.ground = new GroundImagery(app, scene));
    this.#layers = FIXED_LAYERS.filter((row) => !['buildings', 'bodies', 'objects', 'raster'].includes(row.kind)).map((row) => new CityLayer(app, scene, row, ground));
  }

  update = (): void => {
    for (const layer of this.#layers) void layer.update(this.#tell);
    this.ground.show(!isLookedThrough(this.#app));
  };

  destroy(): void {
    for (const layer of this.#layers) layer.destroy();
    this.ground.destroy();
  }

  #tell = (): void => {
    const layersFailed = this.#layers.filter((layer) => layer.failed).map((layer) => layer.type);
    const layersLoading = this.#layers.filter((layer) => layer.loading).length;
    this.#app.mapStatus.update((status) => ({ ...status, layersFailed, layersLoading }));
  };
}
