// Positions and shapes on the earth: GeoJSON geometry, boxes, distances. Longitude first, degrees, metres.

export type Position = readonly [longitude: number, latitude: number, ...rest: number[]];

export type Geometry =
  | { type: 'Point'; coordinates: Position }
  | { type: 'MultiPoint' | 'LineString'; coordinates: Position[] }
  | { type: 'MultiLineString' | 'Polygon'; coordinates: Position[][] }
  | { type: 'MultiPolygon'; coordinates: Position[][][] };

/** west, south, east, north in degrees. */
export type Box = readonly [west: number, south: number, east: number, north: number];

export const METRES_PER_DEGREE = 111_320;
const GEOMETRY_TYPES = ['Point', 'MultiPoint', 'LineString', 'MultiLineString', 'Polygon', 'MultiPolygon'];

/** Whether `value` looks like a GeoJSON geometry that we can draw. */
export function isGeometry(value: unknown): value is Geometry {
  if (typeof value !== 'object' || value === null) return false;
  const { type, coordinates } = value as { type?: unknown; coordinates?: unknown };
  return typeof type === 'string' && GEOMETRY_TYPES.includes(type) && Array.isArray(coordinates);
}

/** The lines a geometry consists of: rings of polygons, lines, single points as one-point lines. */
export function linesOf(geometry: Geometry): Position[][] {
  switch (geometry.type) {
    case 'Point':
      return [[geometry.coordinates]];
    case 'MultiPoint':
      return geometry.coordinates.map((position) => [position]);
    case 'LineString':
      return [geometry.coordinates];
    case 'MultiLineString':
    case 'Polygon':
      return geometry.coordinates;
    case 'MultiPolygon':
      return geometry.coordinates.flat();
  }
}

/** The polygons of a geometry, each as outer ring and holes; none for points and lines. */
export function polygonsOf(geometry: Geometry): Position[][][] {
  if (geometry.type === 'Polygon') return [geometry.coordinates];
  if (geometry.type === 'MultiPolygon') return geometry.coordinates;
  return [];
}

/** Four numbers as a box; null when they are not four. */
export function readBox([west, south, east, north]: readonly number[]): Box | null {
  return west === undefined || south === undefined || east === undefined || north === undefined ? null : [west, south, east, north];
}

/** The smallest box around `geometry`, or null when it has no position. */
export function boxOf(geometry: Geometry): Box | null {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [longitude, latitude] of linesOf(geometry).flat()) {
    west = Math.min(west, longitude);
    east = Math.max(east, longitude);
    south = Math.min(south, latitude);
    north = Math.max(north, latitude);
  }
  return Number.isFinite(west) && Number.isFinite(south) ? [west, south, east, north] : null;
}

/** The lowest height that a geometry tells, in metres above the ellipsoid; null where it tells none. */
export function lowestOf(geometry: Geometry): number | null {
  let lowest = Infinity;
  for (const [, , height] of linesOf(geometry).flat()) lowest = Math.min(lowest, height ?? Infinity);
  return Number.isFinite(lowest) ? lowest : null;
}

/** Middle of a box. */
export function middleOf([west, south, east, north]: Box): Position {
  return [(west + east) / 2, (south + north) / 2];
}

/** Length of a box's diagonal in metres; good to a percent at city scale. */
export function diagonalMetres(box: Box): number {
  const [west, south, east, north] = box;
  const narrowing = Math.cos((((south + north) / 2) * Math.PI) / 180);
  return Math.hypot((east - west) * narrowing, north - south) * METRES_PER_DEGREE;
}

/** Moves `from` by metres towards a compass direction (degrees clockwise from north); for city-scale distances. */
export function moved(from: Position, metres: number, towardsDegrees: number): Position {
  const direction = (towardsDegrees * Math.PI) / 180;
  const narrowing = Math.max(0.01, Math.cos((from[1] * Math.PI) / 180));
  const longitude = from[0] + (Math.sin(direction) * metres) / (METRES_PER_DEGREE * narrowing);
  return [longitude, from[1] + (Math.cos(direction) * metres) / METRES_PER_DEGREE];
}
