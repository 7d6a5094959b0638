// Objects near the eye as models, each from the glTF of its kind and parameters; and what is being placed, under the pointer.
import { Cartesian3, Color, ColorBlendMode, HeadingPitchRoll, HeightReference, Matrix4, Model, ShadowMode, Transforms, type Scene } from 'cesium';
import type { Position } from '../math/geo';
import { SCENE } from '../math/paint';
import { isAbort } from '../state/api';
import type { App } from '../state/app';
import { isShown } from '../state/catalogue';
import { modelPath, objectOf, objectTypes, OBJECT_TYPE, type PlacedObject } from '../state/objects';
import type { ObjectKind } from '../state/types';
import { currentView } from './controls';
import { cutOfScene } from './scene_cut';

/** From higher up nothing as small as a street's furniture is seen. */
const EYE_METRES_MAX = 1500;
const AROUND_METRES = 1200;
const NEAR_METRES = 180;
const DRAWN_MAX = 500;
const DRAWN_MAX_LIGHT = 150;
const ASK_MS = 250;
/** An object is drawn as far as so many times its size. */
const SEEN_TIMES = 120;
const SEEN_METRES_MIN = 150;

interface Drawn {
  readonly key: string;
  readonly place: Cartesian3;
  model: Model | null;
  gone: boolean;
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** glTF looks along +z, which Cesium turns to the x axis: east where the heading is 0. */
function placed([longitude, latitude, height = 0]: Position, headingDegrees: number): Matrix4 {
  return Transforms.headingPitchRollToFixedFrame(Cartesian3.fromDegrees(longitude, latitude, height), new HeadingPitchRoll(radians(headingDegrees - 90), 0, 0));
}

export class ObjectLayer {
  readonly #app: App;
  readonly #scene: Scene;
  readonly #ground: (longitude: number, latitude: number) => number;
  readonly #drawn = new Map<string, Drawn>();
  readonly #ghost: { model: Model | null } = { model: null };
  #ghostKey = '';
  #objects: readonly PlacedObject[] = [];
  #asked = '';
  #timer = 0;
  #endPause: () => void = () => undefined;
  #request: AbortController | null = null;
  readonly #stop: () => void;

  constructor(app: App, scene: Scene, ground: (longitude: number, latitude: number) => number) {
    [this.#app, this.#scene, this.#ground] = [app, scene, ground];
    // How far things are depends on the ground that they stand on, which at first is a coarse one far below.
    const grounded = (waiting: number): void => { if (waiting === 0) this.update(); };
    const stops = [scene.camera.moveEnd.addEventListener(this.update), scene.globe.tileLoadProgressEvent.addEventListener(grounded), cutOfScene(scene).watch(this.#cut)] as (() => void)[];
    this.#stop = () => stops.forEach((stop) => stop());
  }

  /** Looks again what is near, at most a few times a second. */
  update = (): void => {
    if (this.#timer !== 0) return;
    const end = (this.#endPause = this.#app.waits.begin());
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      void this.#look().finally(end);
    }, ASK_MS);
  };

  async #look(): Promise<void> {
    const { objects, summaryThen, address, cityEdition, restingAsOf } = this.#app;
    const shown = isShown(address.get(), OBJECT_TYPE);
    if (!objects.catalogue.get().value && objects.catalogue.get().state === 'idle') await objects.load();
    const catalogue = objects.catalogue.get().value;
    const types = catalogue && shown ? objectTypes(catalogue, (summaryThen.get().value?.types ?? []).map(({ type }) => type)) : [];
    const view = currentView(this.#scene);
    const high = view.heightMetres - this.#ground(view.longitude, view.latitude) > EYE_METRES_MAX;
    if (!catalogue || types.length === 0 || high) return this.#show([]);
    const middle = this.#app.map.get()?.target() ?? [view.longitude, view.latitude];
    const asked = [types.join(), middle.map((one) => one.toFixed(3)).join(), objects.edition.get(), cityEdition.get(), restingAsOf.get()].join(' ');
    if (asked !== this.#asked) {
      this.#request?.abort();
      const { signal } = (this.#request = new AbortController());
      try {
        const facts = await this.#app.api.around(types, middle, AROUND_METRES, { asOf: restingAsOf.get(), signal });
        this.#objects = facts.map((one) => objectOf(one, catalogue)).filter((one): one is PlacedObject => one !== null);
        this.#asked = asked;
      } catch (error) {
        if (!isAbort(error)) window.setTimeout(this.update, 8000);
        return;
      }
    }
    this.#show(this.#objects);
  }

  #show(objects: readonly PlacedObject[]): void {
    const eye = this.#scene.camera.positionWC;
    const most = this.#app.mapStatus.get().light ? DRAWN_MAX_LIGHT : DRAWN_MAX;
    const near = objects.map((object) => ({ object, kind: this.#app.objects.find(object.kind), metres: Cartesian3.distance(eye, Cartesian3.fromDegrees(object.position[0], object.position[1], this.#ground(object.position[0], object.position[1]))) }))
      .filter(({ kind, metres }) => kind !== null && metres < Math.max(SEEN_METRES_MIN, SEEN_TIMES * Math.max(kind.size?.height_m ?? 1, kind.size?.width_m ?? 1)))
      .sort((a, b) => a.metres - b.metres).slice(0, most);
    const present = new Set(near.map(({ object }) => object.id));
    for (const [id, drawn] of this.#drawn) if (!present.has(id)) this.#remove(id, drawn);
    for (const { object, kind, metres } of near) if (kind) this.#draw(object, kind, metres > NEAR_METRES);
    this.#scene.requestRender();
  }

  #draw(object: PlacedObject, kind: ObjectKind, far: boolean): void {
    const selected = this.#app.address.get().selected === object.id;
    const moving = this.#app.objects.placing.get()?.moving === object.id;
    const path = modelPath(kind, object.values, far);
    const key = [path, object.position, object.heading, selected, moving].join(' ');
    const before = this.#drawn.get(object.id);
    if (before?.key === key) return;
    const drawn: Drawn = { key, place: Cartesian3.fromDegrees(...object.position), model: null, gone: false };
    this.#drawn.set(object.id, drawn);
    void this.#load(path, object.position, object.heading, object.id, moving ? 0.4 : 1, selected).then((model) => {
      // What was drawn before stays until its successor is there.
      if (before) this.#drop(before);
      if (!model || drawn.gone) return model && this.#scene.primitives.remove(model);
      drawn.model = model;
      cutOfScene(this.#scene).cutModel(model, drawn.place);
      return this.#scene.requestRender();
    });
  }

  async #load(url: string, position: Position, heading: number, id: string | null, alpha: number, selected: boolean): Promise<Model | null> {
    const { theme } = this.#app.settings.get();
    const stands = position[2] === undefined;
    try {
      const model = await this.#app.waits.during(Model.fromGltfAsync({
        url, scene: this.#scene, modelMatrix: placed(position, heading), allowPicking: id !== null, id: id ?? undefined,
        heightReference: stands ? HeightReference.CLAMP_TO_GROUND : HeightReference.NONE, shadows: ShadowMode.ENABLED,
        environmentMapOptions: { enabled: false }, incrementallyLoadTextures: false,
        color: (selected ? Color.fromCssColorString(SCENE[theme].accent) : Color.WHITE).withAlpha(alpha), colorBlendMode: selected ? ColorBlendMode.MIX : ColorBlendMode.HIGHLIGHT, colorBlendAmount: 0.45,
      }));
      model.readyEvent.addEventListener(() => this.#scene.requestRender());
      return this.#scene.primitives.add(model) as Model;
    } catch {
      // A model that cannot be read leaves its place empty; the list still has the entity.
      return null;
    }
  }

  #cut = (): void => {
    for (const { model, place } of this.#drawn.values()) if (model) cutOfScene(this.#scene).cutModel(model, place);
  };

  #remove(id: string, drawn: Drawn): void {
    this.#drop(drawn);
    this.#drawn.delete(id);
  }

  #drop(drawn: Drawn): void {
    drawn.gone = true;
    if (drawn.model) this.#scene.primitives.remove(drawn.model);
    drawn.model = null;
  }

  /** Shows what would be placed where the pointer is. */
  preview = (): void => {
    const { placing, pointer } = this.#app.objects;
    const chosen = placing.get();
    const at = pointer.get();
    const kind = chosen && this.#app.objects.find(chosen.kind);
    if (!chosen || !at || !kind) {
      this.#ghostKey = '';
      if (this.#ghost.model) this.#scene.primitives.remove(this.#ghost.model);
      this.#ghost.model = null;
      return this.#scene.requestRender();
    }
    const key = modelPath(kind, chosen.values);
    if (key !== this.#ghostKey) {
      this.#ghostKey = key;
      void this.#load(key, [at[0], at[1]], chosen.heading, null, 0.6, false).then((model) => {
        if (this.#ghost.model) this.#scene.primitives.remove(this.#ghost.model);
        this.#ghost.model = model;
        if (model && this.#ghostKey !== key) this.preview();
      });
    } else if (this.#ghost.model) {
      this.#ghost.model.modelMatrix = placed([at[0], at[1]], chosen.heading);
    }
    this.#scene.requestRender();
  };

  destroy(): void {
    this.#stop();
    this.#request?.abort();
    window.clearTimeout(this.#timer);
    this.#endPause();
  }
}
