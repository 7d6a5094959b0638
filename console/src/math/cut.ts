// The upright plane that cuts the city open: from two points of a line, moved sideways by metres. What lies to its right is taken away.
import { METRES_PER_DEGREE, moved, type Position } from './geo';
import type { Shape } from './shape';

/** Farthest that a plane is moved from the line drawn. */
export const CUT_MOST_M = 200;

/** A plane: a place on it, and the compass direction in which the kept side lies. */
export interface Cut {
  readonly place: Position;
  readonly keptDegrees: number;
}

/** Metres east and north from one place to another; for city-scale distances. */
function metresBetween(from: Position, to: Position): readonly [east: number, north: number] {
  const narrowing = Math.cos((((from[1] + to[1]) / 2) * Math.PI) / 180);
  return [(to[0] - from[0]) * narrowing * METRES_PER_DEGREE, (to[1] - from[1]) * METRES_PER_DEGREE];
}

/** The plane of a cut; null for other shapes and for a line without direction. */
export function cutOf(shape: Shape | undefined): Cut | null {
  const [from, to] = shape?.points ?? [];
  if (shape?.kind !== 'cut' || !from || !to) return null;
  const [east, north] = metresBetween(from, to);
  if (Math.hypot(east, north) < 0.1) return null;
  const keptDegrees = ((Math.atan2(east, north) * 180) / Math.PI + 270) % 360;
  const middle: Position = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  return { place: moved(middle, shape.metres ?? 0, keptDegrees), keptDegrees };
}

/** The same plane with the other side taken away. */
export function flipped({ metres = 0, ...shape }: Shape): Shape {
  return { ...shape, points: [...shape.points].reverse(), ...(metres === 0 ? {} : { metres: -metres }) };
}

/** The same line with its plane `metres` beside it, into the side that is kept; below zero into the other. */
export function shifted({ kind, points }: Shape, metres: number): Shape {
  const within = Math.min(CUT_MOST_M, Math.max(-CUT_MOST_M, metres));
  return within === 0 ? { kind, points } : { kind, points, metres: within };
}

/** The line where the plane stands now. */
export function lineOfCut(shape: Shape): Shape {
  const cut = cutOf(shape);
  return cut ? { ...shape, points: shape.points.map(([x, y, z = 0]): Position => { const [longitude, latitude] = moved([x, y], shape.metres ?? 0, cut.keptDegrees); return [longitude, latitude, z]; }) } : shape;
}
