// Views, times, units, colours, shapes: the plain functions of src/math.
import { describe, expect, it } from 'vitest';
import { formatView, parseView, viewOf, viewOfBox } from '../../src/math/camera';
import { freshnessOf, STALE_AFTER_MS } from '../../src/math/freshness';
import { boxOf, diagonalMetres, isGeometry, moved, polygonsOf } from '../../src/math/geo';
import { buildingClasses, classOf, COLOUR_BY, roadGroup } from '../../src/math/paint';
import { scaleBar } from '../../src/math/scale';
import { ageOf, localFieldOf, marksOf, momentAt, parseInstant, sliderOf } from '../../src/math/time';
import { formatQuantity, unitSymbol } from '../../src/math/units';

describe('views', () => {
  const view = { longitude: 127.1, latitude: 37.51, heightMetres: 900, headingDegrees: 12.5, pitchDegrees: -40 };
  it('come back from their text', () => expect(parseView(formatView(view))).toEqual(view));
  it('are refused when not five numbers in range', () => {
    for (const text of ['', '1,2,3', '1,2,3,4,x', '200,0,100,0,-40', '0,95,100,0,-40', '0,0,0,0,-40', 'NaN,0,9,0,0']) expect(parseView(text)).toBeNull();
  });
  it('look at their target from the south when facing north', () => {
    const seen = viewOf([127.1, 37.5], 1000, 0, -45);
    expect(seen.latitude).toBeLessThan(37.5);
    expect(seen.longitude).toBeCloseTo(127.1, 9);
    expect(seen.heightMetres).toBeCloseTo(707.1, 1);
  });
  it('stand farther away for a larger box and a narrow window', () => {
    const box = [127.08, 37.5, 127.12, 37.53] as const;
    const country = viewOfBox([126, 33, 131, 38.6]);
    expect([country.heightMetres > 400_000, country.pitchDegrees]).toEqual([true, -75]);
    expect(viewOfBox(box, 0.5).heightMetres).toBeGreaterThan(viewOfBox(box, 1.6).heightMetres);
  });
});

describe('time', () => {
  const range = { startMs: 1000, endMs: 11_000 };
  it('maps moments to the slider and back', () => {
    for (const ms of [1000, 3500, 11_000]) expect(momentAt(range, sliderOf(range, ms, 100), 100)).toBe(ms);
    expect(sliderOf(range, 99_999, 100)).toBe(100);
    expect(sliderOf({ startMs: 5, endMs: 5 }, 5, 100)).toBe(100);
  });
  it('names ages by their largest whole unit', () => {
    expect(ageOf(90_000)).toEqual({ unit: 'minute', count: 1 });
    expect(ageOf(-5)).toEqual({ unit: 'second', count: 0 });
    expect(ageOf(8 * 365.25 * 86_400_000)).toEqual({ unit: 'year', count: 8 });
  });
  it('reads instants or nothing', () => {
    expect(parseInstant('2026-11-22T08:05:00Z')).toBe(Date.UTC(2026, 10, 22, 8, 5));
    expect(parseInstant('yesterday')).toBeNull();
    expect(parseInstant(null)).toBeNull();
  });
  it('marks round moments inside the range, never too many', () => {
    for (const span of [60_000, 3_600_000, 90 * 86_400_000, 40 * 365 * 86_400_000]) {
      const marks = marksOf({ startMs: 1_000_000_123, endMs: 1_000_000_123 + span }, 6);
      expect(marks.length).toBeLessThanOrEqual(6);
      expect(marks.every((ms) => ms >= 1_000_000_123 && ms <= 1_000_000_123 + span && ms % 60_000 === 0)).toBe(true);
    }
    expect(marksOf({ startMs: 5, endMs: 5 }, 6)).toEqual([]);
  });
  it('fills a local date field that reads back to the same second', () => {
    const ms = Date.UTC(2026, 10, 22, 20, 15, 30);
    expect(new Date(localFieldOf(ms)).getTime()).toBe(ms);
  });
});

describe('units', () => {
  it('shows symbols for codes and unknown codes as they are', () => {
    expect([unitSymbol('MTR'), unitSymbol('GQ'), unitSymbol('XYZ'), unitSymbol(undefined)]).toEqual(['m', 'µg/m³', 'XYZ', '']);
  });
  it('writes numbers by locale with fitting precision', () => {
    expect(formatQuantity(0.01834, '59', 'en-GB')).toBe('0.0183 ppm');
    expect(formatQuantity(1234.567, 'KMH', 'ko-KR')).toBe('1,234.57 km/h');
    expect(formatQuantity(50, 'P1', 'en-GB')).toBe('50%');
  });
});

describe('colours', () => {
  it('put every value into one class and the rest into the last', () => {
    const heights = buildingClasses('height', 'dark');
    expect(classOf(heights, 9.9)?.key).toBe('0.01');
    expect(classOf(heights, 10)?.key).toBe('10');
    expect(classOf(heights, 500)?.key).toBe('80');
    expect(classOf(heights, undefined)?.key).toBe('unknown');
    expect(classOf(buildingClasses('category', 'dark'), 'school')?.key).toBe('public');
    expect(classOf(buildingClasses('heightSource', 'light'), 'measured')?.key).toBe('measured');
  });
  it('differ within every scale', () => {
    for (const by of COLOUR_BY) for (const theme of ['dark', 'light'] as const) {
      const colours = buildingClasses(by, theme).map(({ colour }) => colour);
      expect(new Set(colours).size).toBe(colours.length);
    }
  });
  it('grow or fall in lightness along a sequence', () => {
    const lightness = (hex: string): number => [1, 3, 5].reduce((sum, at, i) => sum + parseInt(hex.slice(at, at + 2), 16) * ([0.2126, 0.7152, 0.0722][i] ?? 0), 0);
    const dark = buildingClasses('height', 'dark').slice(0, 5).map(({ colour }) => lightness(colour));
    expect([...dark].sort((a, b) => a - b)).toEqual(dark);
    const light = buildingClasses('height', 'light').slice(0, 5).map(({ colour }) => lightness(colour));
    expect([...light].sort((a, b) => b - a)).toEqual(light);
  });
  it('group roads by class', () => {
    expect([roadGroup('trunk_link'), roadGroup('secondary'), roadGroup('footway'), roadGroup('residential'), roadGroup(null)]).toEqual(['major', 'middle', 'path', 'minor', 'minor']);
  });
});

describe('shapes', () => {
  it('know their box and their polygons', () => {
    const square = { type: 'Polygon', coordinates: [[[0, 0], [2, 0], [2, 1], [0, 1], [0, 0]]] } as const;
    expect(isGeometry(square)).toBe(true);
    expect(boxOf(square as never)).toEqual([0, 0, 2, 1]);
    expect(polygonsOf(square as never).length).toBe(1);
    expect(boxOf({ type: 'LineString', coordinates: [] })).toBeNull();
    expect(isGeometry({ type: 'Circle', coordinates: [] })).toBe(false);
  });
  it('measure and move by metres', () => {
    expect(diagonalMetres([127, 37.5, 127, 37.51])).toBeCloseTo(1113, 0);
    const [longitude, latitude] = moved([127, 37.5], 1000, 90);
    expect(latitude).toBeCloseTo(37.5, 9);
    expect(longitude).toBeGreaterThan(127.011);
  });
  it('fit a round scale bar', () => {
    expect(scaleBar(1.7, 110)).toEqual({ metres: 100, pixels: 100 / 1.7 });
    expect(scaleBar(0, 110)).toBeNull();
  });
});

describe('freshness', () => {
  const now = 1_000_000_000;
  const of = (observedMs: number | null, receivedMs: number | null, intervalMs: number | null = null): string => freshnessOf({ observedMs, receivedMs, intervalMs }, now);
  it('is fresh, replayed or stale', () => {
    expect(of(now - 1000, now - 500)).toBe('fresh');
    expect(of(now - 9e10, now - 500)).toBe('replayed');
    expect(of(now - STALE_AFTER_MS - 1, null)).toBe('stale');
    expect(of(null, null)).toBe('stale');
  });
  it('learns from the usual interval', () => {
    expect(of(now - 200_000, now - 200_000, 5000)).toBe('stale');
    expect(of(now - 200_000, now - 200_000, 100_000)).toBe('fresh');
  });
});
