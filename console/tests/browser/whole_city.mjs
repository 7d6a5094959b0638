// All that is imported is drawn, listed and found: municipalities, types that nobody foresaw, transit, a water network.
import { colours, difference, inBoth, mapReady, openPage, pixels, settled } from './browser.mjs';
import { cloudHeightChecks } from './clouds.mjs';
import { withServer } from './places.mjs';
import { allOf, ask } from './server.mjs';
import { expect } from './tally.mjs';

const AROUND = { x: 420, y: 200, width: 500, height: 420 };
const PHONE = { width: 390, height: 844, phone: true };

/** Id of what is drawn at a place on the ground. */
const pickedAt = (page, [longitude, latitude], heightMetres = 0) => page.evaluate(([x, y, z]) => {
  const map = window.__cityloom.map.get();
  const pixel = map.pixelOf(x, y, z);
  return pixel && map.pick(pixel);
}, [longitude, latitude, heightMetres]);

const switchLayers = async (page, change) => {
  await page.evaluate((wanted) => window.__cityloom.go(wanted), change);
  await settled(page);
};

/** Part of the picture that differs once layers are switched off; they are on again afterwards. */
async function seenOf(page, types) {
  const shown = await pixels(page, AROUND);
  await switchLayers(page, { off: types });
  const hidden = await pixels(page, AROUND);
  await switchLayers(page, { off: [] });
  return difference(shown, hidden);
}

const layerRow = (page, name) => page.locator('.layer-row', { hasText: name });

const SEOUL = '126.99,37.55,70000,0,-89';
/** In Songpa-gu, away from its borders. */
const SONGPA = [127.118, 37.505];

/** Types that no catalogue names, as any client of the NGSI-LD door may write them. */
const ZONE = { id: 'urn:ngsi-ld:FloodZone:1', type: 'FloodZone', location: { type: 'GeoProperty', value: { type: 'Polygon', coordinates: [[[127.1, 37.5], [127.11, 37.5], [127.11, 37.51], [127.1, 37.51], [127.1, 37.5]]] } } };
const HYDRANT = { id: 'urn:ngsi-ld:Hydrant:1', type: 'Hydrant', state: { type: 'Property', value: 'open' }, location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [127.13, 37.505] } } };

const post = (url, path, body) => fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

async function municipalityChecks({ tally, url, console: address, shoot, browser, journal }, page) {
  const [songpa] = (await ask(url, `/api/search?q=${encodeURIComponent('송파구')}`)).results;
  await tally.check('municipalities are drawn as areas with their borders, and the whole country is what is shown first', async () => {
    await page.goto(address);
    await mapReady(page);
    const corners = await page.evaluate(() => [[126.5, 33.4], [128.4, 38.2]].map(([x, y]) => window.__cityloom.map.get().pixelOf(x, y, 0)));
    expect(corners.every((one) => one && one.y > 0 && one.y < 900), `Jeju and the north-east are at ${JSON.stringify(corners)}`);
    expect((await seenOf(page, ['GeographicFeature'])) > 0.2, 'nothing of them is seen');
    await inBoth(page, shoot, 'whole-korea');
    const row = layerRow(page, '그 밖의 장소와 구역');
    expect((await row.textContent()).includes('250'), `the layer says ${await row.textContent()}`);
  });
  await tally.check('a click on a municipality opens it', async () => {
    await page.goto(`${address}?view=${SEOUL}`);
    await mapReady(page);
    const at = await page.evaluate(([x, y]) => window.__cityloom.map.get().pixelOf(x, y, 0), SONGPA);
    const box = await page.locator('#map').boundingBox();
    await page.mouse.click(box.x + at.x, box.y + at.y);
    await page.waitForSelector(`[data-entity="${songpa.id}"]`);
    await settled(page);
    expect((await page.textContent('#inspector h2')).includes('송파구'), 'it is not called by its name');
    await inBoth(page, shoot, 'whole-songpa');
  });
  await tally.check('things of types never heard of are drawn while one looks, listed by their type, and found where they are', async () => {
    await page.goto(`${address}?view=127.115,37.505,6000,0,-89`);
    await mapReady(page);
    for (const one of [ZONE, HYDRANT]) expect((await post(url, '/ngsi-ld/v1/entities', one)).status === 201, `${one.id} is refused`);
    await page.waitForFunction(() => ['FloodZone', 'Hydrant'].every((type) => window.__cityloom.places.editions.get().has(type)), undefined, { timeout: 60_000 });
    await settled(page);
    await shoot(page, 'whole-unknown');
    expect((await pickedAt(page, [127.105, 37.505])) === ZONE.id, `the zone is not there: ${await pickedAt(page, [127.105, 37.505])}`);
    expect((await pickedAt(page, HYDRANT.location.value.coordinates, 3)) === HYDRANT.id, 'the hydrant is not there');
    expect((await layerRow(page, 'Hydrant').count()) === 1, 'the hydrant has no layer');
    await switchLayers(page, { off: ['FloodZone'] });
    expect((await pickedAt(page, [127.105, 37.505])) === songpa.id, 'what is switched off is still found');
    await switchLayers(page, { off: [] });
  });
  await tally.check('one of them that moves is drawn at its new place', async () => {
    const moved = await fetch(`${url}/ngsi-ld/v1/entities/${HYDRANT.id}/attrs`, { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [127.125, 37.498] } } }) });
    expect(moved.ok, `the change is refused: ${moved.status}`);
    await page.waitForFunction(() => window.__cityloom.places.editions.get().get('Hydrant') > 0);
    await settled(page);
    expect((await pickedAt(page, [127.125, 37.498], 3)) === HYDRANT.id, 'it is not at its new place');
  });
  await tally.check('the flat map draws and finds the same', async () => {
    await page.goto(`${address}?view=127.115,37.505,6000,0,-89&flat=1`);
    await mapReady(page, 'flat');
    await shoot(page, 'whole-flat');
    const found = await Promise.all([[127.105, 37.505], [127.125, 37.498], [127.1, 37.52]].map((place) => pickedAt(page, place)));
    expect(found[0] === ZONE.id && found[1] === HYDRANT.id && found[2] !== null, `found ${found}`);
    expect((await seenOf(page, ['GeographicFeature', 'FloodZone'])) > 0.05, 'nothing of them is seen');
  });
  await tally.check('a phone shows them too', async () => {
    const phone = await openPage(browser, journal, PHONE);
    try {
      await phone.goto(`${address}?view=${SEOUL}&sel=${encodeURIComponent(songpa.id)}&panel=inspector`);
      await mapReady(phone);
      await phone.waitForSelector(`[data-entity="${songpa.id}"]`);
      await settled(phone);
      await shoot(phone, 'whole-phone');
    } finally {
      await phone.context().close();
    }
  });
}

async function waterChecks({ tally, url, console: address, shoot }, page) {
  await tally.check('nodes, pumps and valves of a water network are drawn, listed with their counts, and found', async () => {
    const [nodes, pumps] = [await allOf(url, 'WaterNetworkNode'), await allOf(url, 'Pump')];
    await page.goto(address);
    await mapReady(page);
    expect((await seenOf(page, ['WaterNetworkNode', 'Pump', 'Valve'])) > 0.005, 'nothing of them is seen');
    await inBoth(page, shoot, 'whole-water');
    expect((await layerRow(page, '상수도 절점').textContent()).replace(',', '').includes(`${nodes.length}`), 'the count is wrong');
    expect((await layerRow(page, '펌프').textContent()).includes(`${pumps.length}`), 'the count of pumps is wrong');
    const [tank] = nodes.filter(({ category }) => category.value === 'tank');
    const [x, y] = tank.location.value.coordinates;
    await page.evaluate(([longitude, latitude]) => window.__cityloom.map.get().putView({ longitude, latitude, heightMetres: 600, headingDegrees: 0, pitchDegrees: -89 }), [x, y]);
    await settled(page);
    expect((await pickedAt(page, [x, y], 3)) === tank.id, 'the tank is not where it stands');
    await page.evaluate((id) => window.__cityloom.select(id), tank.id);
    await page.waitForSelector(`[data-entity="${tank.id}"]`);
    await settled(page);
    await shoot(page, 'whole-water-tank');
  });
}

/** A stop from which something leaves on a Thursday at noon while the timetable held. */
async function busyStop(url) {
  for (const stop of await ask(url, '/ngsi-ld/v1/entities?type=TransitStop&limit=200')) {
    const { departures } = await ask(url, `/api/transit/departures?stop=${encodeURIComponent(stop.id)}&at=2019-05-02T15:00:00Z&within=60`);
    if (departures.length > 3) return stop;
  }
  throw new Error('nothing leaves anywhere');
}

async function departureChecks({ tally, url, console: address, shoot, browser, journal }, page) {
  const stop = await busyStop(url);
  const query = `sel=${encodeURIComponent(stop.id)}&panel=inspector`;
  await tally.check('a stop says when its timetable does not hold, and shows departures of a day on which it did', async () => {
    await page.goto(`${address}?${query}`);
    await mapReady(page);
    await page.waitForSelector('.departures .note-title');
    const said = await page.textContent('.departures');
    expect(said.includes('2019-04-15') && said.includes('2019-07-15'), `it says ${said}`);
    await inBoth(page, shoot, 'whole-departures-none');
    await page.click('.departures .button');
    await page.waitForSelector('.departures :is(tbody tr, .note)');
    await settled(page);
    const shownAt = await page.textContent('.departures .as-of');
    expect(shownAt.includes('2019'), `it is not said which day is shown: ${shownAt}`);
    await page.click('.departures .as-of .link-button');
    await page.waitForFunction(() => !document.querySelector('.departures .as-of'));
  });
  await tally.check('departures have time, line and where to, and a line opens', async () => {
    // As on a day on which the timetable held: the page asks for now.
    await page.route('**/api/transit/departures*', (route) => route.continue({ url: `${route.request().url()}&at=2019-05-02T15:00:00Z` }));
    await page.goto(`${address}?${query}`);
    await page.waitForSelector('.departures tbody tr');
    await mapReady(page);
    const rows = await page.locator('.departures tbody tr').allTextContents();
    expect(rows.length > 3 && rows.every((row) => /^(≈ )?\d\d:\d\d/.test(row)), `rows: ${rows.slice(0, 3)}`);
    await inBoth(page, shoot, 'whole-departures');
    await page.locator('.departures tbody .link-button').first().click();
    await page.waitForSelector('[data-entity*="TransitRoute"]');
    await settled(page);
    await shoot(page, 'whole-line');
  });
  await tally.check('departures that cannot be read say so and are read when asked again', async () => {
    await page.unroute('**/api/transit/departures*');
    await page.route('**/api/transit/departures*', (route) => route.abort());
    await page.goto(`${address}?${query}`);
    await page.waitForSelector('.departures [role=alert]');
    await page.unroute('**/api/transit/departures*');
    await page.click('.departures [role=alert] .button');
    await page.waitForSelector('.departures .note:not([role=alert])');
  });
  await tally.check('departures fit a phone', async () => {
    const phone = await openPage(browser, journal, PHONE);
    try {
      await phone.route('**/api/transit/departures*', (route) => route.continue({ url: `${route.request().url()}&at=2019-05-02T15:00:00Z` }));
      await phone.goto(`${address}?${query}`);
      await phone.waitForSelector('.departures tbody tr');
      await mapReady(phone);
      await shoot(phone, 'whole-departures-phone');
      expect((await phone.evaluate(() => document.documentElement.scrollWidth)) <= 390, 'the page is wider than the phone');
      const right = await phone.evaluate(() => document.querySelector('.departures-table').getBoundingClientRect().right);
      expect(right <= 390, `the table ends at ${right}`);
    } finally {
      await phone.context().close();
    }
  });
}

async function transitChecks({ tally, url, console: address, shoot, ...bench }, page) {
  const [stop] = await ask(url, '/ngsi-ld/v1/entities?type=TransitStop&limit=1');
  const [x, y] = stop.location.value.coordinates;
  await tally.check('stops and lines of transit are drawn, listed with their counts, and found', async () => {
    await page.goto(`${address}?view=${x},${y},1500,0,-89`);
    await mapReady(page);
    expect((await seenOf(page, ['TransitStop', 'TransitRoute'])) > 0.003, 'nothing of them is seen');
    expect((await layerRow(page, '정류장').textContent()).includes('3,986'), 'the count of stops is wrong');
    expect((await layerRow(page, '대중교통 노선').textContent()).includes('115'), 'the count of lines is wrong');
    expect((await pickedAt(page, [x, y], 3)) === stop.id, 'the stop is not where it stands');
    await inBoth(page, shoot, 'whole-transit');
    const [route] = await ask(url, '/ngsi-ld/v1/entities?type=TransitRoute&limit=1');
    const { type, coordinates } = route.location.value;
    const line = type === 'LineString' ? coordinates : coordinates[0];
    const [longitude, latitude] = line[Math.floor(line.length / 2)];
    await page.evaluate((eye) => window.__cityloom.map.get().putView({ ...eye, heightMetres: 300, headingDegrees: 0, pitchDegrees: -89 }), { longitude, latitude });
    await switchLayers(page, { off: ['TransitStop'] });
    expect(/TransitRoute/.test(await pickedAt(page, [longitude, latitude])), 'no line is found where one runs');
  });
  await departureChecks({ tally, url, console: address, shoot, ...bench }, page);
}

async function cloudChecks({ tally, url, console: address, shoot }, page) {
  const [cloud] = await allOf(url, 'PointCloud');
  await tally.check('a point cloud is drawn in its colours, listed with what they mean, and found by its points', async () => {
    await page.goto(`${address}?view=-123.0712,44.0496,420,0,-70`);
    await mapReady(page);
    const shown = await pixels(page, AROUND);
    await inBoth(page, shoot, 'whole-points');
    expect(colours(shown) > 60, `only ${colours(shown)} colours`);
    expect((await seenOf(page, ['PointCloud'])) > 0.1, 'nothing of it is seen');
    expect((await page.locator('.layer', { hasText: '점군' }).textContent()).includes('사진의 색'), 'it is not said what the colours mean');
    const found = await page.evaluate(() => [0.4, 0.5, 0.6].map((part) => window.__cityloom.map.get().pick({ x: window.innerWidth * part, y: window.innerHeight * 0.5 })));
    expect(found.includes(cloud.id), `found ${found}`);
  });
}

/** The checks by part. */
export const wholeCityParts = {
  'whole-korea': (bench) => withServer(bench, ['korea/municipalities-2018.topojson'], { what: 'municipalities on the map' }, municipalityChecks),
  'whole-water': (bench) => withServer(bench, ['network/ky10-water.inp'], { what: 'a water network on the map', import: ['--crs', 'EPSG:3089'] }, waterChecks),
  'whole-points': (bench) => withServer(bench, ['points/autzen-trim.laz'], { what: 'a point cloud on the map' }, async (cloud, page) => {
    await cloudChecks(cloud, page);
    await cloudHeightChecks(cloud, page);
  }),
  'whole-transit': (bench) => withServer(bench, ['transit/porto-alegre-gtfs.zip'], { what: 'transit on the map' }, transitChecks),
};
