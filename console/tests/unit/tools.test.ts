// The figures behind the tools: lengths, areas, sun, tracks, classes, flat map, and what the address holds of them.
import { Cartesian3, JulianDate, Matrix3, Matrix4, Simon1994PlanetaryPositions, Transforms, type Scene } from 'cesium';
import { describe, expect, it } from 'vitest';
import { SceneCut } from '../../src/layers/scene_cut';
import { binsOf, numberClassesOf, quantile, roundStep, textClassesOf } from '../../src/math/classes';
import { cutOf, flipped, lineOfCut, shifted } from '../../src/math/cut';
import { alongLine, groundMetres, lineMetres, ringMeasures, stretchesInside } from '../../src/math/measure';
import { classOf } from '../../src/math/paint';
import { boxOn, dragged, pixelOn, placeOn, planeOf, viewOn, zoomed } from '../../src/math/plane';
import { nextQuality } from '../../src/math/quality';
import { formatShape, parseShape, type Shape } from '../../src/math/shape';
import { atTimeOfDay, clockText, daylight, minutesOfDay, parseClock, sunAt } from '../../src/math/sun';
import { headingAt, newTrack, reported, shownAt } from '../../src/math/track';
import { axisDepth, linearScale, networkOf } from '../../src/math/underground';
import { formatAddress, parseAddress } from '../../src/state/address';
import { passes } from '../../src/state/address_parts';
import type { Position } from '../../src/math/geo';

/** By Vincenty's formulas and by PROJ's geod, in metres. */
const VINCENTY = [328.735704, 4600.101946, 83_357.21491] as const;

describe('measuring', () => {
  it('agrees with Vincenty on the ellipsoid to a millimetre in a city and to millionths across a region', () => {
    expect(groundMetres([127.0995, 37.513], [127.103, 37.514])).toBeCloseTo(VINCENTY[0], 3);
    expect(groundMetres([7.4, 43.73], [7.45, 43.75])).toBeCloseTo(VINCENTY[1], 1);
    expect(Math.abs(groundMetres([127, 37.5], [127.8, 37.9]) / VINCENTY[2] - 1)).toBeLessThan(2e-5);
  });
  it('counts heights in the straight length only', () => {
    const { ground, straight } = lineMetres([[127, 37, 0], [127, 37, 30]]);
    expect([ground, straight]).toEqual([0, 30]);
  });
  it('measures areas whichever way they run, closed or not', () => {
    const ring: Position[] = [[127.1, 37.5], [127.101, 37.5], [127.101, 37.501], [127.1, 37.501]];
    const { area, edge } = ringMeasures(ring);
    expect(area).toBeGreaterThan(9800);
    expect(area).toBeLessThan(9830);
    expect(ringMeasures([...ring].reverse()).area).toBeCloseTo(area, 0);
    expect(edge).toBeCloseTo(2 * (groundMetres(ring[0]!, ring[1]!) + groundMetres(ring[1]!, ring[2]!)), 0);
    expect(ringMeasures(ring.slice(0, 2)).area).toBe(0);
  });
  it('walks a line by equal steps over its corners', () => {
    const line: Position[] = [[127, 37], [127.001, 37], [127.001, 37.002]];
    const steps = alongLine(line, 10);
    expect(steps).toHaveLength(11);
    expect(steps[10]?.metres).toBeCloseTo(lineMetres(line).ground, 6);
    expect(steps[10]?.place[1]).toBeCloseTo(37.002, 9);
    steps.slice(1).forEach(({ metres }, i) => expect(metres - (steps[i]?.metres ?? 0)).toBeCloseTo(lineMetres(line).ground / 10, 6));
  });
  it('finds where a line runs inside an outline, also a hollow one twice', () => {
    const u: Position[] = [[0, 0], [4e-4, 0], [4e-4, 3e-4], [3e-4, 3e-4], [3e-4, 1e-4], [1e-4, 1e-4], [1e-4, 3e-4], [0, 3e-4]];
    const cuts = stretchesInside([[-1e-4, 2e-4], [5e-4, 2e-4]], u);
    expect(cuts).toHaveLength(2);
    expect(cuts[0]!.to - cuts[0]!.from).toBeCloseTo(11.13, 1);
    expect(stretchesInside([[-1e-4, 9e-4], [5e-4, 9e-4]], u)).toEqual([]);
  });
});

/** Where Cesium itself lets its light come from. */
function sunOfCesium([longitude, latitude]: Position, ms: number): { azimuth: number; elevation: number } {
  const date = JulianDate.fromDate(new Date(ms));
  const inertial = Simon1994PlanetaryPositions.computeSunPositionInEarthInertialFrame(date);
  const fixed = Matrix3.multiplyByVector(Transforms.computeTemeToPseudoFixedMatrix(date) ?? Matrix3.IDENTITY, inertial, new Cartesian3());
  const local = Matrix4.multiplyByPoint(Matrix4.inverse(Transforms.eastNorthUpToFixedFrame(Cartesian3.fromDegrees(longitude, latitude)), new Matrix4()), fixed, new Cartesian3());
  return { azimuth: ((Math.atan2(local.x, local.y) * 180) / Math.PI + 360) % 360, elevation: (Math.atan2(local.z, Math.hypot(local.x, local.y)) * 180) / Math.PI };
}

describe('the sun', () => {
  it('stands where Cesium lets the light come from, all over the year and the world', () => {
    for (const place of [[127.1, 37.51], [7.42, 43.73], [-51.2, -30.03], [0, 0]] as Position[]) {
      for (const ms of [Date.UTC(2026, 0, 5, 3), Date.UTC(2026, 5, 21, 6), Date.UTC(2026, 10, 25, 23, 30), Date.UTC(2031, 2, 20, 12)]) {
        const [ours, theirs] = [sunAt(place, ms), sunOfCesium(place, ms)];
        // Cesium leaves the precession since 2000 out: a third of a degree by now.
        expect(Math.abs(ours.elevation - theirs.elevation)).toBeLessThan(0.45);
        const turn = Math.abs(((ours.azimuth - theirs.azimuth + 540) % 360) - 180) * Math.cos((theirs.elevation * Math.PI) / 180);
        expect(turn).toBeLessThan(0.45);
      }
    }
  });
  it('is highest in the south of Seoul at midsummer noon', () => {
    const noon = sunAt([127, 37.5665], Date.UTC(2026, 5, 21, 3, 34));
    expect(noon.elevation).toBeCloseTo(75.87, 1);
    expect(noon.azimuth).toBeGreaterThan(175);
    expect(noon.azimuth).toBeLessThan(185);
    expect([daylight(-20), daylight(30)]).toEqual([0, 1]);
  });
  it('keeps the local day when only the time of day is chosen', () => {
    const ms = Date.UTC(2026, 10, 25, 23, 30);
    expect(atTimeOfDay(ms, 12 * 60, 540)).toBe(Date.UTC(2026, 10, 26, 3));
    expect(minutesOfDay(ms, 540)).toBe(8 * 60 + 30);
    expect(parseClock(clockText(845))).toBe(845);
    expect([parseClock('24:00'), parseClock('9:00')]).toEqual([null, null]);
  });
});

describe('moving things', () => {
  const a: Position = [127, 37];
  const b: Position = [127.001, 37];
  it('glide to the last report in the time between two reports, and stop there', () => {
    const track = reported(newTrack(a, null, 0), b, null, 2000);
    expect(shownAt(track, 2000).place[0]).toBeCloseTo(127, 9);
    expect(shownAt(track, 3000).place[0]).toBeCloseTo(127.0005, 9);
    expect(shownAt(track, 9000).place).toEqual(b);
    // Who says no height stands on the ground all the way, not on the ellipsoid.
    expect(shownAt(track, 2500).place[2]).toBeUndefined();
    expect(shownAt(reported(newTrack([127, 37, 10], null, 0), [127.001, 37, 20], null, 1000), 1500).place[2]).toBeCloseTo(15, 6);
  });
  it('turn as they move, by the shorter way round', () => {
    expect(shownAt(reported(newTrack(a, null, 0), b, null, 1000), 2000).heading).toBeCloseTo(90, 0);
    expect(headingAt(350, 10, 0.5)).toBeCloseTo(0, 6);
    expect(headingAt(10, 350, 0.5)).toBeCloseTo(0, 6);
  });
  it('never jump back when a report comes early', () => {
    let track = reported(newTrack(a, null, 0), b, null, 4000);
    const before = shownAt(track, 5000).place[0];
    track = reported(track, [127.002, 37], null, 5000);
    expect(shownAt(track, 5000).place[0]).toBeCloseTo(before, 9);
  });
  it('leap when the new place is far, and fade when reports stop', () => {
    expect(shownAt(reported(newTrack(a, null, 0), [128, 37], null, 1000), 1000).place[0]).toBe(128);
    const track = newTrack(a, 0, 0);
    expect([shownAt(track, 10_000).presence, shownAt(track, 200_000).presence]).toEqual([1, 0]);
  });
});

describe('classes and histograms', () => {
  it('have round bounds, few far values aside, and know the unknown', () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i === 0 ? 5000 : i / 10));
    const classes = numberClassesOf(values, 'dark');
    expect(classes.map(({ key }) => key)).toEqual(['0', '20', '40', '60', '80', 'unknown']);
    expect(classOf(classes, 5000)?.key).toBe('80');
    expect(classOf(classes, -3)?.key).toBe('0');
    expect(classOf(classes, undefined)?.key).toBe('unknown');
    expect(numberClassesOf([], 'light')).toHaveLength(1);
    expect(numberClassesOf([7, 7], 'light')).toHaveLength(2);
  });
  it('count every value once', () => {
    const values = [1, 2, 2.5, 3, 9, 100, 4, 4, 4, 5];
    const bins = binsOf(values, 10);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
    expect(bins.at(-1)?.to).toBeGreaterThanOrEqual(100);
    expect(binsOf([], 5)).toEqual([]);
    expect(binsOf([3, 3], 5)).toEqual([{ from: 3, to: 3, count: 2 }]);
  });
  it('name the most frequent texts and leave the rest together', () => {
    const texts = ['a', 'b', 'b', ...Array.from({ length: 12 }, (_, i) => `x${i}`)];
    const classes = textClassesOf(texts, 'dark');
    expect(classes).toHaveLength(9);
    expect(classes[0]?.key).toBe('b');
    expect(classOf(classes, 'x9')?.key).toBe('unknown');
    expect(new Set(classes.map(({ colour }) => colour)).size).toBe(9);
  });
  it('round steps and quantiles', () => {
    expect([roundStep(0.3), roundStep(12), roundStep(24), roundStep(0)]).toEqual([0.5, 20, 25, 1]);
    expect(quantile([1, 2, 3, 4, 5], 0.5)).toBe(3);
  });
});

describe('the flat map', () => {
  const plane = { centre: [127.1, 37.51] as Position, pixelsPerMetre: 0.5, width: 800, height: 600 };
  it('finds the place of a pixel and the pixel of a place', () => {
    const place = placeOn(plane, 100, 50);
    const pixel = pixelOn(plane, place);
    expect([pixel.x, pixel.y].map(Math.round)).toEqual([100, 50]);
    expect(boxOn(plane)[0]).toBeLessThan(127.1);
  });
  it('keeps what is under the finger while dragging and zooming', () => {
    const place = placeOn(plane, 200, 200);
    const moved = pixelOn(dragged(plane, 200, 200, 260, 180), place);
    expect([moved.x, moved.y].map(Math.round)).toEqual([260, 180]);
    const near = pixelOn(zoomed(plane, 0.5, 200, 200), place);
    expect([near.x, near.y].map(Math.round)).toEqual([200, 200]);
  });
  it('comes back from its view', () => {
    const again = planeOf(viewOn(plane), 800, 600);
    expect(again.centre[0]).toBeCloseTo(127.1, 6);
    expect(again.pixelsPerMetre).toBeCloseTo(0.5, 6);
  });
});

describe('quality', () => {
  it('falls soon when frames are slow, rises late, and stays between', () => {
    expect(nextQuality(0, { count: 30, meanMs: 80 })).toBe(1);
    expect(nextQuality(0, { count: 5, meanMs: 80 })).toBe(0);
    expect(nextQuality(3, { count: 100, meanMs: 200 })).toBe(3);
    expect(nextQuality(2, { count: 300, meanMs: 10 })).toBe(1);
    expect(nextQuality(2, { count: 300, meanMs: 30 })).toBe(2);
  });
});

describe('below the ground', () => {
  it('knows networks, depths and scales', () => {
    expect([networkOf('gas'), networkOf('beer')]).toEqual(['gas', 'other']);
    expect(axisDepth('Pipe', 1.5, 0.4)).toBeCloseTo(1.7, 6);
    expect(axisDepth('Cable', null, null)).toBe(0.9);
    expect(linearScale(-3, 1, 100, 0, 4).marks).toEqual([-3, -2, -1, 0, 1]);
    expect(linearScale(0, 10, 0, 100, 5).at(5)).toBe(50);
  });
});

describe('a cut plane', () => {
  const eastward: Shape = { kind: 'cut', points: [[127.1, 37.5, 0], [127.102, 37.5, 0]] };
  const takenAt = (shape: Shape, places: readonly Position[]): boolean[] => {
    const cut = new SceneCut({} as Scene);
    cut.set(cutOf(shape));
    return places.map(([longitude, latitude]) => cut.takes(Cartesian3.fromDegrees(longitude, latitude)));
  };
  const northAndSouth: Position[] = [[127.3, 37.501], [126.9, 37.499]];

  it('takes away what lies to the right of its line, without end, and the other side when flipped', () => {
    expect(cutOf(eastward)?.keptDegrees).toBeCloseTo(0, 6);
    expect(takenAt(eastward, northAndSouth)).toEqual([false, true]);
    expect(takenAt(flipped(eastward), northAndSouth)).toEqual([true, false]);
  });
  it('is moved in metres into what it keeps, and stays there when flipped', () => {
    const moved = shifted(eastward, 50);
    const north = (metres: number): Position => [127.101, 37.5 + metres / 111_320];
    expect(takenAt(moved, [north(49), north(51)])).toEqual([true, false]);
    expect(takenAt(flipped(moved), [north(49), north(51)])).toEqual([false, true]);
    expect(shifted(eastward, 9999).metres).toBe(200);
    expect(flipped(flipped(moved))).toEqual(moved);
    expect(lineOfCut(moved).points.map((point) => (point[1] - 37.5) * 111_320).map(Math.round)).toEqual([50, 50]);
  });
  it('looks into every quarter of the compass', () => {
    const towards = (x: number, y: number): number => Math.round(cutOf({ kind: 'cut', points: [[0, 0], [x, y]] })?.keptDegrees ?? NaN);
    expect([towards(0, 0.001), towards(0.001, -0.001), towards(-0.001, 0), towards(-0.001, -0.001)]).toEqual([270, 45, 180, 135]);
  });
  it('needs a line with a direction, and is kept in a link', () => {
    expect(cutOf({ kind: 'cut', points: [[127, 37], [127, 37]] })).toBeNull();
    expect(cutOf({ ...eastward, kind: 'section' })).toBeNull();
    expect(takenAt({ ...eastward, kind: 'section' }, northAndSouth)).toEqual([false, false]);
    expect(parseShape(formatShape(shifted(eastward, -12)))).toEqual(shifted(eastward, -12));
    expect([parseShape('cut:x~1,1,1~2,2,2'), parseShape('area:3~1,1,1~2,2,2~3,3,3'), parseShape('cut~1,1,1~2,2,2~3,3,3')]).toEqual([null, null, null]);
  });
});

describe('the address of the tools', () => {
  it('comes back from its query', () => {
    const address = {
      ...parseAddress(''), sun: { minutes: 870, shadows: true }, under: { depthMetres: 3, ground: 0.35, cut: true }, compare: { mode: 'swipe', atMs: Date.UTC(2026, 10, 22), split: 0.25 },
      shapes: [{ kind: 'area', points: [[127.1, 37.5, 1], [127.2, 37.5, 2.5], [127.2, 37.6, -3]] }], filters: { Building: { attribute: 'height', from: 10, to: null }, RoadSegment: { attribute: 'roadClass', values: ['a b', '가~나', 'x|y'] } },
      paints: { Building: 'levels' }, follow: 'urn:ngsi-ld:Vehicle:1', series: [{ id: 'urn:ngsi-ld:A:1', attribute: 'pm25' }], flat: true, panel: 'charts',
    } as const;
    expect(parseAddress(formatAddress(address))).toEqual(address);
  });
  it('falls back where it cannot be read', () => {
    const hostile = '?sun=25:00&under=-3,2&compare=side~never~9&draw=distance~1,2~300,95,0 area~1,1,1&filter=Building~height~x Building~%E0%A4%A~=a&series=~x y~&paint=a';
    expect(parseAddress(hostile)).toEqual(parseAddress(''));
    expect(parseShape('dig~1,1,1~2,2,2')).toBeNull();
    expect(parseShape(formatShape({ kind: 'height', points: [[1, 2, 3], [1, 2, 9]] }))?.points[1]?.[2]).toBe(9);
  });
  it('filters by ranges and choices, and never lets a missing value pass', () => {
    const range = { attribute: 'h', from: 1, to: null };
    expect([passes(range, 1), passes(range, 0.9), passes(range, undefined), passes(undefined, undefined)]).toEqual([true, false, false, true]);
    expect([passes({ attribute: 'k', values: ['a'] }, 'a'), passes({ attribute: 'k', values: ['a'] }, 'b')]).toEqual([true, false]);
  });
});
