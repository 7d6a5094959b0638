// Draws what lies on the ground into a canvas: areas and roads. Shared by the flat map and by the picture laid over the terrain.
import { overlaps } from '../math/box_index';
import { linesOf, polygonsOf, type Box, type Geometry, type Position } from '../math/geo';
import { isInside, groundMetres } from '../math/measure';
import { ownColour, placeColour } from '../math/places';
import { ROAD_LEGEND, roadGroup, roadMetres, roadPaint, SCENE, type RoadGroup, type Theme } from '../math/paint';
import { pixelOn, type Plane } from '../math/plane';
import type { App } from '../state/app';
import { isShown } from '../state/catalogue';
import { colourIn, isSeen, lookOf, type Look } from '../state/looks';
import { plainValue, type MapFeature } from '../state/ngsi';
import { placeTypes } from '../state/places';

export interface BoxedFeature extends MapFeature {
  readonly box: Box;
}

/** The features of a type, as far as they are there. */
export type FeaturesOf = (type: string) => Iterable<BoxedFeature>;

/** A canvas, and what is to be drawn on it. */
export interface Sheet {
  readonly app: App;
  readonly context: CanvasRenderingContext2D;
  readonly plane: Plane;
  readonly theme: Theme;
  readonly of: FeaturesOf;
  readonly seen: Box;
}

/** Smaller things are not drawn. */
const LEAST_PIXELS = 0.7;
const PLACE_LINE_PIXELS = 2;
const PLACE_EDGE_PIXELS = 1.2;
/** Areas of any kind may cover all of the ground: it is seen through them, less so where their colour tells a value. */
const PLACE_AREA_SEEN = 0.16;
const PAINTED_AREA_SEEN = 0.6;

export function path({ context, plane }: Sheet, line: readonly Position[], closed: boolean): void {
  line.forEach((place, i) => {
    const { x, y } = pixelOn(plane, place);
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
  if (closed) context.closePath();
}

export function fill(sheet: Sheet, geometry: Geometry, colour: string, edge?: string): void {
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

export function stroke(sheet: Sheet, geometry: Geometry, colour: string, width: number): void {
  const { context } = sheet;
  context.beginPath();
  for (const line of linesOf(geometry)) path(sheet, line, false);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

/** The shown features of a type on this sheet that are large enough to be seen. */
export function* seenOf(sheet: Sheet, type: string): Generator<{ feature: BoxedFeature; look: Look | null }> {
  if (!isShown(sheet.app.address.get(), type)) return;
  const look = lookOf(sheet.app, type);
  const { plane } = sheet;
  for (const feature of sheet.of(type)) {
    if (!overlaps(feature.box, sheet.seen) || !isSeen(look, feature.id)) continue;
    const [from, to] = [pixelOn(plane, [feature.box[0], feature.box[3]]), pixelOn(plane, [feature.box[2], feature.box[1]])];
    if (feature.geometry.type === 'Point' || to.x - from.x > LEAST_PIXELS || to.y - from.y > LEAST_PIXELS) yield { feature, look };
  }
}

/** The colour of a place: by choice of the user, else its own, else that of its type. */
export const colourOfPlace = (theme: Theme, type: string, look: Look | null, { id, properties }: MapFeature): string =>
  colourIn(look, id) ?? ownColour(plainValue(properties['colour']), theme) ?? placeColour(type, theme);

function drawPlaces(sheet: Sheet, kind: 'areas' | 'lines'): void {
  const { app, theme, context } = sheet;
  for (const type of placeTypes(app)) {
    for (const { feature, look } of seenOf(sheet, type)) {
      const isArea = polygonsOf(feature.geometry).length > 0;
      if (isArea !== (kind === 'areas') || feature.geometry.type.endsWith('Point')) continue;
      const colour = colourOfPlace(theme, type, look, feature);
      if (isArea) {
        context.globalAlpha = look?.paint ? PAINTED_AREA_SEEN : PLACE_AREA_SEEN;
        fill(sheet, feature.geometry, colour);
        context.globalAlpha = 1;
      }
      stroke(sheet, feature.geometry, colour, isArea ? PLACE_EDGE_PIXELS : PLACE_LINE_PIXELS);
    }
  }
}

/** Areas below roads, important roads over the others, lines of any other kind over them; roads from near by as wide as they are. */
export function drawGround(sheet: Sheet): void {
  const { theme, plane, context } = sheet;
  context.lineJoin = context.lineCap = 'round';
  for (const { feature, look } of seenOf(sheet, 'GreenSpace')) fill(sheet, feature.geometry, colourIn(look, feature.id) ?? SCENE[theme].green);
  for (const { feature, look } of seenOf(sheet, 'Water')) fill(sheet, feature.geometry, colourIn(look, feature.id) ?? SCENE[theme].water);
  drawPlaces(sheet, 'areas');
  const roads = new Map<RoadGroup, { feature: BoxedFeature; look: Look | null }[]>(ROAD_LEGEND.map((group) => [group, []]));
  for (const road of seenOf(sheet, 'RoadSegment')) roads.get(roadGroup(plainValue(road.feature.properties['roadClass'])))?.push(road);
  for (const group of [...ROAD_LEGEND].reverse()) {
    const { colour, widthPixels } = roadPaint(group, theme);
    for (const { feature, look } of roads.get(group) ?? []) {
      const metres = roadMetres(group, plainValue(feature.properties['lanes']));
      stroke(sheet, feature.geometry, colourIn(look, feature.id) ?? colour, Math.max(widthPixels + 0.5, metres * plane.pixelsPerMetre));
    }
  }
  drawPlaces(sheet, 'lines');
}

/** Whether a place lies within metres of a line or a lone point. */
export function isNearLine(place: Position, line: readonly Position[], metres: number): boolean {
  const [first] = line;
  if (first && line.length === 1) return groundMetres(first, place) <= metres;
  return line.some((b, i) => {
    const a = line[i - 1];
    if (!a) return false;
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    const part = Math.min(1, Math.max(0, ((place[0] - a[0]) * dx + (place[1] - a[1]) * dy) / (dx * dx + dy * dy || 1)));
    return groundMetres([a[0] + dx * part, a[1] + dy * part], place) <= metres;
  });
}

/** Whether a place lies in one of the areas of a geometry, holes left out. */
export const isWithin = (place: Position, geometry: Geometry): boolean =>
  polygonsOf(geometry).some(([outer = [], ...holes]) => isInside(place, outer) && !holes.some((hole) => isInside(place, hole)));

const sizeOf = ([west, south, east, north]: Box): number => (east - west) * (north - south);

/**
 * What lies at a place on the ground: a line up to `near` metres beside it (a road also within its width), else the smallest of the areas
 * that hold it; null for bare ground.
 */
export function groundFeatureAt(app: App, place: Position, near: number, of: FeaturesOf): string | null {
  const [places, address] = [placeTypes(app), app.address.get()];
  function* shownOf(type: string): Generator<BoxedFeature> {
    if (!isShown(address, type)) return;
    const look = lookOf(app, type);
    for (const feature of of(type)) if (isSeen(look, feature.id)) yield feature;
  }
  const besides = (type: string, metresOf: (feature: BoxedFeature) => number): string | undefined => {
    for (const feature of shownOf(type)) {
      if (feature.geometry.type.endsWith('LineString') && linesOf(feature.geometry).some((line) => isNearLine(place, line, metresOf(feature)))) return feature.id;
    }
    return undefined;
  };
  for (const type of places) {
    const line = besides(type, () => near);
    if (line !== undefined) return line;
  }
  const road = besides('RoadSegment', ({ properties }) => Math.max(near, roadMetres(roadGroup(plainValue(properties['roadClass'])), plainValue(properties['lanes'])) / 2));
  if (road !== undefined) return road;
  let found: BoxedFeature | null = null;
  for (const feature of ['Water', 'GreenSpace', ...places].flatMap((type) => [...shownOf(type)])) {
    if (found && sizeOf(feature.box) >= sizeOf(found.box)) continue;
    if (overlaps(feature.box, [place[0], place[1], place[0], place[1]]) && isWithin(place, feature.geometry)) found = feature;
  }
  return found?.id ?? null;
}
