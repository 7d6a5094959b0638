// Finds what lies in a box among very many things, each of a box of its own: buckets of a grid, the largest things apart.
import type { Box } from './geo';

const CELL_DEGREES = 0.004;
/** What would lie in more buckets than this is looked at by every question. */
const BUCKETS_MAX = 64;

export const overlaps = (a: Box, b: Box): boolean => a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];

const cellOf = (degrees: number): number => Math.floor(degrees / CELL_DEGREES);

function cellsOf([west, south, east, north]: Box): readonly [west: number, south: number, east: number, north: number, count: number] {
  const [x0, y0, x1, y1] = [cellOf(west), cellOf(south), cellOf(east), cellOf(north)];
  return [x0, y0, x1, y1, (x1 - x0 + 1) * (y1 - y0 + 1)];
}

export class BoxIndex<T extends { readonly box: Box }> {
  readonly all: readonly T[];
  readonly #buckets = new Map<string, number[]>();
  readonly #large: number[] = [];

  constructor(all: readonly T[]) {
    this.all = all;
    all.forEach(({ box }, i) => {
      const [x0, y0, x1, y1, count] = cellsOf(box);
      if (count > BUCKETS_MAX) return this.#large.push(i);
      for (let x = x0; x <= x1; x++) for (let y = y0; y <= y1; y++) this.#bucket(x, y).push(i);
    });
  }

  #bucket(x: number, y: number): number[] {
    const key = `${x} ${y}`;
    const bucket = this.#buckets.get(key) ?? [];
    if (bucket.length === 0) this.#buckets.set(key, bucket);
    return bucket;
  }

  /** What overlaps a box, in the order given. */
  in(box: Box): T[] {
    const [x0, y0, x1, y1, count] = cellsOf(box);
    if (count > this.#buckets.size) return this.all.filter((one) => overlaps(one.box, box));
    const found = new Set(this.#large);
    for (let x = x0; x <= x1; x++) for (let y = y0; y <= y1; y++) for (const i of this.#buckets.get(`${x} ${y}`) ?? []) found.add(i);
    return [...found].sort((a, b) => a - b).flatMap((i) => this.all[i] ?? []).filter((one) => overlaps(one.box, box));
  }
}
