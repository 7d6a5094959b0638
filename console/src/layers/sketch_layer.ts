// Drawn shapes over the map: measured lines, areas and heights with their figures, ways and lines of sight as the server answers them, the
// section line, the dig; and the draft.
import {
  ArcType, Cartesian3, Color, ColorGeometryInstanceAttribute, GeometryInstance, PerInstanceColorAppearance, PointPrimitiveCollection, PolygonGeometry,
  PolygonHierarchy, PolylineColorAppearance, PolylineGeometry, Primitive, PrimitiveCollection, type Scene,
} from 'cesium';
import { lineOfCut } from '../math/cut';
import type { Position } from '../math/geo';
import { SCENE, type Theme } from '../math/paint';
import { WAY_PIXELS, wayColour } from '../math/ways';
import { isRing, type Shape, type ShapeKind } from '../math/shape';
import type { App } from '../state/app';
import { labelOf } from '../state/figures';
import type { Sight } from '../state/ways';
import { wordsOf } from '../state/words';
import { groundLine, Slot } from './flat';

const LIFT_M = 0.6;

/** Each kind has its own colour; all are told apart by their labels too. */
const COLOURS: Readonly<Record<ShapeKind, readonly [dark: string, light: string]>> = {
  distance: ['#5cc8ff', '#0b62bb'], area: ['#5cc8ff', '#0b62bb'], height: ['#5cc8ff', '#0b62bb'], route: ['#ffd24a', '#a35c00'], sight: ['#5cc8ff', '#0b62bb'], section: ['#f2c94c', '#7d5f00'], dig: ['#ff9a52', '#a84300'], cut: ['#ff9a52', '#a84300'], footprint: ['#ffb86b', '#a84300'],
};
const colourOf = (kind: ShapeKind, theme: Theme): Color => Color.fromCssColorString(COLOURS[kind][theme === 'dark' ? 0 : 1]);

const at = ([longitude, latitude, height = 0]: Position): Cartesian3 => Cartesian3.fromDegrees(longitude, latitude, height + LIFT_M);
const heightened = ([longitude, latitude, height = 0]: Position): [number, number, number] => [longitude, latitude, height];
const notTested = { depthTest: { enabled: false } };

function lineOf(points: readonly Cartesian3[], colour: Color, width = 3): Primitive {
  return new Primitive({
    geometryInstances: new GeometryInstance({
      geometry: new PolylineGeometry({ positions: [...points], width, arcType: ArcType.NONE, vertexFormat: PolylineColorAppearance.VERTEX_FORMAT }),
      attributes: { color: ColorGeometryInstanceAttribute.fromColor(colour) },
    }),
    appearance: new PolylineColorAppearance({ translucent: false, renderState: notTested }), asynchronous: false, allowPicking: false,
  });
}

function fillOf(points: readonly Cartesian3[], colour: Color): Primitive {
  return new Primitive({
    geometryInstances: new GeometryInstance({
      geometry: new PolygonGeometry({ polygonHierarchy: new PolygonHierarchy([...points]), perPositionHeight: true, vertexFormat: PerInstanceColorAppearance.FLAT_VERTEX_FORMAT }),
      attributes: { color: ColorGeometryInstanceAttribute.fromColor(colour.withAlpha(0.22)) },
    }),
    appearance: new PerInstanceColorAppearance({ flat: true, translucent: true, renderState: notTested }), asynchronous: false, allowPicking: false,
  });
}

/** The corners as drawn: a height is a level line and an upright one. */
function pathOf({ kind, points }: Shape): Position[] {
  const [first, second] = points;
  if (kind === 'height' && first && second) return [first, [first[0], first[1], second[2] ?? 0], second];
  return isRing(kind) && points.length > 2 && first ? [...points, first] : [...points];
}

interface Label {
  readonly element: HTMLElement;
  readonly place: Cartesian3;
}

export class SketchLayer {
  readonly #app: App;
  readonly #scene: Scene;
  readonly #primitives: PrimitiveCollection;
  readonly #routes: Slot;
  readonly #frame = document.createElement('div');
  readonly #endFollowing: () => void;
  #labels: Label[] = [];
  #routesKey = '';

  constructor(app: App, scene: Scene) {
    [this.#app, this.#scene] = [app, scene];
    this.#primitives = scene.primitives.add(new PrimitiveCollection()) as PrimitiveCollection;
    this.#routes = new Slot(scene);
    this.#frame.className = 'sensor-labels';
    this.#frame.setAttribute('aria-hidden', 'true');
    scene.canvas.parentElement?.append(this.#frame);
    this.#endFollowing = scene.postRender.addEventListener(this.#followEye) as () => void;
  }

  update = (): void => {
    const { theme } = this.#app.settings.get();
    this.#primitives.removeAll();
    this.#frame.replaceChildren();
    this.#labels = [];
    // A cut is endless: the length of its line says nothing.
    for (const shape of this.#app.address.get().shapes) this.#draw(lineOfCut(shape), theme, shape.kind !== 'cut');
    this.#drawRoutes(theme);
    const draft = this.#app.drawing.draft.get();
    if (draft) {
      const points = draft.pointer ? [...draft.points, draft.pointer] : draft.points;
      this.#draw({ kind: draft.kind, points }, theme, points.length > 1 && draft.kind !== 'cut');
    }
    this.#scene.requestRender();
  };

  #draw(shape: Shape, theme: Theme, labelled: boolean): void {
    const colour = colourOf(shape.kind, theme);
    const way = this.#app.ways.get(shape).value;
    const path = pathOf(shape).map(at);
    const distinct = path.filter((point, i) => i === 0 || !Cartesian3.equalsEpsilon(point, path[i - 1] ?? point, 0, 0.01));
    if (way?.kind === 'sight') this.#drawSight(way, theme);
    else if (distinct.length > 1 && !way) this.#primitives.add(lineOf(distinct, colour));
    if (isRing(shape.kind) && distinct.length > 3) this.#primitives.add(fillOf(distinct.slice(0, -1), colour));
    const corners = this.#primitives.add(new PointPrimitiveCollection()) as PointPrimitiveCollection;
    for (const point of shape.points) {
      corners.add({ position: at(point), pixelSize: 9, color: colour, outlineColor: Color.fromCssColorString(SCENE[theme].halo), outlineWidth: 2, disableDepthTestDistance: Number.POSITIVE_INFINITY });
    }
    if (labelled && shape.points.length > 1) this.#label(shape);
  }

  #drawRoutes(theme: Theme): void {
    const routes = this.#app.address.get().shapes.map((shape) => this.#app.ways.get(shape).value).filter((way) => way?.kind === 'route');
    const key = `${theme} ${routes.map(({ line }) => line.join()).join(' ')}`;
    if (key === this.#routesKey) return;
    this.#routesKey = key;
    this.#routes.put(...routes.map(({ line }) => groundLine(line, wayColour('route', theme), WAY_PIXELS.route)));
  }

  /** What is seen from the eye on is drawn wide; what lies behind the ground that stands in the way narrow, with a ring where that is. */
  #drawSight({ eye, target, obstacle }: Sight, theme: Theme): void {
    const add = (from: Position, to: Position, paint: 'clear' | 'blocked'): void => {
      const [a, b] = [Cartesian3.fromDegrees(...heightened(from)), Cartesian3.fromDegrees(...heightened(to))];
      if (Cartesian3.distance(a, b) > 0.01) this.#primitives.add(lineOf([a, b], Color.fromCssColorString(wayColour(paint, theme)), WAY_PIXELS[paint]));
    };
    if (!obstacle) return add(eye, target, 'clear');
    add(eye, obstacle, 'clear');
    add(obstacle, target, 'blocked');
    const ring = this.#primitives.add(new PointPrimitiveCollection()) as PointPrimitiveCollection;
    ring.add({ position: Cartesian3.fromDegrees(...heightened(obstacle)), pixelSize: 10, color: Color.TRANSPARENT, outlineColor: Color.fromCssColorString(wayColour('blocked', theme)), outlineWidth: 4, disableDepthTestDistance: Number.POSITIVE_INFINITY });
  }

  #label(shape: Shape): void {
    const main = labelOf(shape, wordsOf(this.#app.language), this.#app.ways.get(shape).value);
    const middle = Cartesian3.divideByScalar(shape.points.map(at).reduce((sum, one) => Cartesian3.add(sum, one, new Cartesian3()), new Cartesian3()), shape.points.length, new Cartesian3());
    if (!main) return;
    const element = document.createElement('div');
    element.className = 'sensor-label sketch-label';
    element.textContent = main;
    this.#frame.append(element);
    this.#labels.push({ element, place: middle });
  }

  #followEye = (): void => {
    for (const { element, place } of this.#labels) {
      const pixel = this.#scene.cartesianToCanvasCoordinates(place);
      element.hidden = !pixel;
      if (pixel) element.style.transform = `translate(${pixel.x.toFixed(1)}px, ${pixel.y.toFixed(1)}px) translate(-50%, -150%)`;
    }
  };

  destroy(): void {
    this.#endFollowing();
    this.#routes.destroy();
    this.#frame.remove();
  }
}
