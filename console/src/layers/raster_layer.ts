// Raster layers as imagery on the ground, each with the step of the moment shown.
import { ImageryLayer, Rectangle, UrlTemplateImageryProvider, type Scene } from 'cesium';
import type { App } from '../state/app';
import { isShown } from '../state/catalogue';
import { rasterTiles, RASTER_TYPE, stepAt } from '../state/rasters';

const ZOOM_MAX = 17;

export class RasterImagery {
  readonly #app: App;
  readonly #scene: Scene;
  readonly #drawn = new Map<string, { readonly url: string; readonly layer: ImageryLayer }>();
  #loaded = '';

  constructor(app: App, scene: Scene) {
    [this.#app, this.#scene] = [app, scene];
  }

  update = (): void => {
    const { summaryThen, address, cityEdition, restingAsOf, rasters, nowMs } = this.#app;
    const { scenario } = address.get();
    const present = scenario !== null || (summaryThen.get().value?.types ?? []).some(({ type, count }) => type === RASTER_TYPE && count > 0);
    const shown = present && isShown(address.get(), RASTER_TYPE);
    const wanted = `${cityEdition.get()} ${restingAsOf.get()} ${scenario}`;
    if (shown && wanted !== this.#loaded) {
      this.#loaded = wanted;
      void rasters.load(restingAsOf.get(), scenario);
    }
    const urls = new Map<string, string>();
    const moment = address.get().atMs ?? nowMs.get();
    for (const raster of shown ? (rasters.list.get().value ?? []) : []) {
      const time = rasters.chosen.get()[raster.id] ?? stepAt(raster, moment);
      if (time) urls.set(raster.id, rasterTiles(raster, time, restingAsOf.get(), scenario));
    }
    for (const [id, { url, layer }] of this.#drawn) {
      if (urls.get(id) === url) continue;
      this.#scene.imageryLayers.remove(layer);
      this.#drawn.delete(id);
    }
    for (const [id, url] of urls) if (!this.#drawn.has(id)) this.#draw(id, url);
    this.#scene.requestRender();
  };

  #draw(id: string, url: string): void {
    const box = this.#app.rasters.list.get().value?.find((one) => one.id === id)?.bbox;
    const [west, south, east, north] = box ?? [];
    const area = west === undefined || south === undefined || east === undefined || north === undefined ? {} : { rectangle: Rectangle.fromDegrees(west, south, east, north) };
    const layer = new ImageryLayer(new UrlTemplateImageryProvider({ url, maximumLevel: ZOOM_MAX, ...area }), { alpha: 0.75 });
    this.#scene.imageryLayers.add(layer);
    this.#drawn.set(id, { url, layer });
  }

  destroy(): void {
    for (const { layer } of this.#drawn.values()) this.#scene.imageryLayers.remove(layer);
  }
}
