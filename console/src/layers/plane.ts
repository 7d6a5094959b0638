// The flat map for machines without WebGL 2: the same data, layers, choices and tools, seen from above.
import { formatView, viewOfBox, type View } from '../math/camera';
import { boxOf, diagonalMetres, linesOf, middleOf, readBox, type Geometry, type Position } from '../math/geo';
import { boxOn, dragged, pixelOn, placeOn, planeOf, viewOn, zoomed, type Plane } from '../math/plane';
import { shownAt } from '../math/track';
import type { App } from '../state/app';
import { closePicked } from '../state/scenario_actions';
import { isShown } from '../state/catalogue';
import type { MapControls } from '../state/map_controls';
import { placeTypes } from '../state/places';
import { watch } from '../state/store';
import { Completeness } from './completeness';
import { groundFeatureAt, isNearLine, isWithin, type BoxedFeature } from './ground_draw';
import { PlaneData } from './plane_data';
import { drawPlane } from './plane_draw';

const NEAR_PIXELS = 9;
const WHEEL = 0.0015;
const MOVING_FRAME_MS = 100;
const FRAME_MARGIN = 1.25;

class PlaneMap implements MapControls {
  readonly #app: App;
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #data: PlaneData;
  readonly #completeness: Completeness;
  readonly #watchers = new Set<(view: View) => void>();
  #plane: Plane = { centre: [127, 37.5], pixelsPerMetre: 0.2, width: 300, height: 150 };
  #placed = false;
  #asked = 0;
  #last = '';

  constructor(app: App, canvas: HTMLCanvasElement, context: CanvasRenderingContext2D) {
    [this.#app, this.#canvas, this.#context] = [app, canvas, context];
    this.#data = new PlaneData(app, this.ask);
    this.#completeness = new Completeness(app, this.ask);
  }

  get plane(): Plane {
    return this.#plane;
  }

  /** Draws with the next frame. */
  ask = (): void => {
    if (this.#asked !== 0) return;
    this.#asked = requestAnimationFrame(() => {
      this.#asked = 0;
      this.#draw();
    });
  };

  #draw(): void {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (this.#canvas.width !== Math.round(width * ratio) || this.#canvas.height !== Math.round(height * ratio)) [this.#canvas.width, this.#canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    this.#plane = { ...this.#plane, width, height };
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#data.want(boxOn(this.#plane));
    drawPlane(this.#app, this.#context, this.#plane, this.#data);
    this.#completeness.drawn();
  }

  /** Shows the view of the address, or the whole city once it is known. */
  place = (): void => {
    const { view } = this.#app.address.get();
    if (view && formatView(view) !== this.#last) {
      this.#plane = planeOf(view, this.#canvas.clientWidth, this.#canvas.clientHeight);
      this.#placed = true;
    } else if (!this.#placed && !view) this.home();
    this.ask();
  };

  move(plane: Plane, settled: boolean): void {
    this.#plane = plane;
    this.#placed = true;
    const view = viewOn(plane);
    for (const watcher of this.#watchers) watcher(view);
    this.#app.mapStatus.update((status) => ({ ...status, metresPerPixel: 1 / plane.pixelsPerMetre }));
    if (settled) {
      this.#last = formatView(view);
      this.#app.go({ view }, false);
    }
    this.ask();
  }

  putView = (view: View): void => this.move(planeOf(view, this.#canvas.clientWidth, this.#canvas.clientHeight), true);
  flyToView = this.putView;
  watchView = (moved: (view: View) => void): (() => void) => {
    this.#watchers.add(moved);
    moved(viewOn(this.#plane));
    return () => this.#watchers.delete(moved);
  };

  flyToPlace = (place: Geometry): void => {
    const box = boxOf(place);
    if (!box) return;
    const size = Math.max(300, diagonalMetres(box) * FRAME_MARGIN);
    const { clientWidth, clientHeight } = this.#canvas;
    this.move({ ...this.#plane, centre: middleOf(box), pixelsPerMetre: Math.min(clientWidth, clientHeight) / size }, true);
  };

  home = (): void => {
    const box = readBox(this.#app.summary.get().value?.city?.bbox ?? []);
    if (box) this.putView({ ...viewOfBox(box), longitude: middleOf(box)[0], latitude: middleOf(box)[1], pitchDegrees: -90 });
  };

  zoom = (factor: number): void => this.move(zoomed(this.#plane, factor), true);
  turn = (): void => undefined;
  tilt = (): void => undefined;
  faceNorth = (): void => undefined;
  pan = (right: number, forward: number): void => {
    const { width, height } = this.#plane;
    this.move(dragged(this.#plane, 0, 0, -right * width, forward * height), true);
  };

  placeAt = (at?: { readonly x: number; readonly y: number }): Position => {
    const [x, y] = placeOn(this.#plane, at?.x ?? this.#plane.width / 2, at?.y ?? this.#plane.height / 2);
    return [x, y, 0];
  };
  target = (): Position => this.#plane.centre;
  groundAt = (): number => 0;
  lookFrom = ([longitude, latitude]: Position): void => {
    this.#plane = { ...this.#plane, centre: [longitude, latitude] };
  };
  pixelOf = (longitude: number, latitude: number): { x: number; y: number } => pixelOn(this.#plane, [longitude, latitude]);

  complete = (): Promise<void> => this.#completeness.reached();

  drawn = (): HTMLCanvasElement => {
    this.#draw();
    return this.#canvas;
  };
  drawnFinely = <T>(use: (canvas: HTMLCanvasElement) => T): T => use(this.drawn());

  #isNear(place: Position, x: number, y: number): boolean {
    const at = pixelOn(this.#plane, place);
    return Math.hypot(at.x - x, at.y - y) <= NEAR_PIXELS;
  }

  pick = (at?: { readonly x: number; readonly y: number }): string | null => {
    const { x, y } = at ?? { x: this.#plane.width / 2, y: this.#plane.height / 2 };
    const address = this.#app.address.get();
    const nowMs = this.#app.screenMs();
    for (const thing of this.#app.moving.all.values()) if (isShown(address, thing.type) && this.#isNear(shownAt(thing.track, nowMs).place, x, y)) return thing.id;
    for (const sensor of this.#app.sensors.get().value?.values() ?? []) if (isShown(address, sensor.type) && this.#isNear(sensor.position, x, y)) return sensor.id;
    return this.#pickFeature(placeOn(this.#plane, x, y));
  };

  #pickFeature(place: Position): string | null {
    const address = this.#app.address.get();
    const inside = (type: string): string | undefined => (isShown(address, type) ? this.#data.of(type).find(({ geometry }) => isWithin(place, geometry))?.id : undefined);
    const near = NEAR_PIXELS / this.#plane.pixelsPerMetre;
    const isNear = ({ geometry }: BoxedFeature): boolean => geometry.type.endsWith('Point') && linesOf(geometry).some((line) => isNearLine(place, line, near));
    const point = placeTypes(this.#app).filter((type) => isShown(address, type)).flatMap((type) => this.#data.of(type).find(isNear)?.id ?? [])[0];
    return point ?? inside('Building') ?? groundFeatureAt(this.#app, place, near, this.#data.of);
  }

  destroy(): void {
    cancelAnimationFrame(this.#asked);
    this.#data.destroy();
    this.#completeness.destroy();
  }
}

/** Dragging, pinching, the wheel and clicks. */
function followPointer(app: App, canvas: HTMLCanvasElement, map: PlaneMap): () => void {
  const pointers = new Map<number, { x: number; y: number }>();
  let travelled = 0;
  const at = (event: MouseEvent): { x: number; y: number } => ({ x: event.offsetX, y: event.offsetY });
  const spread = (): number => {
    const [a, b] = [...pointers.values()];
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
  };
  const down = (event: PointerEvent): void => {
    pointers.set(event.pointerId, at(event));
    travelled = pointers.size > 1 ? Infinity : 0;
    canvas.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent): void => {
    const before = pointers.get(event.pointerId);
    const now = at(event);
    if (!before) return app.drawing.draft.get() ? app.drawing.point(map.placeAt(now)) : undefined;
    const apart = spread();
    pointers.set(event.pointerId, now);
    travelled += Math.hypot(now.x - before.x, now.y - before.y);
    if (pointers.size === 1) map.move(dragged(map.plane, before.x, before.y, now.x, now.y), false);
    else if (apart > 0) map.move(zoomed(map.plane, apart / Math.max(1, spread()), now.x, now.y), false);
  };
  const up = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId)) return;
    if (travelled > 4) return map.move(map.plane, true);
    if (app.drawing.draft.get()) return app.drawing.addPoint(map.placeAt(at(event)));
    const id = map.pick(at(event));
    if (app.scenarios.closing.get()) return closePicked(app, id);
    if (id) app.select(id);
    else if (app.address.get().panel === 'inspector') app.closePanel();
  };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    map.move(zoomed(map.plane, Math.exp(event.deltaY * WHEEL), event.offsetX, event.offsetY), true);
  };
  const twice = (): void => {
    if (!app.drawing.draft.get()) return;
    app.drawing.dropPoint();
    app.drawing.finish();
  };
  const listeners: [string, (event: never) => void][] = [['pointerdown', down], ['pointermove', move], ['pointerup', up], ['pointercancel', up], ['wheel', wheel], ['dblclick', twice]];
  for (const [name, listener] of listeners) canvas.addEventListener(name, listener as EventListener, { passive: false });
  return () => listeners.forEach(([name, listener]) => canvas.removeEventListener(name, listener as EventListener));
}

/** Opens the flat map in `container`; the answer closes it. Null when not even that can be drawn. */
export function openPlane(container: HTMLElement, app: App): (() => void) | null {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  if (!context) return null;
  canvas.setAttribute('aria-hidden', 'true');
  container.append(canvas);
  const map = new PlaneMap(app, canvas, context);
  app.mapStatus.update((status) => ({ ...status, phase: 'flat', light: true }));
  const resized = new ResizeObserver(map.ask);
  resized.observe(canvas);
  const moving = window.setInterval(() => { if (app.moving.all.size > 0) map.ask(); }, MOVING_FRAME_MS);
  const stores = [app.address, app.summary, app.summaryThen, app.sensors, app.settings, app.cityEdition, app.restingAsOf, app.entity, app.places.editions, app.drawing.draft, app.ways.answers, app.tables.tables];
  const stops = [
    ...stores.map((store) => store.subscribe(map.ask)), watch(app.address, ({ view }) => view, map.place), watch(app.summary, ({ value }) => value?.city?.bbox.join() ?? '', map.place),
    followPointer(app, canvas, map), () => resized.disconnect(), () => window.clearInterval(moving), () => map.destroy(), () => canvas.remove(),
  ];
  app.map.set(map);
  return () => {
    app.map.set(null);
    for (const stop of stops) stop();
  };
}
