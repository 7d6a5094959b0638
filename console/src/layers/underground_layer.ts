// Below the ground: pipes, cables, tunnels and basements at their depth, and the ground made translucent.
import {
  ArcType, Cartesian2, Cartesian3, Color, ColorGeometryInstanceAttribute, CornerType, GeometryInstance,
  PerInstanceColorAppearance, PolygonGeometry, PolygonHierarchy, PolylineColorAppearance, PolylineGeometry, PolylineVolumeGeometry, Primitive, type Scene,
} from 'cesium';
import { linesOf, polygonsOf, type Position } from '../math/geo';
import { partAround, suffices, type Part } from '../math/parts';
import { axisDepth, isUnderground, networkColour, networkOf, pipeWidth, UNDERGROUND_TYPES } from '../math/underground';
import type { Theme } from '../math/paint';
import { FEATURES_MAX, isAbort } from '../state/api';
import type { App } from '../state/app';
import { isShown } from '../state/catalogue';
import { plainValue, type MapFeature } from '../state/ngsi';
import { boxSeen } from './controls';
import { hasTerrain } from './terrain';
import { Slot } from './flat';

const SIDES = 8;
const LEAST_RADIUS_M = 0.09;
const BASEMENT_M = 4;
/** Where the ground is looked at again, and by how much it must have become another one. */
const WATCHED_MOST = 400;
const WATCHED_DEGREES = 0.004;
const GROUND_STEP_M = 0.3;

type Ground = (longitude: number, latitude: number) => number;

const numberOf = (feature: MapFeature, name: string): number | null => {
  const value = plainValue(feature.properties[name]);
  return typeof value === 'number' ? value : null;
};

/** Metres from the ground to the top of a thing; null when not known. */
const coverOf = (feature: MapFeature): number | null => numberOf(feature, 'depth') ?? numberOf(feature, 'depthMin');
const diameterOf = (feature: MapFeature): number | null => {
  const millimetres = numberOf(feature, 'diameter');
  return millimetres === null ? numberOf(feature, 'width') : millimetres / 1000;
};

const circles = new Map<string, Cartesian2[]>();

function circle(radius: number): Cartesian2[] {
  const key = radius.toFixed(2);
  const known = circles.get(key);
  if (known) return known;
  const made = Array.from({ length: SIDES }, (_, i) => new Cartesian2(radius * Math.cos((i * 2 * Math.PI) / SIDES), radius * Math.sin((i * 2 * Math.PI) / SIDES)));
  circles.set(key, made);
  return made;
}

function distinct(points: readonly Cartesian3[]): Cartesian3[] {
  return points.filter((point, i) => i === 0 || Cartesian3.distance(point, points[i - 1] ?? point) > 0.05);
}

function pipeInstances(feature: MapFeature, type: string, ground: Ground, colour: Color): GeometryInstance[] {
  const diameter = diameterOf(feature);
  const depth = axisDepth(type, coverOf(feature), diameter);
  const place = ([longitude, latitude, height]: Position): Cartesian3 => Cartesian3.fromDegrees(longitude, latitude, height ?? ground(longitude, latitude) - depth);
  return linesOf(feature.geometry).map((line) => distinct(line.map(place))).filter((line) => line.length > 1).map((line) => new GeometryInstance({
    id: feature.id,
    geometry: new PolylineVolumeGeometry({ polylinePositions: line, shapePositions: circle(Math.max(LEAST_RADIUS_M, (diameter ?? 0.15) / 2)), cornerType: CornerType.MITERED, vertexFormat: PerInstanceColorAppearance.VERTEX_FORMAT }),
    attributes: { color: ColorGeometryInstanceAttribute.fromColor(colour) },
  }));
}

/** The same axes as lines of a few pixels, so that they are seen from afar too. */
function axisInstances(feature: MapFeature, type: string, ground: Ground, colour: Color): GeometryInstance[] {
  const diameter = diameterOf(feature);
  const depth = axisDepth(type, coverOf(feature), diameter);
  const place = ([longitude, latitude, height]: Position): Cartesian3 => Cartesian3.fromDegrees(longitude, latitude, height ?? ground(longitude, latitude) - depth);
  return linesOf(feature.geometry).map((line) => distinct(line.map(place))).filter((line) => line.length > 1).map((line) => new GeometryInstance({
    id: feature.id,
    geometry: new PolylineGeometry({ positions: line, width: pipeWidth(diameter), arcType: ArcType.NONE, vertexFormat: PolylineColorAppearance.VERTEX_FORMAT }),
    attributes: { color: ColorGeometryInstanceAttribute.fromColor(colour) },
  }));
}

function axesOf(features: readonly MapFeature[], type: string, theme: Theme, ground: Ground, depthMetres: number): Primitive | null {
  const instances = seenDown(features, type, depthMetres).filter(({ geometry }) => geometry.type.endsWith('LineString')).flatMap((feature) => axisInstances(feature, type, ground, colourOf(feature, theme)));
  return instances.length === 0 ? null : new Primitive({ geometryInstances: instances, appearance: new PolylineColorAppearance({ translucent: false }), asynchronous: true });
}

const colourOf = (feature: MapFeature, theme: Theme): Color => Color.fromCssColorString(networkColour(networkOf(plainValue(feature.properties['network'])), theme));
const seenDown = (features: readonly MapFeature[], type: string, depthMetres: number): readonly MapFeature[] => features.filter((feature) => axisDepth(type, coverOf(feature), diameterOf(feature)) <= depthMetres);

function bodyInstances(feature: MapFeature, ground: Ground, colour: Color): GeometryInstance[] {
  const cover = coverOf(feature) ?? 0;
  return polygonsOf(feature.geometry).map(([outer = [], ...holes]) => {
    const [longitude = 0, latitude = 0] = outer[0] ?? [];
    const top = ground(longitude, latitude) - cover;
    const ring = (points: readonly Position[]): Cartesian3[] => points.map(([x, y]) => Cartesian3.fromDegrees(x, y));
    return new GeometryInstance({
      id: feature.id,
      geometry: new PolygonGeometry({
        polygonHierarchy: new PolygonHierarchy(ring(outer), holes.map((hole) => new PolygonHierarchy(ring(hole)))), height: top, extrudedHeight: top - (numberOf(feature, 'height') ?? BASEMENT_M),
        vertexFormat: PerInstanceColorAppearance.VERTEX_FORMAT, arcType: ArcType.GEODESIC,
      }),
      attributes: { color: ColorGeometryInstanceAttribute.fromColor(colour.withAlpha(0.55)) },
    });
  });
}

function primitiveOf(features: readonly MapFeature[], type: string, theme: Theme, ground: Ground, depthMetres: number): Primitive | null {
  const instances = seenDown(features, type, depthMetres).flatMap((feature) => {
    const colour = colourOf(feature, theme);
    return feature.geometry.type.endsWith('LineString') ? pipeInstances(feature, type, ground, colour) : bodyInstances(feature, ground, colour);
  });
  const translucent = type === 'Basement' || type === 'Tunnel' || type === 'UndergroundStructure';
  return instances.length === 0 ? null : new Primitive({ geometryInstances: instances, appearance: new PerInstanceColorAppearance({ translucent, closed: true }), asynchronous: true });
}

export class UndergroundLayer {
  readonly #app: App;
  readonly #scene: Scene;
  readonly #ground: Ground;
  readonly #slots = new Map<string, Slot>();
  readonly #features = new Map<string, readonly MapFeature[]>();
  /** What was read last of each type. */
  readonly #keys = new Map<string, string>();
  readonly #parts = new Map<string, Part>();
  readonly #endFollowing: () => void;
  /** The ground as it was where things were drawn below it. */
  #watched: readonly { readonly place: Position; readonly height: number }[] = [];
  #fetched = '';
  #drawn = '';
  #request: AbortController | null = null;
  #open = false;
  /** How many times features came, so that what came later is drawn too. */
  #arrived = 0;

  constructor(app: App, scene: Scene, ground: Ground) {
    [this.#app, this.#scene, this.#ground] = [app, scene, ground];
    for (const type of UNDERGROUND_TYPES) for (const kind of ['body', 'axis']) this.#slots.set(`${type} ${kind}`, new Slot(scene));
    const stops = [scene.globe.tileLoadProgressEvent.addEventListener(this.#groundCame), scene.camera.moveEnd.addEventListener(() => {
      if (this.#parts.size > 0) this.update();
    })] as (() => void)[];
    this.#endFollowing = () => stops.forEach((stop) => stop());
  }

  update = (): void => {
    const { under } = this.#app.address.get();
    this.#openGround();
    if (!under) return this.#showNone();
    void this.#fetch().then(() => this.#draw());
  };

  /** Makes the ground translucent and lets the eye below it, or closes it again. */
  #openGround(): void {
    const { under } = this.#app.address.get();
    const { globe, screenSpaceCameraController } = this.#scene;
    globe.translucency.enabled = under !== null;
    globe.translucency.frontFaceAlpha = under?.ground ?? 1;
    globe.translucency.backFaceAlpha = under ? Math.max(0.15, under.ground) : 1;
    globe.undergroundColor = Color.fromCssColorString('#16110c');
    screenSpaceCameraController.enableCollisionDetection = under === null;
    globe.depthTestAgainstTerrain = under !== null || hasTerrain(this.#scene);
    if (!under && this.#open) this.#scene.requestRender();
    this.#open = under !== null;
  }

  async #fetch(): Promise<void> {
    const present = (this.#app.summary.get().value?.types ?? []).filter(({ type }) => isUnderground(type));
    const wanted = present.map(({ type, count }) => this.#keyOf(type, count));
    if (wanted.join() === this.#fetched) return;
    this.#fetched = wanted.join();
    this.#request?.abort();
    const { signal } = (this.#request = new AbortController());
    try {
      for (const [i, { type }] of present.entries()) {
        if (this.#keys.get(type) === wanted[i]) continue;
        await this.#read(type, signal);
        this.#keys.set(type, wanted[i] ?? '');
        this.#arrived++;
      }
    } catch (error) {
      if (!isAbort(error)) this.#fetched = '';
    }
  }

  /** Names what is to be read of a type; of very many things those around what is seen. */
  #keyOf(type: string, count: number): string {
    const seen = count > FEATURES_MAX ? boxSeen(this.#scene) : null;
    if (!seen) this.#parts.delete(type);
    else if (!suffices(this.#parts.get(type) ?? null, seen)) this.#parts.set(type, partAround(seen));
    return `${type} ${this.#app.cityEdition.get()} ${this.#app.restingAsOf.get()} ${this.#parts.get(type)?.box ?? ''}`;
  }

  async #read(type: string, signal: AbortSignal): Promise<void> {
    const options = { asOf: this.#app.restingAsOf.get(), signal };
    const part = this.#parts.get(type);
    const features: MapFeature[] = [];
    if (part) for (const one of await this.#app.api.featuresIn(type, part.box, FEATURES_MAX, options)) features.push(one);
    else await this.#app.api.features(type, (page) => features.push(...page), options);
    this.#features.set(type, features);
    const whole = !part || features.length < FEATURES_MAX;
    if (part) this.#parts.set(type, { ...part, whole });
    this.#app.mapStatus.update((status) => {
      const { [type]: _, ...others } = status.partly;
      return { ...status, partly: whole ? others : { ...others, [type]: features.length } };
    });
  }

  #draw(): void {
    const address = this.#app.address.get();
    const { theme } = this.#app.settings.get();
    const { under } = address;
    if (!under) return;
    const shown = UNDERGROUND_TYPES.filter((type) => isShown(address, type));
    const key = `${this.#fetched} ${this.#arrived} ${theme} ${under.depthMetres} ${shown.join()}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.#watchGround();
    for (const type of UNDERGROUND_TYPES) {
      const features = shown.includes(type) ? (this.#features.get(type) ?? []) : [];
      this.#slots.get(`${type} body`)?.put(primitiveOf(features, type, theme, this.#ground, under.depthMetres));
      this.#slots.get(`${type} axis`)?.put(axesOf(features, type, theme, this.#ground, under.depthMetres));
    }
    this.#scene.requestRender();
  }

  /** From afar the ground is a coarse one: what lies below it is drawn again once it is known better near what is looked at. */
  #groundCame = (waiting: number): void => {
    const target = this.#app.map.get()?.target();
    if (waiting > 0 || this.#drawn === '' || !target) return;
    const near = this.#watched.filter(({ place }) => Math.abs(place[0] - target[0]) < WATCHED_DEGREES && Math.abs(place[1] - target[1]) < WATCHED_DEGREES);
    if (!near.some(({ place, height }) => Math.abs(this.#ground(place[0], place[1]) - height) > GROUND_STEP_M)) return;
    this.#drawn = '';
    this.#draw();
  };

  #watchGround(): void {
    const places = [...this.#features.values()].flat().map(({ geometry }) => linesOf(geometry)[0]?.[0]).filter((place): place is Position => place !== undefined && place[2] === undefined);
    const step = Math.ceil(places.length / WATCHED_MOST);
    this.#watched = places.filter((_, i) => i % step === 0).map((place) => ({ place, height: this.#ground(place[0], place[1]) }));
  }

  #showNone(): void {
    if (this.#drawn === '') return;
    this.#drawn = '';
    for (const slot of this.#slots.values()) slot.put(null);
  }

  destroy(): void {
    this.#endFollowing();
    this.#request?.abort();
    for (const slot of this.#slots.values()) slot.destroy();
  }
}
