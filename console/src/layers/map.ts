// The map of the city: opens the scene, keeps every layer in step with the state, and tells the state where the eye is.
import { ScreenSpaceEventHandler, ScreenSpaceEventType, type CesiumWidget } from 'cesium';
import { formatView, type View } from '../math/camera';
import { diagonalMetres, readBox } from '../math/geo';
import { formatShape } from '../math/shape';
import type { App } from '../state/app';
import { maySense } from '../state/catalogue';
import { placeObject } from '../state/object_actions';
import { closePicked } from '../state/scenario_actions';
import { watch, type Watched } from '../state/store';
import { CityLayers } from './city_layers';
import { CloudLayer } from './cloud_layer';
import { currentView, metresPerPixel, SceneControls, setView, watchEye, type Home } from './controls';
import { outlinePrimitive, Slot } from './flat';
import { CutLayer, isTakenAway } from './cut_layer';
import { IndoorLayer } from './indoors';
import { applyQuality, colourScene, openScene } from './scene';
import { followScene } from './scene_completeness';
import { MovingLayer } from './moving_layer';
import { followFrames } from './quality';
import { ObjectLayer } from './objects';
import { RasterImagery } from './raster_layer';
import { ScenarioLayer } from './scenario_layer';
import { SensorLayer } from './sensor_layer';
import { SketchLayer } from './sketch_layer';
import { followSun } from './sunlight';
import { TileLayers } from './tile_layer';
import { hasTerrain, TerrainLayer } from './terrain';
import { UndergroundLayer } from './underground_layer';

type Stop = () => void;

const CITY_METRES_MAX = 150_000;
/** Less than this is not seen of compass and scale while the eye moves. */
const BEARING_DEGREES = 1;
const SCALE_PART = 0.02;
const AROUND_SENSOR_DEGREES = 0.02;

/** The city, or the surroundings of one sensor when sensors of several cities make the box too wide; without sensors all of it. */
function homeOfMap(app: App): Home | null {
  const summary = app.summary.get().value;
  const city = summary?.city;
  const box = readBox(city?.bbox ?? []);
  if (!box) return null;
  if (diagonalMetres(box) <= CITY_METRES_MAX) return { box, groundMetres: city?.ground_m ?? 0 };
  const { state, value } = app.sensors.get();
  if (state === 'loading' || (state === 'idle' && summary?.types.some(({ type }) => maySense(type)))) return null;
  const [sensor] = value?.values() ?? [];
  if (!sensor) return { box, groundMetres: 0 };
  const [longitude, latitude] = sensor.position;
  const d = AROUND_SENSOR_DEGREES;
  return { box: [longitude - d, latitude - d, longitude + d, latitude + d], groundMetres: sensor.position[2] ?? 0 };
}

/** Shows the view of the address, or the whole city once it is known. */
function followAddress(app: App, widget: CesiumWidget, controls: SceneControls): Stop[] {
  let last = '';
  let placed = false;
  const selectedView = (): View | null => {
    const geometry = app.address.get().selected === null ? null : app.entity.get().value?.geometry;
    return geometry ? controls.viewOfPlace(geometry) : null;
  };
  const place = (): void => {
    const { view } = app.address.get();
    if (view && formatView(view) !== last) {
      setView(widget.scene, view);
      placed = true;
    }
    const first = placed || view ? null : (selectedView() ?? controls.homeView());
    if (first) setView(widget.scene, first);
    placed ||= first !== null && (app.address.get().selected === null || app.entity.get().state !== 'loading');
  };
  const { camera } = widget.scene;
  const moved = (): void => {
    if (!placed) return;
    const view = currentView(widget.scene);
    last = formatView(view);
    app.go({ view }, false);
  };
  place();
  return [watch(app.address, (address) => address.view, place), watch(app.summary, homeOf, place), watch(app.sensors, ({ state }) => state, place), watch(app.entity, ({ value }) => value?.id, place), camera.moveEnd.addEventListener(moved) as Stop];
}

const homeOf = (summary: ReturnType<App['summary']['get']>): string => summary.value?.city?.bbox.join() ?? '';

/** Tells the state how the map lies, for compass and scale: what is seen of it at once, exactly when the eye rests. */
function tellBearing(app: App, { scene }: CesiumWidget): Stop[] {
  const tell = (leastTurn: number, leastPart: number) => (): void => {
    const { headingDegrees } = currentView(scene);
    const metres = metresPerPixel(scene);
    app.mapStatus.update((status) => {
      const turned = Math.abs(status.headingDegrees - headingDegrees) > leastTurn;
      const nearer = metres === null || status.metresPerPixel === null ? metres !== status.metresPerPixel : Math.abs(metres / status.metresPerPixel - 1) > leastPart;
      return turned || nearer ? { ...status, headingDegrees, metresPerPixel: metres } : status;
    });
  };
  return [watchEye(scene, tell(BEARING_DEGREES, SCALE_PART)), scene.camera.moveEnd.addEventListener(tell(0, 0)) as Stop];
}

function selectByPointer(app: App, widget: CesiumWidget, controls: SceneControls): Stop[] {
  const handler = new ScreenSpaceEventHandler(widget.canvas);
  handler.setInputAction(({ position }: { position: { x: number; y: number } }) => {
    if (app.drawing.draft.get()) {
      const place = controls.placeAt(position);
      return place ? app.drawing.addPoint(place) : undefined;
    }
    if (app.objects.placing.get()) {
      const place = controls.placeAt(position);
      return place ? placeObject(app, place) : undefined;
    }
    const id = controls.pick(position);
    if (app.scenarios.closing.get()) return closePicked(app, id);
    if (id && app.address.get().panel === 'objects') return app.go({ selected: id });
    if (id) app.select(id);
    else if (app.address.get().panel === 'inspector') app.closePanel();
  }, ScreenSpaceEventType.LEFT_CLICK);
  let asked = 0;
  handler.setInputAction(({ endPosition: { x, y } }: { endPosition: { x: number; y: number } }) => {
    if (!(app.drawing.draft.get() || app.objects.placing.get()) || asked !== 0) return;
    asked = requestAnimationFrame(() => {
      asked = 0;
      const place = controls.groundPlaceAt(x, y);
      app.drawing.point(place);
      if (app.objects.placing.get()) app.objects.pointer.set(place);
    });
  }, ScreenSpaceEventType.MOUSE_MOVE);
  handler.setInputAction(() => {
    if (!app.drawing.draft.get()) return;
    // The second click of a double click has added the same corner once more.
    app.drawing.dropPoint();
    app.drawing.finish();
  }, ScreenSpaceEventType.LEFT_DOUBLE_CLICK);
  return [() => handler.destroy(), watch(app.drawing.draft, (draft) => draft !== null, (drawing) => widget.canvas.classList.toggle('drawing', drawing)),
    watch(app.objects.placing, (placing) => placing !== null, (placing) => widget.canvas.classList.toggle('drawing', placing))];
}

function outlineSelected(app: App, widget: CesiumWidget): Stop[] {
  const slot = new Slot(widget.scene);
  const draw = (): void => {
    const entity = app.entity.get().value;
    slot.put(entity?.geometry ? outlinePrimitive(entity.geometry, entity.id, app.settings.get().theme, hasTerrain(widget.scene) ? 'terrain' : 'ellipsoid') : null);
  };
  return [watch(app.entity, ({ value }) => value?.geometry, draw), watch(app.settings, ({ theme }) => theme, draw)];
}

function drawTools(app: App, widget: CesiumWidget, controls: SceneControls): Stop[] {
  const [sketch, moving] = [new SketchLayer(app, widget.scene), new MovingLayer(app, widget.scene, controls.groundAt)];
  const under = new UndergroundLayer(app, widget.scene, controls.groundAt);
  const indoors = new IndoorLayer(app, widget.scene);
  const cut = new CutLayer(app, widget.scene, controls.groundAt);
  sketch.update();
  under.update();
  indoors.update();
  cut.update();
  return [
    ...[watch(app.address, ({ shapes }) => shapes, sketch.update), watch(app.address, ({ language }) => language, sketch.update), watch(app.settings, ({ theme }) => theme, sketch.update)],
    ...[app.drawing.draft, app.ways.answers].map((store) => store.subscribe(sketch.update)),
    app.moving.edition.subscribe(moving.update),
    watch(app.address, ({ on, off, selected, follow }) => `${on} ${off} ${selected} ${follow}`, moving.update),
    ...[watch(app.address, (address) => address.under, under.update), watch(app.address, ({ on, off }) => `${on} ${off}`, under.update), watch(app.settings, ({ theme }) => theme, under.update)],
    ...[app.summary, app.cityEdition, app.restingAsOf].map((store) => store.subscribe(under.update)),
    watch(app.address, ({ inside, selected }) => `${inside?.building} ${inside?.storey} ${selected}`, indoors.update),
    watch(app.settings, ({ theme }) => theme, indoors.update),
    ...[app.indoors.way, app.cityEdition, app.restingAsOf].map((store) => store.subscribe(indoors.update)),
    watch(app.address, ({ under, shapes }) => `${under?.cut} ${shapes.filter(({ kind }) => kind === 'cut').map(formatShape)}`, cut.update),
    watch(app.map, (map) => map !== null, cut.update),
    () => cut.destroy(),
    () => indoors.destroy(),
    () => sketch.destroy(),
    () => under.destroy(),
    () => moving.destroy(),
  ];
}

function drawRasters(app: App, widget: CesiumWidget): Stop[] {
  const layer = new RasterImagery(app, widget.scene);
  layer.update();
  return [
    ...[app.summaryThen, app.cityEdition, app.restingAsOf, app.rasters.list, app.rasters.chosen].map((store) => store.subscribe(layer.update)),
    watch(app.address, ({ on, off, atMs, scenario }) => `${on} ${off} ${atMs} ${scenario}`, layer.update),
    watch(app.nowMs, (ms) => Math.floor(ms / 60_000), layer.update),
    () => layer.destroy(),
  ];
}

function drawScenario(app: App, widget: CesiumWidget, controls: SceneControls): Stop[] {
  const layer = new ScenarioLayer(app, widget.scene, controls.groundAt);
  layer.update();
  return [
    ...[app.scenarios.changes, app.scenarios.footprint, app.summary].map((store) => store.subscribe(layer.update)),
    watch(app.address, ({ scenario }) => scenario, layer.update),
    watch(app.settings, ({ theme }) => theme, layer.update),
    watch(app.mapStatus, ({ groundLoading }) => groundLoading, layer.update),
    () => layer.destroy(),
  ];
}

function drawClouds(app: App, widget: CesiumWidget): Stop[] {
  const layer = new CloudLayer(app, widget.scene);
  layer.update();
  return [
    ...[app.summaryThen, app.cityEdition, app.restingAsOf].map((store) => store.subscribe(layer.update)),
    watch(app.clouds.list, ({ value }) => value, layer.update),
    watch(app.address, ({ on, off, cloudColouring }) => `${on} ${off} ${cloudColouring}`, layer.update),
    () => layer.destroy(),
  ];
}

function drawObjects(app: App, widget: CesiumWidget, controls: SceneControls): Stop[] {
  const layer = new ObjectLayer(app, widget.scene, controls.groundAt);
  layer.update();
  return [
    ...[app.summaryThen, app.cityEdition, app.restingAsOf, app.objects.edition, app.objects.catalogue].map((store) => store.subscribe(layer.update)),
    watch(app.address, ({ on, off, selected }) => `${on} ${off} ${selected}`, layer.update),
    watch(app.objects.placing, (placing) => placing?.moving, layer.update),
    ...[app.objects.placing, app.objects.pointer].map((store) => store.subscribe(layer.preview)),
    () => layer.destroy(),
  ];
}

function drawLayers(app: App, widget: CesiumWidget, controls: SceneControls): Stop[] {
  const { scene } = widget;
  const [tiles, city, sensors] = [new TileLayers(app, scene), new CityLayers(app, scene), new SensorLayer(app, scene)];
  controls.groundFeatureAt = (place, near) => (isTakenAway(scene, place) ? null : city.ground.at(place, near));
  const on = (stores: readonly Watched<unknown>[], update: () => void): Stop[] => stores.map((store) => store.subscribe(update));
  const cityStores = [app.address, app.summary, app.summaryThen, app.settings, app.cityEdition, app.restingAsOf, app.tables.tables];
  const terrain = new TerrainLayer(app, scene, city.update);
  terrain.update();
  tiles.update();
  city.update();
  sensors.update();
  return [
    ...on(cityStores, tiles.update),
    watch(app.mapStatus, ({ quality }) => quality, tiles.update),
    ...on([...cityStores, app.places.editions], city.update),
    watch(app.sensors, ({ value }) => value?.size, city.update),
    ...on([app.summary, app.cityEdition], terrain.update),
    () => terrain.destroy(),
    ...on([app.address, app.sensors, app.settings, app.stream.state, app.tables.tables], sensors.update),
    ...[watch(app.nowMs, (ms) => Math.floor(ms / 10_000), sensors.update)],
    () => tiles.destroy(),
    () => city.destroy(),
    () => sensors.destroy(),
  ];
}

function tellFailures(app: App, widget: CesiumWidget): Stop[] {
  const failed = (): void => app.mapStatus.update((status) => ({ ...status, phase: 'failed' }));
  const broken = (_: unknown, error: unknown): void => {
    console.error(`The map has stopped: ${String(error)}`);
    failed();
  };
  widget.canvas.addEventListener('webglcontextlost', failed);
  return [widget.scene.renderError.addEventListener(broken) as Stop, () => widget.canvas.removeEventListener('webglcontextlost', failed)];
}

/** Opens the 3D map in `container`; the answer closes it. Null when WebGL fails after all. */
export function openMap(container: HTMLElement, app: App, light: boolean): Stop | null {
  let widget: CesiumWidget;
  try {
    widget = openScene(container, light);
  } catch {
    return null;
  }
  app.mapStatus.update((status) => ({ ...status, phase: 'ready', light }));
  const { completeness, stops: following } = followScene(app, widget.scene);
  const controls = new SceneControls(widget, () => homeOfMap(app), completeness.reached);
  const stops: Stop[] = [
    ...following,
    watch(app.settings, ({ theme }) => theme, (theme) => colourScene(widget.scene, theme)),
    ...followSun(app, widget),
    ...tellBearing(app, widget),
    ...followAddress(app, widget, controls),
    ...selectByPointer(app, widget, controls),
    ...outlineSelected(app, widget),
    ...drawLayers(app, widget, controls),
    ...drawTools(app, widget, controls),
    followFrames(app, widget.scene, (level) => applyQuality(widget, level)),
    ...drawObjects(app, widget, controls),
    ...drawRasters(app, widget),
    ...drawScenario(app, widget, controls),
    ...drawClouds(app, widget),
    ...tellFailures(app, widget),
  ];
  widget.canvas.setAttribute('aria-hidden', 'true');
  widget.canvas.removeAttribute('tabindex');
  app.map.set(controls);
  return () => {
    app.map.set(null);
    for (const stop of stops) stop();
    widget.destroy();
  };
}
