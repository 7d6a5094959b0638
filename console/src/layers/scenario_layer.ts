// What the open scenario changes, over the city: planned bodies standing on the ground, closed streets, places of other changes; and the
// footprint that waits for its height.
import { ColorGeometryInstanceAttribute, Color, Cartesian3, GeometryInstance, PerInstanceColorAppearance, PointPrimitiveCollection, PolygonGeometry, PolygonHierarchy, Primitive, PrimitiveCollection, type Scene } from 'cesium';
import type { Geometry, Position } from '../math/geo';
import { PLAN_COLOURS, SCENE } from '../math/paint';
import type { App } from '../state/app';
import { footprintOf, type Overlaid } from '../state/scenarios';
import { planLine, Slot } from './flat';
import { hasTerrain } from './terrain';

/** What has no height is drawn so thick that it is seen. */
const THIN_M = 0.5;
const LIFT_M = 1.5;

function ringsOf(geometry: Geometry): Position[][][] {
  return geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.type === 'MultiPolygon' ? geometry.coordinates : [];
}

const flatten = (ring: readonly Position[]): Cartesian3[] => ring.map(([longitude, latitude]) => Cartesian3.fromDegrees(longitude, latitude));

export class ScenarioLayer {
  readonly #app: App;
  readonly #scene: Scene;
  readonly #groundAt: (longitude: number, latitude: number) => number;
  readonly #bodies: PrimitiveCollection;
  readonly #lines: Slot;
  #drawn = '';

  constructor(app: App, scene: Scene, groundAt: (longitude: number, latitude: number) => number) {
    [this.#app, this.#scene, this.#groundAt] = [app, scene, groundAt];
    this.#bodies = scene.primitives.add(new PrimitiveCollection()) as PrimitiveCollection;
    this.#lines = new Slot(scene);
  }

  update = (): void => {
    const { scenarios, settings, address } = this.#app;
    const { theme } = settings.get();
    const overlay = address.get().scenario === null ? [] : scenarios.overlay;
    const footprint = scenarios.footprint.get();
    const drawn = JSON.stringify([overlay, footprint, theme, hasTerrain(this.#scene), this.#app.mapStatus.get().groundLoading]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#bodies.removeAll();
    const marks = this.#bodies.add(new PointPrimitiveCollection()) as PointPrimitiveCollection;
    for (const one of overlay) {
      const colour = Color.fromCssColorString(PLAN_COLOURS[theme][one.kind]);
      for (const rings of ringsOf(one.geometry)) this.#body(rings, one, colour);
      if (one.geometry.type !== 'Point') continue;
      const [longitude, latitude] = one.geometry.coordinates;
      const position = Cartesian3.fromDegrees(longitude, latitude, this.#groundAt(longitude, latitude) + LIFT_M);
      marks.add({ id: one.id, position, pixelSize: 12, color: colour, outlineColor: Color.fromCssColorString(SCENE[theme].halo), outlineWidth: 2, disableDepthTestDistance: Number.POSITIVE_INFINITY });
    }
    if (footprint && footprint.points.length > 2) {
      const one: Overlaid = { id: '', kind: 'created', geometry: footprintOf(footprint.points), heightMetres: footprint.heightMetres };
      for (const rings of ringsOf(one.geometry)) this.#body(rings, one, Color.fromCssColorString(PLAN_COLOURS[theme].created).withAlpha(0.55));
    }
    const lines = overlay.filter(({ geometry: { type } }) => type === 'LineString' || type === 'MultiLineString');
    this.#lines.put(...lines.map(({ id, kind, geometry }) => planLine(geometry, id, PLAN_COLOURS[theme][kind], hasTerrain(this.#scene) ? 'terrain' : 'ellipsoid')));
    this.#scene.requestRender();
  };

  #body([outer, ...holes]: Position[][], { id, heightMetres }: Overlaid, colour: Color): void {
    if (!outer || outer.length < 4) return;
    const ground = Math.min(...outer.map(([longitude, latitude]) => this.#groundAt(longitude, latitude)));
    const translucent = colour.alpha < 1;
    this.#bodies.add(new Primitive({
      geometryInstances: new GeometryInstance({
        ...(id === '' ? {} : { id }),
        geometry: new PolygonGeometry({
          polygonHierarchy: new PolygonHierarchy(flatten(outer), holes.map((ring) => new PolygonHierarchy(flatten(ring)))),
          height: ground, extrudedHeight: ground + Math.max(THIN_M, heightMetres), vertexFormat: PerInstanceColorAppearance.VERTEX_FORMAT,
        }),
        attributes: { color: ColorGeometryInstanceAttribute.fromColor(colour) },
      }),
      appearance: new PerInstanceColorAppearance({ translucent, closed: true }), asynchronous: false, allowPicking: id !== '',
    }));
  }

  destroy(): void {
    this.#lines.destroy();
  }
}
