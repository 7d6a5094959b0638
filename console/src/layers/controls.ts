// Moves the eye and finds what is under a pixel: the map's answer to panels, keys and the address.
import { Cartesian2, Cartesian3, Cartographic, Cesium3DTileFeature, Math as CesiumMath, type CesiumWidget, type PerspectiveFrustum, type Scene } from 'cesium';
import { standing, viewOf, viewOfBox, type View } from '../math/camera';
import { boxOf, diagonalMetres, lowestOf, middleOf, moved, type Box, type Geometry, type Position } from '../math/geo';
import type { MapControls } from '../state/map_controls';
import { ownerOf } from './picking';
import { hasTerrain } from './terrain';

const FLIGHT_SECONDS = 1.2;
/** So near to a thing is on it. */
const PICK_PIXELS = 7;
const FOLLOW_METRES = 350;
/** What is flown to is seen with its surroundings. */
const NEAR_METRES = 450;
/** After this pause the followed thing is brought into the middle again. */
const FOLLOW_PAUSE_MS = 1500;

/** The view the eye has now. */
export function currentView({ camera }: Scene): View {
  const { longitude, latitude, height } = camera.positionCartographic;
  return {
    longitude: CesiumMath.toDegrees(longitude),
    latitude: CesiumMath.toDegrees(latitude),
    heightMetres: Math.max(1, height),
    headingDegrees: CesiumMath.toDegrees(camera.heading) % 360,
    pitchDegrees: CesiumMath.toDegrees(camera.pitch),
  };
}

/** Metres, and parts of a unit vector: reading its direction moves Cesium's camera by rounding. */
const STILL_METRES = 1e-4;
const STILL_TURN = 1e-9;

/** Calls `moved` before each frame that is seen from elsewhere than the last; the answer ends that. Cesium's `camera.changed` disturbs the camera. */
export function watchEye({ camera, preRender }: Scene, moved: () => void): () => void {
  const [place, ahead, up] = [camera.positionWC, camera.directionWC, camera.upWC].map((one) => Cartesian3.clone(one)) as [Cartesian3, Cartesian3, Cartesian3];
  return preRender.addEventListener(() => {
    const still = Cartesian3.equalsEpsilon(place, camera.positionWC, 0, STILL_METRES) && Cartesian3.equalsEpsilon(ahead, camera.directionWC, 0, STILL_TURN) && Cartesian3.equalsEpsilon(up, camera.upWC, 0, STILL_TURN);
    if (still) return;
    Cartesian3.clone(camera.positionWC, place);
    Cartesian3.clone(camera.directionWC, ahead);
    Cartesian3.clone(camera.upWC, up);
    moved();
  }) as () => void;
}

/** Seen from so many times the height of the eye things are small. */
const SEEN_HEIGHTS = 6;
const SEEN_METRES_LEAST = 3000;

/** The box of the ground that is seen, as far as things on it can be told apart; null where there is none. */
export function boxSeen({ camera }: Scene): Box | null {
  const rectangle = camera.computeViewRectangle();
  if (!rectangle || rectangle.west > rectangle.east) return null;
  const [west, south, east, north] = [rectangle.west, rectangle.south, rectangle.east, rectangle.north].map(CesiumMath.toDegrees) as [number, number, number, number];
  const { longitude, latitude, height } = camera.positionCartographic;
  const eye: Position = [CesiumMath.toDegrees(longitude), CesiumMath.toDegrees(latitude)];
  const reach = Math.max(SEEN_METRES_LEAST, SEEN_HEIGHTS * height);
  const near: Box = [moved(eye, reach, 270)[0], moved(eye, reach, 180)[1], moved(eye, reach, 90)[0], moved(eye, reach, 0)[1]];
  const box: Box = [Math.max(west, near[0]), Math.max(south, near[1]), Math.min(east, near[2]), Math.min(north, near[3])];
  return box[0] < box[2] && box[1] < box[3] ? box : null;
}

function cameraOptions(view: View): { destination: Cartesian3; orientation: { heading: number; pitch: number; roll: number } } {
  return {
    destination: Cartesian3.fromDegrees(view.longitude, view.latitude, view.heightMetres),
    orientation: { heading: CesiumMath.toRadians(view.headingDegrees), pitch: CesiumMath.toRadians(view.pitchDegrees), roll: 0 },
  };
}

/** Puts the eye there at once. */
export function setView(scene: Scene, view: View): void {
  scene.camera.setView(cameraOptions(view));
  scene.requestRender();
}

/** Metres on the ground per CSS pixel in the middle of the map; null when the middle is sky. */
export function metresPerPixel(scene: Scene): number | null {
  const [x, y] = [scene.canvas.clientWidth / 2, scene.canvas.clientHeight / 2];
  const left = scene.camera.pickEllipsoid(new Cartesian2(x - 5, y));
  const right = scene.camera.pickEllipsoid(new Cartesian2(x + 5, y));
  return left && right ? Cartesian3.distance(left, right) / 10 : null;
}

function idOf(picked: unknown): string | null {
  if (picked instanceof Cesium3DTileFeature) {
    const id: unknown = picked.getProperty('id');
    return typeof id === 'string' ? id : null;
  }
  const id = typeof picked === 'object' && picked !== null && 'id' in picked ? picked.id : null;
  return typeof id === 'string' ? id : ownerOf(picked);
}

/** The box of the city, and the height above the ellipsoid of the ground in it. */
export interface Home {
  readonly box: Box;
  readonly groundMetres: number;
}

/** Controls of the map. `homeOf` is asked each time, since the city may be imported later; `complete` is that of MapControls. */
export class SceneControls implements MapControls {
  readonly #widget: CesiumWidget;
  readonly #scene: Scene;
  readonly #homeOf: () => Home | null;
  /** What is drawn on the ground at a place, `near` metres beside it at most; the layers of the city know. */
  groundFeatureAt: (place: Position, near: number) => string | null = () => null;
  #followed: { readonly place: Cartesian3; readonly atMs: number } | null = null;

  constructor(widget: CesiumWidget, homeOf: () => Home | null, readonly complete: () => Promise<void>) {
    this.#widget = widget;
    this.#scene = widget.scene;
    this.#homeOf = homeOf;
  }

  flyToView = (view: View): void => {
    const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (calm) return setView(this.#scene, view);
    this.#scene.camera.flyTo({ ...cameraOptions(view), duration: FLIGHT_SECONDS });
  };

  putView = (view: View): void => setView(this.#scene, view);

  watchView = (moved: (view: View) => void): (() => void) => {
    const tell = (): void => moved(currentView(this.#scene));
    tell();
    return watchEye(this.#scene, tell);
  };

  /** A view of a place from near by; null when the place has no position. */
  viewOfPlace(place: Geometry, leastMetres = NEAR_METRES): View | null {
    const box = boxOf(place);
    if (!box) return null;
    const { headingDegrees } = currentView(this.#scene);
    const distance = Math.max(leastMetres, diagonalMetres(box) * 3);
    // On a phone a sheet covers the lower half: what is flown to stands above it.
    const sheet = window.matchMedia('(max-width: 760px)').matches;
    const middle = middleOf(box);
    const ground = lowestOf(place) ?? this.#groundOf(middle);
    return viewOf(standing(sheet ? moved(middle, distance * 0.26, headingDegrees + 180) : middle, ground), distance, headingDegrees, -45);
  }

  flyToPlace = (place: Geometry, leastMetres?: number): void => {
    const view = this.viewOfPlace(place, leastMetres);
    if (view) this.flyToView(view);
  };

  /** The ground as far as it is loaded, else that of the city. */
  #groundOf([longitude, latitude]: Position): number {
    const drawn = this.#scene.globe.getHeight(Cartographic.fromDegrees(longitude, latitude));
    return drawn || (hasTerrain(this.#scene) ? (this.#homeOf()?.groundMetres ?? 0) : 0);
  }

  homeView(): View | null {
    const home = this.#homeOf();
    if (!home) return null;
    const { clientWidth, clientHeight } = this.#scene.canvas.parentElement ?? this.#scene.canvas;
    return viewOfBox(home.box, clientHeight > 0 ? clientWidth / clientHeight : window.innerWidth / window.innerHeight, home.groundMetres);
  }

  home = (): void => {
    const view = this.homeView();
    if (view) this.flyToView(view);
  };

  /** What the middle of the map looks at, and from how far. */
  #target(): { place: Position; distanceMetres: number } {
    const { canvas, camera, globe } = this.#scene;
    const middle = new Cartesian2(canvas.clientWidth / 2, canvas.clientHeight / 2);
    const ray = camera.getPickRay(middle);
    const hit = (ray ? globe.pick(ray, this.#scene) : undefined) ?? camera.pickEllipsoid(middle);
    const view = currentView(this.#scene);
    if (!hit) return { place: [view.longitude, view.latitude], distanceMetres: view.heightMetres };
    return { place: positionOf(hit), distanceMetres: Cartesian3.distance(hit, camera.positionWC) };
  }

  #around(change: { zoom?: number; turn?: number; tilt?: number; north?: boolean; right?: number; forward?: number }): void {
    const { place, distanceMetres } = this.#target();
    const view = currentView(this.#scene);
    const distance = Math.min(2e6, Math.max(60, distanceMetres * (change.zoom ?? 1)));
    const heading = change.north ? 0 : view.headingDegrees + (change.turn ?? 0);
    const pitch = Math.min(-8, Math.max(-89.5, view.pitchDegrees + (change.tilt ?? 0)));
    const sideways = moved(place, (change.right ?? 0) * distance, view.headingDegrees + 90);
    const target = standing(moved(sideways, (change.forward ?? 0) * distance, view.headingDegrees), place[2] ?? 0);
    setView(this.#scene, viewOf(target, distance, heading, pitch));
  }

  zoom = (factor: number): void => this.#around({ zoom: factor });
  turn = (degrees: number): void => this.#around({ turn: degrees });
  tilt = (degrees: number): void => this.#around({ tilt: degrees });
  pan = (right: number, forward: number): void => this.#around({ right, forward });
  faceNorth = (): void => this.#around({ north: true });

  pick = (at?: { readonly x: number; readonly y: number }): string | null => {
    const { canvas } = this.#scene;
    const { x, y } = at ?? { x: canvas.clientWidth / 2, y: canvas.clientHeight / 2 };
    return idOf(this.#scene.pick(new Cartesian2(x, y), PICK_PIXELS, PICK_PIXELS)) ?? this.#pickGround(x, y);
  };

  #pickGround(x: number, y: number): string | null {
    const ray = this.#scene.camera.getPickRay(new Cartesian2(x, y));
    const hit = ray ? this.#scene.globe.pick(ray, this.#scene) : undefined;
    if (!hit) return null;
    const { camera, canvas } = this.#scene;
    const fov = (camera.frustum as PerspectiveFrustum).fovy ?? 1;
    const metresPerPixel = (2 * Math.tan(fov / 2) * Cartesian3.distance(hit, camera.positionWC)) / canvas.clientHeight;
    return this.groundFeatureAt(positionOf(hit), PICK_PIXELS * metresPerPixel);
  }

  pixelOf = (longitude: number, latitude: number, heightMetres: number): { x: number; y: number } | null => {
    const pixel = this.#scene.cartesianToCanvasCoordinates(Cartesian3.fromDegrees(longitude, latitude, heightMetres));
    return pixel ? { x: pixel.x, y: pixel.y } : null;
  };

  placeAt = (at?: { readonly x: number; readonly y: number }): Position | null => {
    const { canvas, camera, globe } = this.#scene;
    const pixel = new Cartesian2(at?.x ?? canvas.clientWidth / 2, at?.y ?? canvas.clientHeight / 2);
    const drawn = this.#scene.pickPositionSupported && this.#scene.pick(pixel, 3, 3) ? this.#scene.pickPosition(pixel) : undefined;
    const ray = camera.getPickRay(pixel);
    const hit = drawn ?? (ray ? globe.pick(ray, this.#scene) : undefined) ?? camera.pickEllipsoid(pixel);
    return hit ? positionOf(hit) : null;
  };

  /** Where the pointer is on the ground; cheaper than placeAt. */
  groundPlaceAt(x: number, y: number): Position | null {
    const ray = this.#scene.camera.getPickRay(new Cartesian2(x, y));
    const hit = ray ? this.#scene.globe.pick(ray, this.#scene) : undefined;
    return hit ? positionOf(hit) : null;
  }

  target = (): Position => {
    const [longitude, latitude] = this.#target().place;
    return [longitude, latitude];
  };

  groundAt = (longitude: number, latitude: number): number => this.#scene.globe.getHeight(Cartographic.fromDegrees(longitude, latitude)) ?? 0;

  lookFrom = ([longitude, latitude, height = 0]: Position): void => {
    const { camera } = this.#scene;
    const place = Cartesian3.fromDegrees(longitude, latitude, height);
    const last = this.#followed;
    this.#followed = { place, atMs: performance.now() };
    if (!last || performance.now() - last.atMs > FOLLOW_PAUSE_MS) {
      const view = currentView(this.#scene);
      return setView(this.#scene, viewOf([longitude, latitude, height], FOLLOW_METRES, view.headingDegrees, Math.min(-25, view.pitchDegrees)));
    }
    Cartesian3.add(camera.position, Cartesian3.subtract(place, last.place, new Cartesian3()), camera.position);
  };

  drawn = (): HTMLCanvasElement => {
    this.#scene.render();
    return this.#scene.canvas;
  };

  drawnFinely = <T>(use: (canvas: HTMLCanvasElement) => T): T => {
    const usual = this.#widget.resolutionScale;
    this.#widget.resolutionScale = Math.min(2, window.devicePixelRatio || 1);
    this.#widget.resize();
    try {
      return use(this.drawn());
    } finally {
      this.#widget.resolutionScale = usual;
      this.#widget.resize();
      this.#scene.requestRender();
    }
  };
}

function positionOf(hit: Cartesian3): Position {
  const { longitude, latitude, height } = Cartographic.fromCartesian(hit);
  return [CesiumMath.toDegrees(longitude), CesiumMath.toDegrees(latitude), height];
}
