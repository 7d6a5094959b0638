// Lines of the scene: bridges at heights of their own, the outline of what is selected, ways over the ground.
import {
  ArcType, Cartesian3, ClassificationType, Color, ColorGeometryInstanceAttribute, GeometryInstance, GroundPolylineGeometry, GroundPolylinePrimitive,
  PolylineColorAppearance, PolylineGeometry, Primitive, type Scene,
} from 'cesium';
import { linesOf, lowestOf, type Geometry, type Position } from '../math/geo';
import { ROAD_LEGEND, roadGroup, roadPaint, SCENE, type RoadGroup, type Theme } from '../math/paint';
import { plainValue, type MapFeature } from '../state/ngsi';
import { cutOfScene } from './scene_cut';

/** Above the ellipsoid, so that what lies higher is drawn over what lies lower. */
const HEIGHT_M = { road: 0.8, outline: 1.5 } as const;

const READY_EVERY_MS = 120;

const colourAttribute = (css: string): { color: ColorGeometryInstanceAttribute } => ({
  color: ColorGeometryInstanceAttribute.fromColor(Color.fromCssColorString(css)),
});

function positions(line: readonly Position[], heightMetres: number, own = false): Cartesian3[] {
  const seen: Cartesian3[] = [];
  for (const [longitude, latitude, height = 0] of line) {
    const next = Cartesian3.fromDegrees(longitude, latitude, heightMetres + (own ? height : 0));
    const last = seen.at(-1);
    if (!last || Cartesian3.distanceSquared(last, next) > 1e-4) seen.push(next);
  }
  return seen;
}

/** How things lie: over the terrain, at fixed heights over the ellipsoid where there is none, or at heights of their own. */
export type Ground = 'terrain' | 'ellipsoid' | 'own';
type Drawn = Primitive | GroundPolylinePrimitive;

function lineInstances(geometry: Geometry, heightMetres: number, widthPixels: number, colour: string, id: string, ground: Ground): GeometryInstance[] {
  const lines = linesOf(geometry).map((line) => positions(line, heightMetres, ground === 'own')).filter((line) => line.length > 1);
  return lines.map((line) => new GeometryInstance({
    id,
    geometry: ground === 'terrain' ? new GroundPolylineGeometry({ positions: line, width: widthPixels }) : new PolylineGeometry({ positions: line, width: widthPixels, arcType: ArcType.NONE, vertexFormat: PolylineColorAppearance.VERTEX_FORMAT }),
    attributes: colourAttribute(colour),
  }));
}

function linePrimitive(geometryInstances: GeometryInstance[], ground: Ground, allowPicking = true): Drawn {
  const appearance = new PolylineColorAppearance({ translucent: false });
  if (ground === 'terrain') return new GroundPolylinePrimitive({ geometryInstances, appearance, classificationType: ClassificationType.TERRAIN, asynchronous: true, allowPicking });
  return new Primitive({ geometryInstances, appearance, asynchronous: true, allowPicking });
}

/** The colour of an entity by choice of the user; null: the layer's own. */
type ColourOf = (id: string) => string | null;

/** Whether a road is a bridge that says how high it runs above the ellipsoid. */
export const isRaised = ({ geometry, properties }: MapFeature): boolean => plainValue(properties['bridge']) === true && linesOf(geometry).every((line) => line.length > 0 && line.every(([, , height]) => height !== undefined));

/** Bridges at heights of their own, the important ones last; null for none. */
export function raisedRoads(features: readonly MapFeature[], theme: Theme, colourOf: ColourOf): Drawn | null {
  const groups = new Map<RoadGroup, MapFeature[]>(ROAD_LEGEND.map((group) => [group, []]));
  for (const feature of features) groups.get(roadGroup(plainValue(feature.properties['roadClass'])))?.push(feature);
  const instances = [...ROAD_LEGEND].reverse().flatMap((group, order) => {
    const { colour, widthPixels } = roadPaint(group, theme);
    return (groups.get(group) ?? []).flatMap(({ geometry, id }) => lineInstances(geometry, HEIGHT_M.road + order * 0.1, widthPixels, colourOf(id) ?? colour, id, 'own'));
  });
  return instances.length > 0 ? linePrimitive(instances, 'own') : null;
}

/** The outline of a selected line or area, at its own height where it has one; null for points. */
export function outlinePrimitive(geometry: Geometry, id: string, theme: Theme, ground: Ground = 'ellipsoid'): Drawn | null {
  const instances = lineInstances(geometry, HEIGHT_M.outline + (lowestOf(geometry) ?? 0), 5, SCENE[theme].accent, id, ground);
  return instances.length > 0 ? linePrimitive(instances, ground) : null;
}

/** A line of a plan, wide enough to be seen over the street that it is; null for points. */
export function planLine(geometry: Geometry, id: string, colour: string, ground: Ground): Drawn | null {
  const instances = lineInstances(geometry, HEIGHT_M.outline, 7, colour, id, ground);
  return instances.length > 0 ? linePrimitive(instances, ground) : null;
}

/** A line over the ground that nothing is found by; null for less than two places. */
export function groundLine(line: readonly Position[], colour: string, widthPixels: number): Drawn | null {
  const instances = lineInstances({ type: 'LineString', coordinates: [...line] }, 0, widthPixels, colour, '', 'terrain');
  return instances.length > 0 ? linePrimitive(instances, 'terrain', false) : null;
}

/** Holds primitives of the scene that belong together, cut by its plane, and replaces them. */
export class Slot {
  readonly #scene: Scene;
  #primitives: readonly Drawn[] = [];
  #waiting = 0;
  /** A layer that was closed while it read comes back once more: its scene is gone. */
  #ended = false;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  put(...primitives: readonly (Drawn | null)[]): void {
    if (this.#ended) return;
    // Each collection leaves alone what is not in it.
    for (const old of this.#primitives) if (!this.#scene.primitives.remove(old)) this.#scene.groundPrimitives.remove(old);
    for (const one of primitives) if (one instanceof Primitive) cutOfScene(this.#scene).cutShape(one);
    this.#primitives = primitives.filter((one) => one !== null).map((one) => (one instanceof Primitive ? this.#scene.primitives : this.#scene.groundPrimitives).add(one) as Drawn);
    window.clearInterval(this.#waiting);
    this.#waiting = window.setInterval(this.#untilReady, READY_EVERY_MS);
    this.#untilReady();
  }

  /** Workers build the shapes over several frames, and frames are drawn only on request. */
  #untilReady = (): void => {
    this.#scene.requestRender();
    if (this.#primitives.every(({ ready, show }) => ready || !show)) window.clearInterval(this.#waiting);
  };

  show(shown: boolean): void {
    if (this.#ended) return;
    for (const one of this.#primitives) if (one.show !== shown) one.show = shown;
    window.clearInterval(this.#waiting);
    if (shown && this.#primitives.some(({ ready }) => !ready)) this.#waiting = window.setInterval(this.#untilReady, READY_EVERY_MS);
    this.#scene.requestRender();
  }

  destroy(): void {
    this.#ended = true;
    window.clearInterval(this.#waiting);
  }
}
