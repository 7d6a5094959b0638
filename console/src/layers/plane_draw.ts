// Draws the flat map into a canvas: areas, roads, buildings, what lies below, points, sensors, what moves, what is drawn.
import { BODY_TYPES, bodyColour } from '../math/bodies';
import { overlaps } from '../math/box_index';
import { linesOf, type Position } from '../math/geo';
import { buildingClasses, classOf, FRESHNESS_COLOUR, MOVING_COLOURS, SCENE } from '../math/paint';
import { boxOn, pixelOn, type Plane } from '../math/plane';
import { isRing } from '../math/shape';
import { shownAt } from '../math/track';
import { WAY_PIXELS, wayColour, type WayPaint } from '../math/ways';
import { isUnderground, networkColour, networkOf, pipeWidth, UNDERGROUND_TYPES } from '../math/underground';
import type { App } from '../state/app';
import { isShown } from '../state/catalogue';
import { labelOf } from '../state/figures';
import { colourIn, isSeen, lookOf } from '../state/looks';
import { plainValue } from '../state/ngsi';
import { placeTypes } from '../state/places';
import { measuredBy, readingFreshness } from '../state/sensors';
import type { Way } from '../state/ways';
import { wordsOf } from '../state/words';
import { colourOfPlace, drawGround, fill, path, seenOf, stroke, type Sheet } from './ground_draw';
import type { PlaneData } from './plane_data';

const LABELS_MAX = 60;
const FONT = '600 12px "Pretendard", "Noto Sans KR", "Noto Sans CJK KR", system-ui, sans-serif';

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
  const { app, theme } = sheet;
  const { selected } = app.address.get();
  for (const type of placeTypes(app)) {
    for (const { feature, look } of seenOf(sheet, type)) {
      if (!feature.geometry.type.endsWith('Point')) continue;
      const isSelected = feature.id === selected;
      const colour = isSelected ? SCENE[theme].accent : colourOfPlace(theme, type, look, feature);
      for (const place of linesOf(feature.geometry).flat()) dot(sheet, place, isSelected ? 7 : 4, colour, SCENE[theme].halo);
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

function drawWay(sheet: Sheet, way: Way): void {
  const add = (line: readonly Position[], paint: WayPaint): void => stroke(sheet, { type: 'LineString', coordinates: [...line] }, wayColour(paint, sheet.theme), WAY_PIXELS[paint]);
  if (way.kind === 'route') return add(way.line, 'route');
  const { eye, target, obstacle } = way;
  add([eye, obstacle ?? target], 'clear');
  if (!obstacle) return;
  add([obstacle, target], 'blocked');
  dot(sheet, obstacle, 6, SCENE[sheet.theme].halo, wayColour('blocked', sheet.theme));
}

function drawShapes(sheet: Sheet): void {
  const { app, context, theme } = sheet;
  const draft = app.drawing.draft.get();
  const drafted = draft ? [{ kind: draft.kind, points: draft.pointer ? [...draft.points, draft.pointer] : draft.points }] : [];
  for (const shape of [...app.address.get().shapes, ...drafted]) {
    const way = app.ways.get(shape).value;
    if (way) drawWay(sheet, way);
    else {
      context.beginPath();
      path(sheet, shape.points, isRing(shape.kind) && shape.points.length > 2);
      context.strokeStyle = SCENE[theme].accent;
      context.lineWidth = 3;
      context.stroke();
    }
    for (const point of shape.points) dot(sheet, point, 4, SCENE[theme].accent, SCENE[theme].halo);
    const figure = shape.points.length > 1 ? labelOf(shape, wordsOf(app.language), way) : null;
    const last = shape.points.at(-1);
    if (figure && last) label(sheet, last, figure, SCENE[theme].label);
  }
}

/** Draws everything once. */
export function drawPlane(app: App, context: CanvasRenderingContext2D, plane: Plane, data: PlaneData): void {
  const { theme } = app.settings.get();
  const sheet: Sheet = { app, context, plane, theme, of: data.of, seen: boxOn(plane) };
  context.fillStyle = SCENE[theme].ground;
  context.fillRect(0, 0, plane.width, plane.height);
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
