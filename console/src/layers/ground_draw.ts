// Draws what lies on the ground into a canvas: areas and roads. Shared by the flat map and by the picture laid over the terrain.
import { overlaps } from '../math/box_index';
import { linesOf, polygonsOf, type Box, type Geometry, type Position } from '../math/geo';
import { isInside, groundMetres } from '../math/measure';
import { ROAD_LEGEND, roadGroup, roadMetres, roadPaint, SCENE, type RoadGroup, type Theme } from '../math/paint';
import { pixelOn, type Plane } from '../math/plane';
import type { App } from '../state/app';
import { isShown } from '../state/catalogue';
import { colourIn, isSeen, lookOf, type Look } from '../state/looks';
import { plainValue, type MapFeature } from '../state/ngsi';

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

/** Areas below roads, important roads over the others; roads from near by as wide as they are. */
export function drawGround(sheet: Sheet): void {
  const { theme, plane, context } = sheet;
  context.lineJoin = context.lineCap = 'round';
  for (const { feature, look } of seenOf(sheet, 'GreenSpace')) fill(sheet, feature.geometry, colourIn(look, feature.id) ?? SCENE[theme].green);
  for (const { feature, look } of seenOf(sheet, 'Water')) fill(sheet, feature.geometry, colourIn(look, feature.id) ?? SCENE[theme].water);
  const roads = new Map<RoadGroup, { feature: BoxedFeature; look: Look | null }[]>(ROAD_LEGEND.map((group) => [group, []]));
  for (const road of seenOf(sheet, 'RoadSegment')) roads.get(roadGroup(plainValue(road.feature.properties['roadClass'])))?.push(road);
  for (const group of [...ROAD_LEGEND].reverse()) {
    const { colour, widthPixels } = roadPaint(group, theme);
    for (const { feature, look } of roads.get(group) ?? []) {
      const metres = roadMetres(group, plainValue(feature.properties['lanes']));
      stroke(sheet, feature.geometry, colourIn(look, feature.id) ?? colour, Math.max(widthPixels + 0.5, metres * plane.pixelsPerMetre));
    }
  }
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

/** What lies at a place on the ground: a road up to `near` metres beside it (or as wide as it is), else an area; null for bare ground. */
export function groundFeatureAt(app: App, place: Position, near: number, of: FeaturesOf): string | null {
  const find = (type: string, hit: (feature: BoxedFeature) => boolean): string | undefined => {
    if (!isShown(app.address.get(), type)) return undefined;
    const look = lookOf(app, type);
    for (const feature of of(type)) if (isSeen(look, feature.id) && hit(feature)) return feature.id;
    return undefined;
  };
  const inside = ({ geometry }: BoxedFeature): boolean => polygonsOf(geometry).some(([outer = [], ...holes]) => isInside(place, outer) && !holes.some((hole) => isInside(place, hole)));
  const besides = ({ geometry, properties }: BoxedFeature): boolean => {
    const metres = Math.max(near, roadMetres(roadGroup(plainValue(properties['roadClass'])), plainValue(properties['lanes'])) / 2);
    return linesOf(geometry).some((line) => isNearLine(place, line, metres));
  };
  return find('RoadSegment', besides) ?? find('Water', inside) ?? find('GreenSpace', inside) ?? null;
}
