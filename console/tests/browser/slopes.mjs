// Monaco's slopes: that marks stand on the ground, roofs at base and height, and that a cut takes away all that is drawn on one side of it.
import { mapReady, settled } from './browser.mjs';
import { clickPlaces } from './cut.mjs';
import { allOf, ask } from './server.mjs';
import { expect } from './tally.mjs';

const SLOPE = [7.4155, 43.7365];
const METRES_PER_DEGREE = 111_320;
const JSON_TYPE = { 'content-type': 'application/json' };
/** Left out where marks are looked at: all that an import brings, and the models of signals and sensors. */
const CITY = 'Building,RoadSegment,Water,GreenSpace,Tunnel,CityObject';

/** A place some metres away. */
const beside = ([longitude, latitude], east, north = 0) => [longitude + east / METRES_PER_DEGREE / Math.cos((latitude * Math.PI) / 180), latitude + north / METRES_PER_DEGREE];

export const heightsOf = async (url, places) =>
  (await ask(url, `/api/terrain/height?at=${places.map((place) => place.slice(0, 2).join(',')).join(';')}`)).heights.map((one) => one.height_m);

const upsert = (url, entities) => ask(url, '/ngsi-ld/v1/entityOperations/upsert?options=update', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(entities) });
const located = (type, name, coordinates, more = {}) => ({ id: `urn:ngsi-ld:${type}:cut-${name}`, type, location: { type: 'GeoProperty', value: { type: 'Point', coordinates }, ...more } });
const lined = (type, coordinates, more) => ({ id: `urn:ngsi-ld:${type}:cut-through`, type, location: { type: 'GeoProperty', value: { type: 'LineString', coordinates } }, ...more });
const sensor = (name, place) => ({ ...located('AirQualityObserved', name, place), pm25: { type: 'Property', value: 12, observedAt: new Date().toISOString() } });

const look = async (page, [longitude, latitude], heightMetres, pitchDegrees, headingDegrees = 0) => {
  await page.evaluate((view) => window.__cityloom.map.get().putView(view), { longitude, latitude, heightMetres, pitchDegrees, headingDegrees });
  await settled(page);
};

/** Looks up a slope at a place, so that the eye is not within the hill. */
async function lookUphill(page, url, place, heightMetres, away) {
  const sides = [[0, -1], [-1, 0], [0, 1], [1, 0]].map(([east, north]) => beside(place, east * away, north * away));
  const ground = await heightsOf(url, sides);
  const lowest = ground.indexOf(Math.min(...ground));
  await look(page, sides[lowest], heightMetres + away, -45, lowest * 90);
}

/** Metres above the ellipsoid between which a mark is found at its place: half of them is where it is drawn. */
const foundBetween = (page, { id, place, expected }) => page.evaluate(({ id, place: [x, y], expected }) => {
  const map = window.__cityloom.map.get();
  const found = Array.from({ length: 13 }, (_, i) => expected - 6 + i).filter((height) => map.pick(map.pixelOf(x, y, height)) === id);
  return { ground: map.groundAt(x, y), lowest: found[0], highest: found.at(-1) };
}, { id, place, expected });

async function standingChecks({ tally, url, console: address, shoot }, page) {
  await tally.check('Monaco: signals and sensors on slopes stand on the ground', async () => {
    const signals = (await allOf(url, 'TrafficSignal')).map(({ id, location }) => ({ id, place: location.value.coordinates })).filter((_, i) => i % 10 === 0).slice(0, 2);
    const sensors = [[-0.0012, 0.0006], [0.0012, -0.0004]].map(([x, y], i) => sensor(i, [SLOPE[0] + x, SLOPE[1] + y]));
    await upsert(url, sensors);
    const marks = [...signals, ...sensors.map(({ id, location }) => ({ id, place: location.value.coordinates }))];
    const ground = await heightsOf(url, marks.map(({ place }) => place));
    expect(Math.max(...ground) - Math.min(...ground) > 100, `no slopes: ${ground}`);
    await page.goto(`${address}?view=${SLOPE[0]},${SLOPE[1]},900,0,-89&off=${CITY}&on=TrafficSignal`);
    await mapReady(page);
    const wrong = [];
    for (const [i, { id, place }] of marks.entries()) {
      await lookUphill(page, url, place, ground[i] + 3, 80);
      // Three metres above the ground, so that a slope does not cut it in half.
      const drawn = await foundBetween(page, { id, place, expected: ground[i] + 3 });
      const middle = (drawn.lowest + drawn.highest) / 2;
      console.log(`  ${id}: at ${middle} m, ground drawn ${drawn.ground.toFixed(1)}, of the file ${ground[i].toFixed(1)}`);
      if (!(Math.abs(middle - drawn.ground - 3) < 1 && Math.abs(drawn.ground - ground[i]) < 3)) wrong.push(`${id}: ${JSON.stringify(drawn)}, ground of the file ${ground[i]}`);
    }
    await shoot(page, 'slopes-mark');
    expect(wrong.length === 0, wrong.join(' | '));
    expect((await page.textContent('.copyright')).includes('© OpenStreetMap'), 'the contributors of OpenStreetMap are not named');
  });
}

const LEVEL_M = 3;

/** Buildings with four corners near a place: the heights of their ground, and where their roof must be: at its lowest corner and their height, on a slope one level above its highest at least. */
async function plainBuildings(url, place) {
  const near = await ask(url, `/ngsi-ld/v1/entities?type=Building&georel=near;maxDistance==90&geometry=Point&coordinates=${encodeURIComponent(JSON.stringify(place))}&limit=200`);
  const plain = near.map(({ id, height, minHeight, roofShape, location }) => ({ id, height: height?.value, plain: !minHeight && !roofShape, ring: location?.value?.type === 'Polygon' ? location.value.coordinates[0] : [] }))
    .filter(({ height, plain, ring }) => height > 2 && plain && ring.length === 5);
  const ground = await heightsOf(url, plain.flatMap(({ ring }) => ring.slice(1)));
  return plain.map(({ id, height, ring }, i) => {
    const corners = ground.slice(i * 4, i * 4 + 4);
    const [lowest, highest] = [Math.min(...corners), Math.max(...corners)];
    return { id, place: [0, 1].map((axis) => ring.slice(1).reduce((sum, point) => sum + point[axis] / 4, 0)), rise: highest - lowest, roof: lowest + Math.max(height, highest - lowest + Math.min(height, LEVEL_M)) };
  });
}

async function roofChecks({ tally, url, shoot }, page) {
  await tally.check('Monaco: roofs are drawn at the lowest ground below them and their height', async () => {
    await page.evaluate(() => window.__cityloom.go({ off: ['RoadSegment', 'Water', 'GreenSpace', 'AirQualityObserved', 'CityObject'] }));
    const [ground] = await heightsOf(url, [SLOPE]);
    await look(page, SLOPE, ground + 260, -89);
    await shoot(page, 'slopes-roofs');
    const buildings = await plainBuildings(url, SLOPE);
    const seen = await page.evaluate((all) => all.map(({ place: [x, y], roof }) => {
      const map = window.__cityloom.map.get();
      const pixel = map.pixelOf(x, y, roof);
      return pixel && { id: map.pick(pixel), height: map.placeAt(pixel)?.[2] };
    }), buildings);
    const tried = buildings.map((one, i) => ({ ...one, apart: (seen[i]?.height ?? NaN) - one.roof, isSeen: seen[i]?.id === one.id })).filter(({ isSeen }) => isSeen);
    console.log(`  ${tried.length} of ${buildings.length} roofs seen, on ground that rises up to ${Math.max(...tried.map(({ rise }) => rise)).toFixed(1)} m, apart by ${tried.map(({ apart }) => apart.toFixed(1)).join()} m`);
    expect(tried.length > 5 && tried.some(({ rise }) => rise > 3), `${tried.length} of ${buildings.length} roofs are seen`);
    const wrong = tried.filter(({ apart }) => !(Math.abs(apart) < 0.7));
    expect(wrong.length === 0, wrong.map(({ id, apart, roof }) => `${id}: ${apart.toFixed(1)} m from ${roof.toFixed(1)}`).join(' | '));
  });
}

/** On each side of a line from south to north one of all that is drawn by points, and what runs through it. */
async function thingsBeside(url, place) {
  const sides = [beside(place, -45), beside(place, 45)];
  const [west, east, middle] = await heightsOf(url, [...sides, place]);
  const ground = [west, east];
  const [bridge, pipe] = [[30, 20], [-30, 30]].map(([north, up]) => [-70, 70].map((metres) => [...beside(place, metres, north), Math.max(west, east, middle) + up]));
  const named = (i) => ['west', 'east'][i];
  const vehicles = sides.map((side, i) => located('Vehicle', named(i), beside(side, 0, 12), { observedAt: new Date().toISOString() }));
  const lone = [
    ...sides.map((side, i) => [located('TrafficSignal', named(i), side), 3]),
    ...sides.map((side, i) => [sensor(named(i), beside(side, 0, -12)), 3]),
    ...sides.map((side, i) => [{ ...located('CityObject', named(i), beside(side, 0, 50)), kind: { type: 'Property', value: 'bus-stop-shelter' } }, 2]),
    ...vehicles.map((vehicle) => [vehicle, 1.5]),
  ];
  const through = [lined('RoadSegment', bridge, { roadClass: { type: 'Property', value: 'primary' }, bridge: { type: 'Property', value: true } }), lined('Pipe', pipe, { network: { type: 'Property', value: 'gas' }, diameter: { type: 'Property', value: 900, unitCode: 'MMT' } })];
  await upsert(url, [...lone.map(([entity]) => entity), ...through]);
  const points = lone.map(([{ id, location }, up], i) => ({ id, side: i % 2, place: location.value.coordinates, height: ground[i % 2] + up }));
  const ends = through.flatMap(({ id, location: { value: { coordinates } } }) => [0, 1].map((side) => {
    const part = side === 0 ? 0.2 : 0.8;
    return { id, side, place: [0, 1].map((axis) => coordinates[0][axis] + part * (coordinates[1][axis] - coordinates[0][axis])), height: coordinates[0][2] };
  }));
  return { things: [...points, ...ends], vehicles };
}

async function cutThingsChecks({ tally, url, shoot }, page) {
  const labels = () => page.locator('.sensor-label:visible').count();
  await tally.check('a cut takes away marks, sensors, vehicles, objects, bridges and pipes of one side, in the picture and under the pointer', async () => {
    const edition = await page.evaluate(() => window.__cityloom.cityEdition.get());
    const { things, vehicles } = await thingsBeside(url, SLOPE);
    const [ground] = await heightsOf(url, [SLOPE]);
    await page.evaluate(() => window.__cityloom.go({ off: ['Building', 'Water', 'GreenSpace', 'Tunnel'], on: ['TrafficSignal'], under: { depthMetres: 30, ground: 1, cut: false }, panel: 'under' }));
    await page.waitForFunction((before) => window.__cityloom.cityEdition.get() > before && window.__cityloom.moving.count.get() === 2, edition);
    await look(page, SLOPE, ground + 200, -89);
    const sorted = (seen) => seen.map(({ id, side }) => `${['west', 'east'][side]} ${id.split(':')[2]}`).sort().join(', ');
    const expectSides = async (sides, when) => {
      await settled(page);
      const found = await page.evaluate((all) => all.filter(({ id, place: [x, y], height }) => {
        const map = window.__cityloom.map.get();
        const pixel = map.pixelOf(x, y, height);
        return pixel && map.pick(pixel) === id;
      }), things);
      expect(sorted(found) === sorted(things.filter(({ side }) => sides.includes(side))), `${when}: ${sorted(found)}`);
    };
    await upsert(url, vehicles);
    await expectSides([0, 1], 'whole');
    await shoot(page, 'cut-things-before');
    const whole = await labels();
    await page.click('#draw-cut');
    await clickPlaces(page, [beside(SLOPE, 0, -60), beside(SLOPE, 0, 60)]);
    await page.waitForSelector('#cut-metres');
    await upsert(url, vehicles);
    await expectSides([0], 'cut');
    await shoot(page, 'cut-things');
    const west = await labels();
    await page.click('#cut-flip');
    await expectSides([1], 'flipped');
    const east = await labels();
    expect(west > 0 && east > 0 && west + east === whole, `of ${whole} values ${west} stay in the west, ${east} in the east`);
    await page.click('#cut-clear');
    await expectSides([0, 1], 'closed');
  });
}

/** Checks on a page of Monaco with its elevation. */
export async function slopeChecks(bench, page) {
  await standingChecks(bench, page);
  await roofChecks(bench, page);
  await cutThingsChecks(bench, page);
}
