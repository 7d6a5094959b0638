// Roads and areas as one picture laid over the ground: drawn tile by tile as the eye comes near, so that a frame costs the same however
// many there are, and steep ground bends them as it should.
import { Credit, Event, GeographicTilingScheme, ImageryLayer, Math as CesiumMath, Rectangle, type ImageryProvider, type Scene } from 'cesium';
import { BoxIndex } from '../math/box_index';
import type { Box, Position } from '../math/geo';
import { boxOn, type Plane } from '../math/plane';
import { metresPerDegree } from '../math/measure';
import type { App } from '../state/app';
import type { MapFeature } from '../state/ngsi';
import { drawGround, groundFeatureAt, type BoxedFeature, type FeaturesOf } from './ground_draw';
import { boxed } from './plane_data';

/** Sides of a tile: as Cesium chooses levels by it and as weak machines draw it, and as others do, which is sharper. */
const TILE_PIXELS = 256;
const SHARP_PIXELS = 512;
/** 0.15 m for a pixel of a tile at the equator. */
const LEVEL_MOST = 19;
/** So long may the drawing of tiles hold up one frame, or this part of the last frame where those are slow anyway. */
const FRAME_BUDGET_MS = 12;
const FRAME_PART = 0.5;
const MARGIN_DEGREES = 0.0005;
/** Half of the widest line: one that runs beside a tile reaches into it. */
const LINE_PIXELS = 4;
const ROAD_METRES = 20;

type Index = BoxIndex<BoxedFeature>;

/** The plane that a tile of degrees is a scaled picture of. */
function planeOfTile(tile: Rectangle): Plane {
  const [west, south, east, north] = [tile.west, tile.south, tile.east, tile.north].map(CesiumMath.toDegrees) as [number, number, number, number];
  const centre: Position = [(west + east) / 2, (south + north) / 2];
  const scale = metresPerDegree(centre[1]);
  const pixelsPerMetre = TILE_PIXELS / ((north - south) * scale.north);
  return { centre, pixelsPerMetre, width: (east - west) * scale.east * pixelsPerMetre, height: TILE_PIXELS };
}

function unionOf(features: Iterable<BoxedFeature>): Box | null {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { box } of features) [west, south, east, north] = [Math.min(west, box[0]), Math.min(south, box[1]), Math.max(east, box[2]), Math.max(north, box[3])];
  return west <= east ? [west - MARGIN_DEGREES, south - MARGIN_DEGREES, east + MARGIN_DEGREES, north + MARGIN_DEGREES] : null;
}

/** A box with a margin on all sides. */
function widened([west, south, east, north]: Box, metres: number): Box {
  const scale = metresPerDegree((south + north) / 2);
  const [x, y] = [metres / scale.east, metres / scale.north];
  return [west - x, south - y, east + x, north + y];
}

/** The picture of one state of the city, as Cesium asks for its tiles. */
class GroundPicture {
  readonly tilingScheme = new GeographicTilingScheme();
  readonly tileWidth = TILE_PIXELS;
  readonly tileHeight = TILE_PIXELS;
  readonly minimumLevel = 0;
  readonly maximumLevel = LEVEL_MOST;
  readonly hasAlphaChannel = true;
  readonly errorEvent = new Event();
  readonly credit: Credit | undefined = undefined;
  readonly tileDiscardPolicy = undefined;
  readonly proxy = undefined;
  readonly rectangle: Rectangle;
  readonly #draw: (tile: Rectangle) => HTMLCanvasElement | null;

  constructor(box: Box, draw: (tile: Rectangle) => HTMLCanvasElement | null) {
    this.rectangle = Rectangle.fromDegrees(...box);
    this.#draw = draw;
  }

  requestImage(x: number, y: number, level: number): Promise<HTMLCanvasElement> | undefined {
    const canvas = this.#draw(this.tilingScheme.tileXYToRectangle(x, y, level));
    return canvas ? Promise.resolve(canvas) : undefined;
  }

  getTileCredits = (): Credit[] => [];
  pickFeatures = (): undefined => undefined;
}

export class GroundImagery {
  readonly #app: App;
  readonly #scene: Scene;
  readonly #features = new Map<string, Index>();
  readonly #stop: () => void;
  #layer: ImageryLayer | null = null;
  /** What was drawn before, until #layer is there. */
  #before: ImageryLayer | null = null;
  #spentMs = 0;
  #budgetMs = FRAME_BUDGET_MS;
  #frameBeganMs = 0;
  #asked = false;
  #shown = true;

  constructor(app: App, scene: Scene) {
    [this.#app, this.#scene] = [app, scene];
    const stops = [scene.preUpdate.addEventListener(this.#beginFrame), scene.postRender.addEventListener(this.#endFrame), scene.globe.tileLoadProgressEvent.addEventListener(this.#tell)] as (() => void)[];
    this.#stop = () => stops.forEach((stop) => stop());
  }

  /** Takes the features of a type that are shown; draws anew with the next frame. */
  put(type: string, features: readonly MapFeature[]): void {
    this.#features.set(type, new BoxIndex(boxed(features)));
    this.#ask();
  }

  /** Shows or hides all of it, where the ground is looked through. */
  show(shown: boolean): void {
    this.#shown = shown;
    for (const layer of [this.#before, this.#layer]) if (layer) layer.show = shown;
  }

  /** The road or area at a place that is drawn, `near` metres beside it at most. */
  at(place: Position, near: number): string | null {
    if (!this.#shown) return null;
    const degrees = Math.max(near, 40) / metresPerDegree(place[1]).east;
    return groundFeatureAt(this.#app, place, near, this.#in([place[0] - degrees, place[1] - degrees, place[0] + degrees, place[1] + degrees]));
  }

  #in(box: Box): FeaturesOf {
    return (type) => this.#features.get(type)?.in(box) ?? [];
  }

  /** Several layers change at once: they are drawn together. */
  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    queueMicrotask(() => {
      this.#asked = false;
      this.#replace();
    });
  }

  /** What was drawn stays until the new picture is there; one that was not there yet is given up. */
  #replace(): void {
    if (this.#scene.isDestroyed()) return;
    const layers = this.#scene.imageryLayers;
    if (this.#before && this.#layer) layers.remove(this.#layer);
    else this.#before = this.#layer;
    const box = unionOf([...this.#features.values()].flatMap(({ all }) => all));
    this.#layer = box ? new ImageryLayer(new GroundPicture(box, this.#drawTile) as unknown as ImageryProvider, { show: this.#shown }) : null;
    // Below the rasters.
    if (this.#layer) layers.add(this.#layer, this.#before ? 1 : 0);
    this.#scene.requestRender();
  }

  #tell = (waiting: number): void => {
    const groundLoading = waiting > 0;
    if (this.#app.mapStatus.get().groundLoading !== groundLoading) this.#app.mapStatus.update((status) => ({ ...status, groundLoading }));
  };

  #beginFrame = (): void => {
    this.#spentMs = 0;
    this.#frameBeganMs = performance.now();
  };

  #endFrame = (): void => {
    this.#budgetMs = Math.max(FRAME_BUDGET_MS, (performance.now() - this.#frameBeganMs - this.#spentMs) * FRAME_PART);
    if (!this.#before || (this.#layer && !this.#scene.globe.tilesLoaded)) return;
    this.#scene.imageryLayers.remove(this.#before);
    this.#before = null;
    this.#scene.requestRender();
  };

  #drawTile = (tile: Rectangle): HTMLCanvasElement | null => {
    // Frames are drawn only on request: one is needed to show this tile, or to draw it after all.
    this.#scene.requestRender();
    if (this.#spentMs > this.#budgetMs) return null;
    const begun = performance.now();
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const plane = planeOfTile(tile);
    const seen = widened(boxOn(plane), LINE_PIXELS / plane.pixelsPerMetre + ROAD_METRES);
    const of = this.#in(seen);
    if ([...this.#features.keys()].some((type) => [...of(type)].length > 0)) {
      const pixels = this.#app.mapStatus.get().light ? TILE_PIXELS : SHARP_PIXELS;
      canvas.width = canvas.height = pixels;
      const context = canvas.getContext('2d');
      context?.setTransform(pixels / plane.width, 0, 0, pixels / plane.height, 0, 0);
      if (context) drawGround({ app: this.#app, context, plane, theme: this.#app.settings.get().theme, of, seen });
    }
    this.#spentMs += performance.now() - begun;
    return canvas;
  };

  destroy(): void {
    this.#stop();
    for (const layer of [this.#before, this.#layer]) if (layer) this.#scene.imageryLayers.remove(layer);
  }
}
