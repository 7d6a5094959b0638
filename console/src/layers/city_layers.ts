// Roads, areas and places of an imported city, and places of types that nobody foresaw: fetched when first shown, drawn again when theme or city change.
import type { Scene } from 'cesium';
import type { Box } from '../math/geo';
import type { Theme } from '../math/paint';
import { partAround, suffices, type Part } from '../math/parts';
import type { App } from '../state/app';
import { FEATURES_MAX, isAbort } from '../state/api';
import { FIXED_LAYERS, isOfCity, isShown, type LayerRow } from '../state/catalogue';
import { colourIn, isSeen, lookOf } from '../state/looks';
import type { MapFeature } from '../state/ngsi';
import { placesAmong } from '../state/places';
import { boxSeen } from './controls';
import { isRaised, raisedRoads, Slot } from './flat';
import { colourOfPlace } from './ground_draw';
import { GroundImagery } from './ground_imagery';
import { PlaceMarks } from './points';
import { hasTerrain } from './terrain';

const COVERS_FROM = 0.7;
/** The kinds of layers that are drawn from features. */
const FEATURE_KINDS: readonly LayerRow['kind'][] = ['roads', 'areas', 'places'];

/** One layer. What it holds is named by `#key`, so that nothing is fetched or drawn twice. */
class CityLayer {
  readonly #app: App;
  readonly #scene: Scene;
  readonly #row: LayerRow;
  readonly #ground: GroundImagery;
  readonly #slot: Slot;
  #marks: PlaceMarks | null = null;
  #features: readonly MapFeature[] = [];
  #key = '';
  #drawnKey = '';
  /** Of very many features those that were read; null: all of them. */
  #part: Part | null = null;
  /** How often features came, so that another part of them is drawn. */
  #arrived = 0;
  #request: AbortController | null = null;
  /** Closed: what is still on its way is not drawn, since its scene is gone. */
  #ended = false;
  failed = false;
  loading = false;

  constructor(app: App, scene: Scene, row: LayerRow, ground: GroundImagery) {
    [this.#app, this.#scene, this.#row, this.#ground] = [app, scene, row, ground];
    this.#slot = new Slot(scene);
  }

  get type(): string {
    return this.#row.type;
  }

  /** How many are drawn of what is too much to be drawn at once; null when all that is seen is there. */
  get partly(): number | null {
    return this.#part && !this.#part.whole ? this.#features.length : null;
  }

  /** Whether another view has other features. */
  get isPart(): boolean {
    return this.#part !== null;
  }

  /** Brings the layer to what the state says; `told` is called when loading starts or ends. */
  async update(told: () => void): Promise<void> {
    const { type } = this.#row;
    const count = (value: App["summary"]): number => value.get().value?.types.find((one) => one.type === type)?.count ?? 0;
    const [now, then] = [count(this.#app.summary), count(this.#app.summaryThen)];
    const edition = this.#app.places.editions.get().get(type);
    const shown = isShown(this.#app.address.get(), type) && then > 0 && (isOfCity(type) || edition !== undefined);
    if (shown) {
      const asOf = now === then ? null : this.#app.asOf;
      await this.#fetch(`${this.#app.cityEdition.get()} ${edition ?? ''} ${asOf ?? 'now'}`, asOf, then > FEATURES_MAX ? boxSeen(this.#scene) : null, told);
    }
    if (this.#ended) return;
    this.#draw(shown);
    this.#slot.show(shown && !isLookedThrough(this.#app));
    this.#marks?.show(shown);
    this.#marks?.select(this.#app.address.get().selected);
    this.#scene.requestRender();
  }

  destroy(): void {
    this.#ended = true;
    this.#request?.abort();
    this.#slot.destroy();
    this.#marks?.destroy();
  }

  /** `seen` asks for what is in it alone. */
  async #fetch(key: string, asOf: string | null, seen: Box | null, told: () => void): Promise<void> {
    if (key === this.#key && !this.failed && (!seen || suffices(this.#part, seen))) return;
    this.#key = key;
    const part = (this.#part = seen && partAround(seen));
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    let features: MapFeature[] = [];
    this.loading = true;
    told();
    try {
      const options = { asOf, signal: request.signal };
      if (part) features = [...(await this.#app.api.featuresIn(this.#row.type, part.box, FEATURES_MAX, options))];
      else await this.#app.api.features(this.#row.type, (page) => features.push(...page), options);
      this.#features = features;
      this.#part = part && { ...part, whole: features.length < FEATURES_MAX };
      this.#arrived++;
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
    const { type, kind } = this.#row;
    const { theme } = this.#app.settings.get();
    const look = lookOf(this.#app, type);
    const isRaising = kind === 'roads' && hasTerrain(this.#scene);
    const features = placesAmong(this.#app, type, this.#features);
    const key = `${this.#key} ${this.#arrived} ${theme} ${features.length} ${look?.key} ${isRaising} ${shown}`;
    if (key === this.#drawnKey || this.loading) return;
    this.#drawnKey = key;
    const seen = !shown ? [] : look?.filter ? features.filter(({ id }) => isSeen(look, id)) : features;
    const isPoint = ({ geometry }: MapFeature): boolean => geometry.type.endsWith('Point');
    if (kind === 'places') this.#drawMarks(seen.filter(isPoint), theme, (feature) => colourOfPlace(theme, type, look, feature));
    const raised = isRaising ? seen.filter(isRaised) : [];
    this.#slot.put(raisedRoads(raised, theme, (id) => colourIn(look, id)));
    this.#ground.put(type, seen.filter((feature) => !isPoint(feature) && !(isRaising && isRaised(feature))));
  }

  #drawMarks(points: readonly MapFeature[], theme: Theme, colourOf: (feature: MapFeature) => string): void {
    this.#marks?.destroy();
    this.#marks = points.length > 0 ? new PlaceMarks(this.#scene, points, this.#row.type, theme, colourOf) : null;
  }
}

/** Roads and areas lie on the ground: where it is looked through, they are too. */
const isLookedThrough = (app: App): boolean => (app.address.get().under?.ground ?? 1) < COVERS_FROM;

/** All layers of features. */
export class CityLayers {
  readonly #app: App;
  readonly #scene: Scene;
  readonly #layers: CityLayer[];
  readonly ground: GroundImagery;
  readonly #endFollowing: () => void;

  constructor(app: App, scene: Scene) {
    [this.#app, this.#scene] = [app, scene];
    this.ground = new GroundImagery(app, scene);
    this.#layers = FIXED_LAYERS.filter(({ kind }) => FEATURE_KINDS.includes(kind)).map(this.#layerOf);
    this.#endFollowing = scene.camera.moveEnd.addEventListener(() => {
      if (this.#layers.some(({ isPart }) => isPart)) this.update();
    }) as () => void;
  }

  #layerOf = (row: LayerRow): CityLayer => new CityLayer(this.#app, this.#scene, row, this.ground);

  update = (): void => {
    for (const type of this.#app.places.editions.get().keys()) {
      if (!this.#layers.some((layer) => layer.type === type)) this.#layers.push(this.#layerOf({ type, kind: 'places', onAtFirst: true }));
    }
    for (const layer of this.#layers) void layer.update(this.#tell);
    this.ground.show(!isLookedThrough(this.#app));
  };

  destroy(): void {
    this.#endFollowing();
    for (const layer of this.#layers) layer.destroy();
    this.ground.destroy();
  }

  #tell = (): void => {
    const failed = this.#layers.filter((layer) => layer.failed).map((layer) => layer.type);
    const layersLoading = this.#layers.filter((layer) => layer.loading).length;
    this.#app.mapStatus.update((status) => {
      const isOurs = (type: string): boolean => this.#layers.some((layer) => layer.type === type);
      const others = status.layersFailed.filter((type) => !isOurs(type));
      const partly = [...Object.entries(status.partly).filter(([type]) => !isOurs(type)), ...this.#layers.flatMap(({ type, partly: drawn }) => (drawn === null ? [] : [[type, drawn] as const]))];
      return { ...status, layersFailed: [...failed, ...others], layersLoading, partly: Object.fromEntries(partly) };
    });
  };
}
