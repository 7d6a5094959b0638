// Lengths, areas and heights on the earth's ellipsoid (WGS 84). Positions as longitude, latitude, height; degrees and metres.
import type { Position } from './geo';

const EQUATOR_M = 6_378_137;
const ECCENTRICITY_SQUARED = 0.00669437999014;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Metres per degree of longitude and latitude at a latitude. */
export function metresPerDegree(latitude: number): { readonly east: number; readonly north: number } {
  const sine = Math.sin(radians(latitude));
  const root = 1 - ECCENTRICITY_SQUARED * sine * sine;
  const prime = EQUATOR_M / Math.sqrt(root);
  const meridian = (EQUATOR_M * (1 - ECCENTRICITY_SQUARED)) / root ** 1.5;
  return { east: radians(1) * prime * Math.cos(radians(latitude)), north: radians(1) * meridian };
}

/** Metres along the ground between two positions, heights left out; good to a millionth up to 100 km. */
export function groundMetres(a: Position, b: Position): number {
  const scale = metresPerDegree((a[1] + b[1]) / 2);
  return Math.hypot((b[0] - a[0]) * scale.east, (b[1] - a[1]) * scale.north);
}

/** Metres from one position to the other as the crow flies, heights counted. */
export function straightMetres(a: Position, b: Position): number {
  return Math.hypot(groundMetres(a, b), (b[2] ?? 0) - (a[2] ?? 0));
}

/** Ground and straight length of a line through several positions. */
export function lineMetres(line: readonly Position[]): { readonly ground: number; readonly straight: number } {
  let [ground, straight] = [0, 0];
  for (let i = 1; i < line.length; i++) {
    const [a, b] = [line[i - 1], line[i]];
    if (!a || !b) continue;
    ground += groundMetres(a, b);
    straight += straightMetres(a, b);
  }
  return { ground, straight };
}

/** A position in metres east and north of an origin. */
export function localOf(origin: Position, place: Position): readonly [east: number, north: number] {
  const scale = metresPerDegree((origin[1] + place[1]) / 2);
  return [(place[0] - origin[0]) * scale.east, (place[1] - origin[1]) * scale.north];
}

/** Square metres inside a ring, as it lies on the map (slopes left out), and the length of its edge. The ring need not be closed. */
export function ringMeasures(ring: readonly Position[]): { readonly area: number; readonly edge: number } {
  const [first] = ring;
  if (!first || ring.length < 3) return { area: 0, edge: lineMetres(ring).ground };
  const flat = ring.map((place) => localOf(first, place));
  let twice = 0;
  flat.forEach(([x, y], i) => {
    const [nextX, nextY] = flat[(i + 1) % flat.length] ?? [0, 0];
    twice += x * nextY - nextX * y;
  });
  return { area: Math.abs(twice) / 2, edge: lineMetres([...ring, first]).ground };
}

/** Positions along a line, `count` steps of equal ground length, with their distance from its start. */
export function alongLine(line: readonly Position[], count: number): { readonly metres: number; readonly place: Position }[] {
  const total = lineMetres(line).ground;
  const steps: { metres: number; place: Position }[] = [];
  let [leg, before] = [1, 0];
  for (let i = 0; i <= count; i++) {
    const metres = (total * i) / Math.max(1, count);
    let [a, b] = [line[leg - 1], line[leg]];
    let length = a && b ? groundMetres(a, b) : 0;
    while (leg < line.length - 1 && before + length < metres) {
      before += length;
      leg++;
      [a, b] = [line[leg - 1], line[leg]];
      length = a && b ? groundMetres(a, b) : 0;
    }
    if (!a || !b) break;
    const part = length > 0 ? Math.min(1, Math.max(0, (metres - before) / length)) : 0;
    steps.push({ metres, place: [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part] });
  }
  return steps;
}

/** Whether a position lies inside a ring (holes are the caller's business). */
export function isInside([x, y]: Position, ring: readonly Position[]): boolean {
  let inside = false;
  ring.forEach(([x1, y1], i) => {
    const [x2, y2] = ring[(i + 1) % ring.length] ?? [0, 0];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  });
  return inside;
}

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** The parts of one leg from `a` to `b` inside a ring, as fractions of the leg. */
function legInside(a: Position, b: Position, ring: readonly Position[]): Stretch[] {
  const cuts = [0, 1];
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  ring.forEach(([x1, y1], i) => {
    const [x2, y2] = ring[(i + 1) % ring.length] ?? [0, 0];
    const cross = dx * (y2 - y1) - dy * (x2 - x1);
    if (cross === 0) return;
    const t = ((x1 - a[0]) * (y2 - y1) - (y1 - a[1]) * (x2 - x1)) / cross;
    const u = ((x1 - a[0]) * dy - (y1 - a[1]) * dx) / cross;
    if (t > 0 && t < 1 && u >= 0 && u <= 1) cuts.push(t);
  });
  cuts.sort((one, other) => one - other);
  const parts: Stretch[] = [];
  for (let i = 1; i < cuts.length; i++) {
    const [from, to] = [cuts[i - 1] ?? 0, cuts[i] ?? 0];
    const middle: Position = [a[0] + (dx * (from + to)) / 2, a[1] + (dy * (from + to)) / 2];
    if (to > from && isInside(middle, ring)) parts.push({ from, to });
  }
  return parts;
}

/** The parts of a line inside a ring, in metres from the line's start. */
export function stretchesInside(line: readonly Position[], ring: readonly Position[]): Stretch[] {
  const found: Stretch[] = [];
  let before = 0;
  for (let i = 1; i < line.length; i++) {
    const [a, b] = [line[i - 1], line[i]];
    if (!a || !b) continue;
    const length = groundMetres(a, b);
    for (const { from, to } of legInside(a, b, ring)) {
      const last = found.at(-1);
      const stretch = { from: before + from * length, to: before + to * length };
      if (last && stretch.from - last.to < 1e-6) found[found.length - 1] = { from: last.from, to: stretch.to };
      else found.push(stretch);
    }
    before += length;
  }
  return found;
}
