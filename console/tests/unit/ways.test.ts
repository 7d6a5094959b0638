// Routes and lines of sight: asked for once, told in figures, forgotten when they are no longer drawn.
import { describe, expect, it } from 'vitest';
import { formatShape, parseShape, type Shape } from '../../src/math/shape';
import { CityApi } from '../../src/state/api';
import { figuresOf, figuresText, labelOf } from '../../src/state/figures';
import { Ways, type Sight } from '../../src/state/ways';
import { wordsOf } from '../../src/state/words';

const ROUTE: Shape = { kind: 'route', points: [[7.41, 43.73, 12], [7.43, 43.74, 3]] };
const SIGHT: Shape = { kind: 'sight', points: [[7.41, 43.73, 50], [7.43, 43.74, 3]] };
const HEIGHTS = { heights: [{ height_m: 20 }, { height_m: 8 }] };
const BLOCKED = { clear: false, complete: true, distance_m: 1944.2, leastClearance_m: -12.25, obstacle: { type: 'Point', coordinates: [7.42, 43.735, 30] } };
const WAY = { geometry: { type: 'LineString', coordinates: [[7.41, 43.73], [7.42, 43.74], [7.43, 43.74]] }, properties: { length_m: 2513.4, duration_s: 245, segments: [] } };

/** A server with these answers by path; null is a 404. */
function serverOf(answers: Record<string, unknown>): { ways: Ways; asked: string[]; done: () => Promise<void> } {
  const asked: string[] = [];
  const api = new CityApi(((path: string) => {
    asked.push(path);
    const body = answers[path.split('?')[0] ?? ''] ?? null;
    const answer = Promise.resolve(new Response(JSON.stringify(body ?? { title: 'Not found' }), { status: body === null ? 404 : 200 }));
    return answer;
  }) as typeof fetch);
  const ways = new Ways(api);
  const done = (): Promise<void> => new Promise((resolve) => {
    const look = (): void => { if ([...ways.answers.get().values()].every(({ state }) => state !== 'loading')) resolve(); };
    ways.answers.subscribe(look);
    look();
  });
  return { ways, asked, done };
}

describe('routes', () => {
  it('are asked for once, whatever the moment, and anew when the city changed', async () => {
    const { ways, asked, done } = serverOf({ '/api/route': WAY });
    ways.want([ROUTE], null, 1);
    await done();
    ways.want([ROUTE], '2026-01-01T00:00:00Z', 1);
    expect(asked).toEqual(['/api/route?from=7.41%2C43.73&to=7.43%2C43.74']);
    expect(ways.get(ROUTE).value).toMatchObject({ kind: 'route', lengthMetres: 2513.4, seconds: 245 });
    ways.want([ROUTE], null, 2);
    await done();
    expect(asked.length).toBe(2);
    ways.want([], null, 2);
    expect(ways.answers.get().size).toBe(0);
  });

  it('tell length and time', async () => {
    const { ways, done } = serverOf({ '/api/route': WAY });
    ways.want([ROUTE], null, 1);
    await done();
    const words = wordsOf('en');
    expect(labelOf(ROUTE, words, ways.get(ROUTE).value)).toBe('2,513 m · 4 minutes');
    expect(figuresText(ROUTE, words, ways.get(ROUTE).value)).toContain('Time by car\t4 minutes');
    const long = { kind: 'route' as const, line: [], lengthMetres: 130_400, seconds: 5000 };
    expect(labelOf(ROUTE, words, long)).toBe('130.4 km · 1 hour 23 minutes');
    expect(labelOf(ROUTE, words, { ...long, seconds: 3600 })).toBe('130.4 km · 1 hour');
    expect([figuresOf(ROUTE, words), labelOf(ROUTE, words, null)]).toEqual([[], null]);
  });

  it('that are not found say so, and can be asked for again', async () => {
    const answers: Record<string, unknown> = {};
    const { ways, asked, done } = serverOf(answers);
    ways.want([ROUTE], null, 1);
    await done();
    expect(ways.get(ROUTE)).toMatchObject({ state: 'failed', error: { kind: 'notFound' } });
    ways.want([ROUTE], null, 1);
    expect(asked.length).toBe(1);
    answers['/api/route'] = WAY;
    ways.retry(ROUTE, null);
    await done();
    expect(ways.get(ROUTE).state).toBe('ready');
  });
});

describe('lines of sight', () => {
  it('go from eyes to a thing above what was clicked on, or above the ground where that is higher', async () => {
    const { ways, asked, done } = serverOf({ '/api/terrain/height': HEIGHTS, '/api/terrain/line-of-sight': BLOCKED });
    ways.want([SIGHT], '2026-01-01T00:00:00Z', 1);
    await done();
    const query = new URLSearchParams(asked[1]?.split('?')[1]);
    expect([query.get('from'), query.get('to'), query.get('asOf')]).toEqual(['7.41,43.73,51.7', '7.43,43.74,8.5', '2026-01-01T00:00:00Z']);
    expect(ways.get(SIGHT).value).toMatchObject({ clear: false, obstacle: [7.42, 43.735, 30], clearanceMetres: -12.25 });
    ways.want([SIGHT], null, 1);
    await done();
    expect(asked.length).toBe(4);
  });

  it('are not known where there is no terrain', async () => {
    const { ways, done } = serverOf({ '/api/terrain/height': { heights: [{ height_m: null }, { height_m: null }] } });
    ways.want([SIGHT], null, 1);
    await done();
    expect(ways.get(SIGHT).error?.kind).toBe('notFound');
  });

  it('tell whether one sees it, and where the ground is in the way', () => {
    const sight: Sight = { kind: 'sight', eye: [7.41, 43.73, 51.7], target: [7.43, 43.74, 8.5], clear: false, complete: true, metres: 1944.2, clearanceMetres: -12.25, obstacle: [7.42, 43.735, 30] };
    const figures = figuresOf(SIGHT, wordsOf('en'), sight).map(({ value }) => value);
    expect(figures[0]).toBe('Blocked by the ground');
    expect(figures).toContain('1,944 m');
    expect(figures).toContain('-12.3 m');
    const clear = { ...sight, clear: true, obstacle: null, clearanceMetres: null };
    expect(labelOf(SIGHT, wordsOf('ko'), clear)).toBe('보임');
    expect(labelOf(SIGHT, wordsOf('en'), { ...clear, complete: false })).toContain('missing');
  });

  it('stand in the address', () => {
    expect(parseShape(formatShape(SIGHT))).toEqual(SIGHT);
    expect(parseShape('sight~7,43,1')).toBeNull();
    expect(parseShape('route~7,43,1~7,44,1~7,45,1')).toBeNull();
  });
});
