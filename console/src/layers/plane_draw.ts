// Draws the flat map into a canvas: areas, roads, buildings, what lies below, points, sensors, what moves, what is drawn.
import { BODY_TYPES, bodyColour } from '../math/bodies';
import { linesOf, polygonsOf, type Box, type Geometry, type Position } from '../math/geo';
import { buildingClasses, classOf, FRESHNESS_COLOUR, MOVING_COLOURS, roadGroup, roadPaint, SCENE, type Theme } from '../math/paint';
import { boxOn, pixelOn, type Plane } from '../math/plane';
import { isRing } from '../math/shape';
import { shownAt } from '../math/track';
import { isUnderground, networkColour, networkOf, pipeWidth, UNDERGROUND_TYPES } from '../math/underground';
import type { App } from '../state/app';
import { isShown } from '../state/catalogue';
import { figuresOf } from '../state/figures';
import { colourIn, isSeen, lookOf, type Look } from '../state/looks';
import { plainValue } from '../state/ngsi';
import { measuredBy, readingFreshness } from '../state/sensors';
import { wordsOf } from '../state/words';
import type { BoxedFeature, PlaneData } from './plane_data';

const LABELS_MAX = 60;
const FONT = '600 12px "Pretendard", "Noto Sans KR", "Noto Sans CJK KR", system-ui, sans-serif';

interface Sheet {
  readonly app: App;
  readonly context: CanvasRenderingContext2D;
  readonly plane: Plane;
  readonly theme: Theme;
  readonly data: PlaneData;
  readonly seen: Box;
}

const overlaps = (a: Box, b: Box): boolean => a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];

function path({ context, plane }: Sheet, line: readonly Position[], closed: boolean): void {
  line.forEach((place, i) => {
    const { x, y } = pixelOn(plane, place);
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
  if (closed) context.closePath();
}

function fill(sheet: Sheet, geometry: Geometry, colour: string, edge?: string): void {
  const { context } = sheet;
  for (const rings of polygonsOf(geometry)) {
    context.beginPath();
    for (const ring of rings) path(sheet, ring, true);
    context.fillStyle = colour;
    context.fill('evenodd');
    if (!edge) continue;
    context.strokeStyle = edge;
    context.lineWidth = 1;
    context.stroke();
  }
}

function stroke(sheet: Sheet, geometry: Geometry, colour: string, width: number): void {
  const { context } = sheet;
  context.beginPath();
  for (const line of linesOf(geometry)) path(sheet, line, false);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

function dot({ context, plane }: Sheet, place: Position, radius: number, colour: string, halo: string): void {
  const { x, y } = pixelOn(plane, place);
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.strokeStyle = halo;
  context.lineWidth = 2;
  context.fill();
  context.stroke();
}

function label({ context, plane, theme }: Sheet, place: Position, text: string, colour: string): void {
  const { x, y } = pixelOn(plane, place);
  context.font = FONT;
  context.textAlign = 'center';
  context.lineWidth = 4;
  context.strokeStyle = SCENE[theme].halo;
  context.strokeText(text, x, y - 11);
  context.fillStyle = colour;
  context.fillText(text, x, y - 11);
}

function* seenOf(sheet: Sheet, type: string): Generator<{ feature: BoxedFeature; look: Look | null }> {
  const address = sheet.app.address.get();
  if (!isShown(address, type)) return;
  const look = lookOf(sheet.app, type);
  for (const feature of sheet.data.of(type)) if (overlaps(feature.box, sheet.seen) && isSeen(look, feature.id)) yield { feature, look };
}

function drawGround(sheet: Sheet): void {
  const { theme } = sheet;
  for (const { feature, look } of seenOf(sheet, 'GreenSpace')) fill(sheet, feature.geometry, colourIn(look, feature.id) ?? SCENE[theme].green);
  for (const { feature, look } of seenOf(sheet, 'Water')) fill(sheet, feature.geometry, colourIn(look, feature.id) ?? SCENE[theme].water);
  for (const { feature, look } of seenOf(sheet, 'RoadSegment')) {
    const { colour, widthPixels } = roadPaint(roadGroup(plainValue(feature.properties['roadClass'])), theme);
    stroke(sheet, feature.geometry, colourIn(look, feature.id) ?? colour, widthPixels + 0.5);
  }
}

/** Bodies as they lie on the ground. */
function drawBodies(sheet: Sheet): void {
  const { selected } = sheet.app.address.get();
  for (const type of BODY_TYPES.filter((one) => !isUnderground(one))) {
    const own = bodyColour(type, sheet.theme);
    for (const { feature, look } of seenOf(sheet, type)) fill(sheet, feature.geometry, feature.id === selected ? SCENE[sheet.theme].accent : (colourIn(look, feature.id) ?? own));
  }
}

function drawBuildings(sheet: Sheet): void {
  const { app, theme, context } = sheet;
  const { colourBy, selected, under } = app.address.get();
  const classes = buildingClasses(colourBy, theme);
  context.globalAlpha = under ? 0.3 : 1;
  for (const { feature, look } of seenOf(sheet, 'Building')) {
    const value = plainValue(feature.properties[colourBy]);
    const own = classOf(classes, typeof value === 'number' || typeof value === 'string' ? value : undefined)?.colour ?? SCENE[theme].point;
    fill(sheet, feature.geometry, feature.id === selected ? SCENE[theme].accent : (colourIn(look, feature.id) ?? own), SCENE[theme].ground);
  }
  context.globalAlpha = 1;
}

function drawBelow(sheet: Sheet): void {
  if (!sheet.app.address.get().under) return;
  for (const type of UNDERGROUND_TYPES) {
    for (const { feature } of seenOf(sheet, type)) {
      const colour = networkColour(networkOf(plainValue(feature.properties['network'])), sheet.theme);
      const diameter = plainValue(feature.properties['diameter']);
      if (feature.geometry.type.endsWith('Polygon')) fill(sheet, feature.geometry, `${colour}66`, colour);
      else stroke(sheet, feature.geometry, colour, pipeWidth(typeof diameter === 'number' ? diameter / 1000 : null));
    }
  }
}

function drawPoints(sheet: Sheet): void {
  for (const type of ['TrafficSignal', 'Crossing', 'PointOfInterest']) {
    for (const { feature, look } of seenOf(sheet, type)) {
      if (feature.geometry.type === 'Point') dot(sheet, feature.geometry.coordinates, 4, colourIn(look, feature.id) ?? SCENE[sheet.theme].point, SCENE[sheet.theme].halo);
    }
  }
}

function drawSensors(sheet: Sheet): void {
  const { app, theme, seen } = sheet;
  const sensors = app.sensors.get().value;
  if (!sensors) return;
  const address = app.address.get();
  const words = wordsOf(app.language);
  const connected = address.atMs !== null || app.stream.state.get().phase !== 'lost';
  let labels = 0;
  for (const sensor of sensors.values()) {
    const [x, y] = sensor.position;
    if (!isShown(address, sensor.type) || !overlaps([x, y, x, y], seen)) continue;
    const look = lookOf(app, sensor.type);
    if (!isSeen(look, sensor.id)) continue;
    const reading = sensor.readings[address.shown[sensor.type] ?? measuredBy(sensors, sensor.type)[0] ?? ''];
    const freshness = reading ? readingFreshness(reading, address.atMs ?? app.nowMs.get(), connected) : 'stale';
    const colour = sensor.id === address.selected ? SCENE[theme].accent : (colourIn(look, sensor.id) ?? FRESHNESS_COLOUR[theme][freshness]);
    dot(sheet, sensor.position, sensor.id === address.selected ? 8 : 6, colour, SCENE[theme].halo);
    if (reading && labels++ < LABELS_MAX) label(sheet, sensor.position, words.quantity(reading.value, reading.unitCode), SCENE[theme].label);
  }
}

function drawMoving(sheet: Sheet): void {
  const { app, context, plane, theme } = sheet;
  const address = app.address.get();
  const nowMs = app.screenMs();
  for (const thing of app.moving.all.values()) {
    if (!isShown(address, thing.type)) continue;
    const { place, heading, presence } = shownAt(thing.track, nowMs);
    if (presence === 0 || !overlaps([place[0], place[1], place[0], place[1]], sheet.seen)) continue;
    const { x, y } = pixelOn(plane, place);
    const colour = thing.id === address.selected ? SCENE[theme].accent : MOVING_COLOURS[theme][thing.type === 'Person' ? 'person' : /bus|truck|lorry/i.test(thing.kind) ? 'long' : 'car'];
    context.save();
    context.globalAlpha = 0.2 + 0.8 * presence;
    context.translate(x, y);
    context.rotate((heading * Math.PI) / 180);
    context.beginPath();
    if (thing.type === 'Person') context.arc(0, 0, 3, 0, 2 * Math.PI);
    else for (const [dx, dy] of [[0, -7], [5, 6], [0, 3], [-5, 6]] as const) context.lineTo(dx, dy);
    context.closePath();
    context.fillStyle = thing.invented ? SCENE[theme].ground : colour;
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.fill();
    context.stroke();
    context.restore();
  }
}

function drawShapes(sheet: Sheet): void {
  const { app, context, theme } = sheet;
  const draft = app.drawing.draft.get();
  const drafted = draft ? [{ kind: draft.kind, points: draft.pointer ? [...draft.points, draft.pointer] : draft.points }] : [];
  for (const shape of [...app.address.get().shapes, ...drafted]) {
    context.beginPath();
    path(sheet, shape.points, isRing(shape.kind) && shape.points.length > 2);
    context.strokeStyle = SCENE[theme].accent;
    context.lineWidth = 3;
    context.stroke();
    for (const point of shape.points) dot(sheet, point, 4, SCENE[theme].accent, SCENE[theme].halo);
    const [figure] = shape.points.length > 1 ? figuresOf(shape, wordsOf(app.language)) : [];
    const last = shape.points.at(-1);
    if (figure && last) label(sheet, last, figure.value, SCENE[theme].label);
  }
}

/** Draws everything once. */
export function drawPlane(app: App, context: CanvasRenderingContext2D, plane: Plane, data: PlaneData): void {
  const { theme } = app.settings.get();
  const sheet: Sheet = { app, context, plane, theme, data, seen: boxOn(plane) };
  context.fillStyle = SCENE[theme].ground;
  context.fillRect(0, 0, plane.width, plane.height);
  context.lineJoin = context.lineCap = 'round';
  drawGround(sheet);
  drawBodies(sheet);
  drawBuildings(sheet);
  drawBelow(sheet);
  drawPoints(sheet);
  const entity = app.entity.get().value;
  if (entity?.geometry && entity.geometry.type !== 'Point') stroke(sheet, entity.geometry, SCENE[theme].accent, 3);
  drawSensors(sheet);
  drawMoving(sheet);
  drawShapes(sheet);
}
