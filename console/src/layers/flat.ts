// Flat things on the ground: roads as lines, water and green as areas, the outline of what is selected.
import {
  ArcType, Cartesian3, ClassificationType, Color, ColorGeometryInstanceAttribute, GeometryInstance, GroundPolylineGeometry, GroundPolylinePrimitive, GroundPrimitive, PerInstanceColorAppearance, PolygonGeometry, PolygonHierarchy,
  PolylineColorAppearance, PolylineGeometry, Primitive, type Scene,
} from 'cesium';
import { linesOf, lowestOf, polygonsOf, type Geometry, type Position } from '../math/geo';
import { ROAD_LEGEND, roadGroup, roadPaint, SCENE, type RoadGroup, type Theme } from '../math/paint';
import { plainValue, type MapFeature } from '../state/ngsi';

/** Above the ellipsoid, so that what lies higher is drawn over what lies lower. */
const HEIGHT_M = { GreenSpace: 0.2, Water: 0.4, road: 0.8, outline: 1.5 } as const;
/** Long edges are cut so that they follow the earth's curve. */
const GRANULARITY_RADIANS = 0.0001;

const READY_EVERY_MS = 120;

const colourAttribute = (css: string): { color: ColorGeometryInstanceAttribute } => ({
  color: ColorGeometryInstanceAttribute.fromColor(Color.fromCssColorString(css)),
});

function positions(line: readonly Position[], heightMetres: number): Cartesian3[] {
  const seen: Cartesian3[] = [];
  for (const [longitude, latitude] of line) {
    const next = Cartesian3.fromDegrees(longitude, latitude, heightMetres);
    const last = seen.at(-1);
    if (!last || Cartesian3.distanceSquared(last, next) > 1e-4) seen.push(next);
  }
  return seen;
}

/** How things lie on the ground: laid over the terrain, or at fixed heights over the ellipsoid where there is none. */
export type Ground = 'terrain' | 'ellipsoid';
type Drawn = Primitive | GroundPrimitive | GroundPolylinePrimitive;

function lineInstances(geometry: Geometry, heightMetres: number, widthPixels: number, colour: string, id: string, ground: Ground): GeometryInstance[] {
  const lines = linesOf(geometry).map((line) => positions(line, heightMetres)).filter((line) => line.length > 1);
  return lines.map((line) => new GeometryInstance({
    id,
    geometry: ground === 'terrain' ? new GroundPolylineGeometry({ positions: line, width: widthPixels }) : new PolylineGeometry({ positions: line, width: widthPixels, arcType: ArcType.NONE, vertexFormat: PolylineColorAppearance.VERTEX_FORMAT }),
    attributes: colourAttribute(colour),
  }));
}

function linePrimitive(geometryInstances: GeometryInstance[], ground: Ground): Drawn {
  const appearance = new PolylineColorAppearance({ translucent: false });
  if (ground === 'terrain') return new GroundPolylinePrimitive({ geometryInstances, appearance, classificationType: ClassificationType.TERRAIN, asynchronous: true });
  return new Primitive({ geometryInstances, appearance, asynchronous: true });
}

/** The colour of an entity by choice of the user; null: the layer's own. */
type ColourOf = (id: string) => string | null;

/** Roads in one primitive, the important ones last. */
export function roadsPrimitive(features: readonly MapFeature[], theme: Theme, colourOf: ColourOf = () => null, ground: Ground = 'ellipsoid'): Drawn {
  const groups = new Map<RoadGroup, MapFeature[]>(ROAD_LEGEND.map((group) => [group, []]));
  for (const feature of features) groups.get(roadGroup(plainValue(feature.properties['roadClass'])))?.push(feature);
  const instances = [...ROAD_LEGEND].reverse().flatMap((group, order) => {
    const { colour, widthPixels } = roadPaint(group, theme);
    return (groups.get(group) ?? []).flatMap(({ geometry, id }) => lineInstances(geometry, HEIGHT_M.road + order * 0.1, widthPixels, colourOf(id) ?? colour, id, ground));
  });
  return linePrimitive(instances, ground);
}

/** Areas of one type in one primitive. */
export function areasPrimitive(features: readonly MapFeature[], type: string, theme: Theme, colourOf: ColourOf = () => null, ground: Ground = 'ellipsoid'): Drawn {
  const water = type === 'Water';
  const colour = water ? SCENE[theme].water : SCENE[theme].green;
  const height = water ? HEIGHT_M.Water : HEIGHT_M.GreenSpace;
  const instances = features.flatMap(({ id, geometry }) => polygonsOf(geometry).map(([outer = [], ...holes]) => new GeometryInstance({
    id,
    geometry: new PolygonGeometry({
      polygonHierarchy: new PolygonHierarchy(positions(outer, 0), holes.map((hole) => new PolygonHierarchy(positions(hole, 0)))),
      ...(ground === 'terrain' ? {} : { height }), granularity: GRANULARITY_RADIANS, vertexFormat: PerInstanceColorAppearance.FLAT_VERTEX_FORMAT,
    }),
    attributes: colourAttribute(colourOf(id) ?? colour),
  })));
  const appearance = new PerInstanceColorAppearance({ flat: true, translucent: false, closed: false });
  if (ground === 'terrain') return new GroundPrimitive({ geometryInstances: instances, appearance, classificationType: ClassificationType.TERRAIN, asynchronous: true });
  return new Primitive({ geometryInstances: instances, appearance, asynchronous: true });
}

/** The outline of a selected line or area, at its own height where it has one; null for points. */
export function outlinePrimitive(geometry: Geometry, id: string, theme: Theme, ground: Ground = 'ellipsoid'): Drawn | null {
  const instances = lineInstances(geometry, HEIGHT_M.outline + (lowestOf(geometry) ?? 0), 5, SCENE[theme].accent, id, ground);
  return instances.length > 0 ? linePrimitive(instances, ground) : null;
}

/** Holds at most one primitive of the scene and replaces it. */
export class Slot {
  readonly #scene: Scene;
  #primitive: Drawn | null = null;
  #waiting = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  put(primitive: Drawn | null): void {
    // Each collection leaves alone what is not in it.
    if (this.#primitive && !this.#scene.primitives.remove(this.#primitive)) this.#scene.groundPrimitives.remove(this.#primitive);
    const into = primitive instanceof Primitive ? this.#scene.primitives : this.#scene.groundPrimitives;
    this.#primitive = primitive ? (into.add(primitive) as Drawn) : null;
    window.clearInterval(this.#waiting);
    this.#waiting = window.setInterval(this.#untilReady, READY_EVERY_MS);
    this.#untilReady();
  }

  /** Workers build the shape over several frames, and frames are drawn only on request. */
  #untilReady = (): void => {
    this.#scene.requestRender();
    if (!this.#primitive || this.#primitive.ready || !this.#primitive.show) window.clearInterval(this.#waiting);
  };

  show(shown: boolean): void {
    if (this.#primitive && this.#primitive.show !== shown) this.#primitive.show = shown;
    window.clearInterval(this.#waiting);
    if (shown && this.#primitive && !this.#primitive.ready) this.#waiting = window.setInterval(this.#untilReady, READY_EVERY_MS);
    this.#scene.requestRender();
  }

  destroy(): void {
    window.clearInterval(this.#waiting);
  }
}
