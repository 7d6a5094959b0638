// Which part of very many things is read: those around what is seen, until the eye leaves it or comes much nearer.
import type { Box } from './geo';

/** What was read: all or the first in a box around what was seen then. */
export interface Part {
  readonly seen: Box;
  readonly box: Box;
  readonly whole: boolean;
}

/** On each side as a part of what is seen, so that small steps of the eye read nothing. */
const MARGIN = 0.25;
/** From a view so much smaller than the last, more of what is in it may be read. */
const NEARER = 0.5;

const areaOf = ([west, south, east, north]: Box): number => (east - west) * (north - south);

export function partAround(seen: Box): Part {
  const [west, south, east, north] = seen;
  const [x, y] = [(east - west) * MARGIN, (north - south) * MARGIN];
  return { seen, box: [west - x, Math.max(-90, south - y), east + x, Math.min(90, north + y)], whole: true };
}

/** Whether what was read is enough for what is seen now. */
export function suffices(part: Part | null, seen: Box): boolean {
  if (!part) return false;
  const [west, south, east, north] = part.box;
  const within = seen[0] >= west && seen[1] >= south && seen[2] <= east && seen[3] <= north;
  return within && (part.whole || areaOf(seen) > NEARER * areaOf(part.seen));
}
