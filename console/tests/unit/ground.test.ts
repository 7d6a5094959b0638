// What lies on the ground: found in boxes and at places.
import { describe, expect, it } from 'vitest';
import { groundFeatureAt, isNearLine, type BoxedFeature } from '../../src/layers/ground_draw';
import { boxed } from '../../src/layers/plane_data';
import { BoxIndex, overlaps } from '../../src/math/box_index';
import type { Box } from '../../src/math/geo';
import { roadMetres } from '../../src/math/paint';
import type { App } from '../../src/state/app';

/** Numbers from 0 to 1, the same each time. */
function* chance(seed = 1): Generator<number, never> {
  for (let state = seed; ;) yield (state = (state * 48271) % 2147483647) / 2147483647;
}

describe('things in boxes', () => {
  it('are those that a walk through all finds, in their order', () => {
    const numbers = chance();
    const next = (): number => numbers.next().value;
    const box = (size: number): Box => {
      const [west, south] = [127 + next() * 0.2, 37 + next() * 0.2];
      return [west, south, west + next() * size, south + next() * size];
    };
    const things = Array.from({ length: 500 }, (_, i) => ({ i, box: box(i % 50 === 0 ? 0.3 : 0.003) }));
    const index = new BoxIndex(things);
    for (let round = 0; round < 200; round++) {
      const asked = box(round % 10 === 0 ? 2 : 0.02);
      expect(index.in(asked)).toEqual(things.filter((thing) => overlaps(thing.box, asked)));
    }
  });
});

describe('the ground under a place', () => {
  const feature = (id: string, geometry: BoxedFeature['geometry'], properties = {}): BoxedFeature[] => boxed([{ id, type: '', geometry, properties } as unknown as BoxedFeature]);
  const of = (type: string): BoxedFeature[] => ({
    RoadSegment: feature('road', { type: 'LineString', coordinates: [[127, 37.5], [127.01, 37.5]] }, { lanes: { type: 'Property', value: 8 } }),
    Water: feature('lake', { type: 'Polygon', coordinates: [[[127, 37.49], [127.01, 37.49], [127.01, 37.51], [127, 37.51], [127, 37.49]], [[127.004, 37.504], [127.006, 37.504], [127.006, 37.506], [127.004, 37.506], [127.004, 37.504]]] }),
  })[type] ?? [];
  const app = (off: string[]): App => ({ address: { get: () => ({ on: [], off, paints: {}, filters: {} }) }, places: { editions: { get: () => new Map([['Zone', 0]]) } } }) as unknown as App;

  it('is a road as wide as its lanes, then the area that holds it, then nothing', () => {
    const degrees = (metres: number): number => metres / 111_000;
    expect(groundFeatureAt(app([]), [127.005, 37.5 + degrees(12)], 1, of)).toBe('road');
    expect(groundFeatureAt(app([]), [127.005, 37.5 + degrees(15)], 1, of)).toBe('lake');
    expect(groundFeatureAt(app([]), [127.005, 37.505], 1, of)).toBeNull();
    expect(groundFeatureAt(app([]), [127.02, 37.5], 1, of)).toBeNull();
    expect(groundFeatureAt(app(['RoadSegment']), [127.005, 37.5], 1, of)).toBe('lake');
  });
  it('is the line of another kind over the road, and the smallest of the areas that hold it, of types never heard of too', () => {
    const square = (size: number): BoxedFeature['geometry'] => ({ type: 'Polygon', coordinates: [[[127, 37.49], [127 + size, 37.49], [127 + size, 37.49 + size], [127, 37.49 + size], [127, 37.49]]] });
    const more = (type: string): BoxedFeature[] => ({
      TransitRoute: feature('bus', { type: 'LineString', coordinates: [[127, 37.5], [127.01, 37.5]] }),
      TransitStop: feature('stop', { type: 'Point', coordinates: [127.02, 37.495] }),
      GeographicFeature: feature('district', square(1)),
      Zone: feature('zone', square(0.002)),
    })[type] ?? of(type);
    expect(groundFeatureAt(app([]), [127.005, 37.5], 1, more)).toBe('bus');
    expect(groundFeatureAt(app(['TransitRoute']), [127.005, 37.5], 1, more)).toBe('road');
    expect(groundFeatureAt(app([]), [127.001, 37.491], 1, more)).toBe('zone');
    expect(groundFeatureAt(app(['Zone']), [127.001, 37.491], 1, more)).toBe('lake');
    // Marks are found where they are drawn, above the ground.
    expect(groundFeatureAt(app([]), [127.02, 37.495], 1, more)).toBe('district');
  });
  it('is near a line within metres, also of one point', () => {
    expect(isNearLine([127, 37.50001], [[127, 37.5]], 2)).toBe(true);
    expect(isNearLine([127, 37.5001], [[127, 37.5]], 2)).toBe(false);
    expect(isNearLine([127.02, 37.5], [[127, 37.5], [127.01, 37.5]], 100)).toBe(false);
  });
  it('has roads of usual widths where lanes are not known', () => {
    expect(roadMetres('minor', undefined)).toBeLessThan(roadMetres('major', undefined));
    expect(roadMetres('path', 4)).toBe(13);
    expect(roadMetres('path', 1e9)).toBeLessThan(100);
  });
});
