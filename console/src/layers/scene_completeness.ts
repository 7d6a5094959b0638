// What the 3D scene still lacks of what is seen.
import { Cesium3DTileset, GroundPolylinePrimitive, Model, Primitive, type PrimitiveCollection, type Scene } from 'cesium';
import type { App } from '../state/app';
import type { Missing } from '../state/map_controls';
import { Completeness } from './completeness';
import { watchEye } from './controls';

type Drawn = Cesium3DTileset | Primitive | GroundPolylinePrimitive | Model;

const isDrawn = (one: unknown): one is Drawn => [Cesium3DTileset, Primitive, GroundPolylinePrimitive, Model].some((kind) => one instanceof kind);

function shownIn(collection: PrimitiveCollection): Drawn[] {
  const members: unknown[] = Array.from({ length: collection.length }, (_, i): unknown => collection.get(i));
  return members.filter(isDrawn).filter(({ show }) => show);
}

/** Follows the scene; the second answer ends that. */
export function followScene(app: App, scene: Scene): { completeness: Completeness; stops: (() => void)[] } {
  let moving = false;
  const missing = (): Missing | null => {
    if (moving) return 'eye';
    if (!scene.globe.tilesLoaded) return 'ground';
    const shown = [...shownIn(scene.primitives), ...shownIn(scene.groundPrimitives)];
    if (app.mapStatus.get().tiles === 'loading' || shown.some((one) => one instanceof Cesium3DTileset && !one.tilesLoaded)) return 'tiles';
    return shown.some((one) => !(one instanceof Cesium3DTileset) && !one.ready) ? 'shapes' : null;
  };
  const completeness = new Completeness(app, () => scene.requestRender(), missing);
  const rested = (): void => {
    moving = false;
    scene.requestRender();
  };
  const stops = [
    watchEye(scene, () => { moving = true; }), scene.postRender.addEventListener(completeness.drawn), scene.camera.moveEnd.addEventListener(rested),
    () => completeness.destroy(),
  ];
  return { completeness, stops: stops as (() => void)[] };
}
