// The lines along which a dig is cut, and which of the two is drawn.
import { describe, expect, it } from 'vitest';
import { groundMetres } from '../../src/math/measure';
import type { Position } from '../../src/math/geo';
import type { App } from '../../src/state/app';
import { askFullerSection, lineAcross, lineThrough } from '../../src/state/digging';

const METRES = 111_200;
/** A trench 40 m long to the east-north-east and 6 m wide. */
const TRENCH: Position[] = [[-20, -3], [20, -3], [20, 3], [-20, 3]].map(([along = 0, aside = 0]) => {
  const [east, north] = [along * 0.9 - aside * 0.436, along * 0.436 + aside * 0.9];
  return [127 + east / METRES / Math.cos((37.5 * Math.PI) / 180), 37.5 + north / METRES];
});

const length = ([a, b]: readonly Position[]): number => (a && b ? groundMetres(a, b) : NaN);

describe('sections of a dig', () => {
  it('run through its middle, along its longest edge and at right angles to that from side to side', () => {
    const [along, across] = [lineThrough(TRENCH), lineAcross(TRENCH)];
    expect(length(along)).toBeGreaterThan(39);
    expect(length(along)).toBeLessThan(41);
    expect(length(across)).toBeGreaterThan(5.8);
    expect(length(across)).toBeLessThan(6.2);
    for (const line of [along, across]) {
      expect(((line[0]?.[0] ?? 0) + (line[1]?.[0] ?? 0)) / 2).toBeCloseTo(127, 6);
      expect(((line[0]?.[1] ?? 0) + (line[1]?.[1] ?? 0)) / 2).toBeCloseTo(37.5, 6);
    }
  });

  it('has none for a dig without extent', () => {
    expect(lineAcross([])).toEqual([]);
    expect(lineAcross([[127, 37.5], [127, 37.5], [127, 37.5]])).toEqual([]);
  });

  it('is the one that crosses more different things, the first when both cross as many', async () => {
    const answers = (first: readonly string[], second: readonly string[]): App => {
      const door = (_: string, { line }: { readonly line: string }): Promise<unknown> => Promise.resolve({ length_m: 1, terrain: [], objects: (line.startsWith('1') ? first : second).map((id) => ({ id })) });
      return { api: { door }, language: 'ko', asOf: null } as unknown as App;
    };
    const ask = (app: App, second: readonly Position[] | null = [[2, 2]]): ReturnType<typeof askFullerSection> => askFullerSection(app, [[1, 1]], second, 3, new AbortController().signal);
    expect((await ask(answers(['a', 'a', 'a'], ['a', 'b']))).isSecond).toBe(true);
    expect((await ask(answers(['a', 'b'], ['a', 'b']))).isSecond).toBe(false);
    expect((await ask(answers(['a'], ['a', 'b']), null)).objects).toHaveLength(1);
  });
});
