// What people draw on the map: lines, areas, heights, and pairs of places to ask about, and their short text for the address.
import type { Position } from './geo';

export type ShapeKind = 'distance' | 'area' | 'height' | 'route' | 'sight' | 'section' | 'dig' | 'cut' | 'footprint';
/** What stands in an address: a footprint does not, something is made of it at once. */
export const SHAPE_KINDS: readonly ShapeKind[] = ['distance', 'area', 'height', 'route', 'sight', 'section', 'dig', 'cut'];

export interface Shape {
  readonly kind: ShapeKind;
  readonly points: readonly Position[];
  /** Of a cut: how far its plane is moved from the line, into the side that is kept. */
  readonly metres?: number;
}

/** How many points a shape needs, and after how many it is complete by itself. */
export const POINTS: Readonly<Record<ShapeKind, { readonly least: number; readonly most: number }>> = {
  distance: { least: 2, most: 200 },
  area: { least: 3, most: 200 },
  height: { least: 2, most: 2 },
  route: { least: 2, most: 2 },
  sight: { least: 2, most: 2 },
  section: { least: 2, most: 20 },
  dig: { least: 3, most: 50 },
  cut: { least: 2, most: 2 },
  footprint: { least: 3, most: 100 },
};

export const isRing = (kind: ShapeKind): boolean => kind === 'area' || kind === 'dig' || kind === 'footprint';

/** "distance~127.1,37.5,0~127.2,37.5,10", "cut:12~…" where it is moved */
export function formatShape({ kind, points, metres }: Shape): string {
  const places = points.map(([longitude, latitude, height = 0]) => [longitude.toFixed(6), latitude.toFixed(6), height.toFixed(1)].map(Number).join(','));
  return [metres ? `${kind}:${metres}` : kind, ...places].join('~');
}

/** Reads formatShape's text; null when it is none. */
export function parseShape(text: string): Shape | null {
  const [head = '', ...places] = text.split('~');
  const [kind, aside] = head.split(':');
  const metres = Number(aside ?? 0);
  const known = SHAPE_KINDS.find((one) => one === kind);
  const points = places.map((place) => place.split(',').map(Number));
  const good = points.every(([x = NaN, y = NaN, z = NaN]) => Math.abs(x) <= 180 && Math.abs(y) <= 90 && Math.abs(z) < 1e5);
  if (!known || !good || !Number.isFinite(metres) || (metres !== 0 && known !== 'cut') || points.length < POINTS[known].least || points.length > POINTS[known].most) return null;
  const shape = { kind: known, points: points.map(([x = 0, y = 0, z = 0]): Position => [x, y, z]) };
  return metres === 0 ? shape : { ...shape, metres };
}
