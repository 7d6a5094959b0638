// Cuts the scene open: an upright plane through all of it (ground and tiles here), or a square pit in the ground around what the eye looks at.
import { Cartesian3, Cesium3DTileset, ClippingPlane, ClippingPlaneCollection, Color, Matrix4, Transforms, type Scene } from 'cesium';
import { cutOf, type Cut } from '../math/cut';
import type { Position } from '../math/geo';
import type { App } from '../state/app';
import { cutOfScene } from './scene_cut';

const PIT_METRES = 120;
const EDGE = { edgeWidth: 2, edgeColor: Color.fromCssColorString('#ff9a52') };

const cutIn = (app: App): Cut | null => cutOf(app.address.get().shapes.find(({ kind }) => kind === 'cut'));

/** Whether the cut plane takes away what is drawn at a place. */
export const isTakenAway = (scene: Scene, [longitude, latitude]: Position): boolean => cutOfScene(scene).takes(Cartesian3.fromDegrees(longitude, latitude));

/** Cesium takes away what lies behind a plane: its normal points into what is kept, in a frame of east, north and up. */
function planesOf({ keptDegrees }: Cut): ClippingPlane[] {
  const kept = (keptDegrees * Math.PI) / 180;
  return [new ClippingPlane(new Cartesian3(Math.sin(kept), Math.cos(kept), 0), 0)];
}

/** Four planes: only what lies behind all of them is taken away. */
function pitPlanes(): ClippingPlane[] {
  return [[1, 0], [-1, 0], [0, 1], [0, -1]].map(([x = 0, y = 0]) => new ClippingPlane(new Cartesian3(x, y, 0), -PIT_METRES / 2));
}

/** Planes given in `frame`, for what counts its own from `origin`. */
function collection(planes: ClippingPlane[], frame: Matrix4, origin: Matrix4 = Matrix4.IDENTITY): ClippingPlaneCollection {
  const modelMatrix = Matrix4.multiply(Matrix4.inverseTransformation(origin, new Matrix4()), frame, new Matrix4());
  return new ClippingPlaneCollection({ planes, modelMatrix, unionClippingRegions: false, ...EDGE });
}

/** The frame from which a tileset counts its clipping planes: Cesium tells it, its types do not. */
const originOf = (tileset: Cesium3DTileset): Matrix4 => (tileset as unknown as { readonly clippingPlanesOriginMatrix: Matrix4 }).clippingPlanesOriginMatrix;

export class CutLayer {
  readonly #app: App;
  readonly #scene: Scene;
  readonly #ground: (longitude: number, latitude: number) => number;
  readonly #endWatching: () => void;

  constructor(app: App, scene: Scene, ground: (longitude: number, latitude: number) => number) {
    [this.#app, this.#scene, this.#ground] = [app, scene, ground];
    this.#endWatching = scene.primitives.primitiveAdded.addEventListener((added: unknown) => this.#cutTiles(added, cutIn(app))) as () => void;
  }

  update = (): void => {
    const cut = cutIn(this.#app);
    cutOfScene(this.#scene).set(cut);
    this.#cutGround(cut);
    const { primitives } = this.#scene;
    for (let i = 0; i < primitives.length; i++) this.#cutTiles(primitives.get(i), cut);
    this.#scene.requestRender();
  };

  #frame([longitude, latitude]: Position): Matrix4 {
    return Transforms.eastNorthUpToFixedFrame(Cartesian3.fromDegrees(longitude, latitude, this.#ground(longitude, latitude)));
  }

  #cutGround(cut: Cut | null): void {
    const { globe } = this.#scene;
    const target = this.#app.address.get().under?.cut ? this.#app.map.get()?.target() : undefined;
    if (cut) globe.clippingPlanes = collection(planesOf(cut), this.#frame(cut.place));
    else if (target) globe.clippingPlanes = collection(pitPlanes(), this.#frame(target));
    else if (globe.clippingPlanes) globe.clippingPlanes.enabled = false;
  }

  #cutTiles(primitive: unknown, cut: Cut | null): void {
    if (!(primitive instanceof Cesium3DTileset)) return;
    if (cut) primitive.clippingPlanes = collection(planesOf(cut), this.#frame(cut.place), originOf(primitive));
    else if (primitive.clippingPlanes) primitive.clippingPlanes.enabled = false;
  }

  destroy(): void {
    this.#endWatching();
  }
}
