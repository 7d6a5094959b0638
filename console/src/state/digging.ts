// "What is under this dig?" and sections: asks the server's doors and reads what they say.
import { middleOf, polygonsOf, type Position } from '../math/geo';
import { alongLine, groundMetres, lineMetres, ringMeasures, stretchesInside } from '../math/measure';
import type { App } from './app';
import { plainValue, type MapFeature } from './ngsi';

/** One thing under a dig or along a section, as far as it is known. */
export interface Buried {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  readonly label?: string;
  readonly network?: string;
  readonly hazard?: string | null;
  readonly conflict?: 'yes' | 'possible' | 'no';
  readonly clearance_m?: number | null;
  readonly verticalClearance_m?: number | null;
  readonly depthMin_m?: number | null;
  readonly depthMax_m?: number | null;
  readonly bottom_m?: number | null;
  readonly diameter_m?: number | null;
  readonly width_m?: number | null;
  readonly height_m?: number | null;
  readonly material?: string | null;
  readonly installedAt?: string | null;
  readonly owner?: string | null;
  readonly ownerPhone?: string | null;
  readonly accuracyClass?: string | null;
  readonly horizontalAccuracy_m?: number | null;
  /** Of sections only. */
  readonly station_m?: number;
  readonly from_m?: number;
  readonly to_m?: number;
  readonly top_m?: number | null;
}

export interface NotKnown {
  readonly code: string;
  readonly count?: number;
  readonly text?: string;
}

export interface DigAnswer {
  readonly depth_m: number;
  readonly terrainKnown?: boolean;
  readonly objects: readonly Buried[];
  readonly owners?: readonly { readonly owner: string; readonly ownerPhone?: string | null; readonly objects: number }[];
  readonly hazards?: number;
  readonly notKnown?: readonly NotKnown[];
}

export interface SectionAnswer {
  readonly length_m: number;
  readonly terrain: readonly (readonly [station: number, height: number])[];
  readonly objects: readonly Buried[];
  readonly notKnown?: readonly NotKnown[];
}

const placeText = (points: readonly Position[]): string => points.map(([longitude, latitude]) => `${longitude.toFixed(7)},${latitude.toFixed(7)}`).join(';');

/** What is under an area, dug to a depth. Rejects with a RequestError. */
export async function askDig(app: App, ring: readonly Position[], depthMetres: number, signal: AbortSignal): Promise<DigAnswer> {
  return (await app.api.door('/api/underground', { polygon: placeText(ring), depth: depthMetres, lang: app.language, asOf: app.asOf }, signal)) as DigAnswer;
}

/** What a line crosses below the ground. Rejects with a RequestError. */
export async function askSection(app: App, line: readonly Position[], depthMetres: number, signal: AbortSignal): Promise<SectionAnswer> {
  return (await app.api.door('/api/underground/section', { line: placeText(line), depth: depthMetres, lang: app.language, asOf: app.asOf }, signal)) as SectionAnswer;
}

/** What a line crosses below the ground; of two lines that which crosses more, the first when both are equal. */
export async function askFullerSection(app: App, first: readonly Position[], second: readonly Position[] | null, depthMetres: number, signal: AbortSignal): Promise<SectionAnswer & { readonly isSecond: boolean }> {
  const [a, b] = await Promise.all([askSection(app, first, depthMetres, signal), second && askSection(app, second, depthMetres, signal)]);
  const things = ({ objects }: SectionAnswer): number => new Set(objects.map(({ id }) => id)).size;
  return b && things(b) > things(a) ? { ...b, isSecond: true } : { ...a, isSecond: false };
}

/** The line through the middle of an area along its longest edge. */
export function lineThrough(ring: readonly Position[]): Position[] {
  let longest: { readonly length: number; readonly a: Position; readonly b: Position } | null = null;
  ring.forEach((a, i) => {
    const b = ring[(i + 1) % ring.length] ?? a;
    const length = groundMetres(a, b);
    if (!longest || length > longest.length) longest = { length, a, b };
  });
  const found = longest as { readonly length: number; readonly a: Position; readonly b: Position } | null;
  const [xs, ys] = [ring.map(([x]) => x), ring.map(([, y]) => y)];
  const [x, y] = middleOf([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]);
  if (!found) return [];
  const [dx, dy] = [(found.b[0] - found.a[0]) / 2, (found.b[1] - found.a[1]) / 2];
  return [[x - dx, y - dy], [x + dx, y + dy]];
}

/** The line through the middle of an area across its longest edge, from one side to the other. */
export function lineAcross(ring: readonly Position[]): Position[] {
  const [a, b] = lineThrough(ring);
  if (!a || !b) return [];
  const [x, y] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  // Degrees of longitude are shorter than those of latitude.
  const narrow = Math.cos((y * Math.PI) / 180);
  const along = [(b[0] - a[0]) * narrow, b[1] - a[1]] as const;
  const length = Math.hypot(...along);
  if (length === 0) return [];
  const [nx, ny] = [-along[1] / length, along[0] / length];
  const sides = ring.map(([px, py]) => (px - x) * narrow * nx + (py - y) * ny);
  return [Math.min(...sides), Math.max(...sides)].map((side): Position => [x + (side * nx) / narrow, y + side * ny]);
}

export interface ProfileBuilding {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly height: number;
  readonly estimated: boolean;
}

export interface Profile {
  readonly length: number;
  /** Height of the ground along the line; empty when no terrain is known. */
  readonly ground: readonly { readonly metres: number; readonly height: number }[];
  readonly buildings: readonly ProfileBuilding[];
}

const GROUND_STEPS = 120;

/** Reads whichever way the terrain door writes its points. */
function groundOf(answer: unknown): { metres: number; height: number }[] {
  const fields = answer as Readonly<Record<string, unknown>> | null;
  const points = fields?.['points'] ?? fields?.['profile'] ?? fields?.['samples'] ?? [];
  if (!Array.isArray(points)) return [];
  return (points as readonly unknown[]).map((point) => {
    if (Array.isArray(point)) return { metres: Number(point[0]), height: Number(point[1]) };
    const one = point as Readonly<Record<string, unknown>>;
    return { metres: Number(one['distance_m'] ?? one['station_m'] ?? one['along_m']), height: Number(one['height_m'] ?? one['height'] ?? NaN) };
  }).filter(({ metres, height }) => Number.isFinite(metres) && Number.isFinite(height));
}

async function groundAlong(app: App, line: readonly Position[], signal: AbortSignal): Promise<{ metres: number; height: number }[]> {
  try {
    const step = Math.max(1, lineMetres(line).ground / GROUND_STEPS);
    return groundOf(await app.api.door('/api/terrain/profile', { line: placeText(line), step: step.toFixed(2) }, signal));
  } catch (error) {
    if (signal.aborted) throw error;
    // No terrain door or no terrain: what the map draws still says how high the ground is.
    const map = app.map.get();
    const steps = alongLine(line, GROUND_STEPS).map(({ metres, place: [longitude, latitude] }) => ({ metres, height: map?.groundAt(longitude, latitude) ?? 0 }));
    return steps.some(({ height }) => height !== 0) ? steps : [];
  }
}

function buildingsAlong(features: readonly MapFeature[], line: readonly Position[]): ProfileBuilding[] {
  const found: ProfileBuilding[] = [];
  for (const { id, geometry, properties } of features) {
    const height = plainValue(properties['height']);
    if (typeof height !== 'number') continue;
    for (const [outer = []] of polygonsOf(geometry)) {
      for (const { from, to } of stretchesInside(line, outer)) found.push({ id, from, to, height, estimated: plainValue(properties['heightSource']) === 'estimated' });
    }
  }
  return found.sort((a, b) => a.from - b.from);
}

/** Ground and buildings along a line. Rejects with a RequestError. */
export async function askProfile(app: App, line: readonly Position[], signal: AbortSignal): Promise<Profile> {
  const [features, ground] = await Promise.all([app.api.featuresAlong('Building', line, { asOf: app.asOf, signal }), groundAlong(app, line, signal)]);
  return { length: lineMetres(line).ground, ground, buildings: buildingsAlong(features, line) };
}

/** Square metres of a dig. */
export const digArea = (ring: readonly Position[]): number => ringMeasures(ring).area;
