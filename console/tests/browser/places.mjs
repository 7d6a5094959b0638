// Other places than the district, each with a server of its own: the hills of Monaco, a house from inside, an invented city.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { colours, difference, mapReady, openPage, pixels, settled, until } from './browser.mjs';
import { CITY_MADE, digChecks } from './dig.mjs';
import { fits, inEnglish, labelsSeen, PHONE, sheetWorks, skyline, spotOf } from './fits.mjs';
import { roomCutChecks } from './rooms_cut.mjs';
import { floodChecks } from './scenarios.mjs';
import { allOf, ask, startServer } from './server.mjs';
import { heightsOf, slopeChecks } from './slopes.mjs';
import { expect } from './tally.mjs';

const SHARED = process.env.CITYLOOM_SHARED ?? join(dirname(fileURLToPath(import.meta.url)), '../../../../shared/data');
const AROUND = { x: 420, y: 200, width: 500, height: 420 };

/** Runs checks against a server on files of the shared data; skipped where they are absent. */
export async function withServer(bench, files, options, checks) {
  const missing = files.find((file) => !existsSync(join(SHARED, file)));
  if (missing) return bench.tally.skip(options.what, `${missing} is absent from the shared data`);
  if (!bench.server.binary) return bench.tally.skip(options.what, 'only with a server of our own');
  const data = mkdtempSync(join(tmpdir(), 'cityloom-places-'));
  const paths = files.map((file) => join(SHARED, file));
  if (paths.length > 0) {
    const done = spawnSync(bench.server.binary, ['import', '--data', data, ...(options.import ?? []), ...paths], { encoding: 'utf8', timeout: 120_000 });
    if (done.status !== 0) throw new Error(`import ended with ${done.status}: ${done.stderr}`);
  }
  const server = await startServer(bench.server.binary, { data, rehearses: options.rehearses });
  bench.otherHosts = [...(bench.otherHosts ?? []), new URL(server.url).host];
  const page = await openPage(bench.browser, bench.journal);
  try {
    await checks({ ...bench, url: server.url, console: `${server.url}/console/`, says: server.says }, page);
  } finally {
    await page.context().close();
    await server.stop();
    server.forget();
  }
}

async function hillChecks({ tally, url, console: address, shoot }, page) {
  const SLOPE = [7.4155, 43.7365];
  await tally.check('Monaco: the ground that is drawn is that of the elevation file', async () => {
    await page.goto(`${address}?view=${SLOPE[0]},${SLOPE[1]},700,0,-89`);
    await mapReady(page);
    await shoot(page, 'monaco-above');
    const places = [-2, -1, 0, 1, 2].flatMap((x) => [-1, 0, 1].map((y) => [SLOPE[0] + x * 0.0008, SLOPE[1] + y * 0.0008]));
    const wanted = await heightsOf(url, places);
    const drawn = await page.evaluate((all) => all.map(([x, y]) => window.__cityloom.map.get().groundAt(x, y)), places);
    expect(Math.max(...wanted) - Math.min(...wanted) > 40, `no slope here: ${wanted}`);
    const apart = wanted.map((height, i) => Math.abs(height - drawn[i]));
    expect(Math.max(...apart) < 5, `apart by ${apart.map((one) => one.toFixed(1))} m`);
  });
  await tally.check('Monaco: hills are seen from the sea', async () => {
    await page.goto(`${address}?${SEA}`);
    await mapReady(page);
    const picture = await pixels(page, AROUND);
    await shoot(page, 'monaco-sea');
    expect(colours(picture) > 40, `only ${colours(picture)} colours`);
    const ridge = await page.evaluate(() => window.__cityloom.map.get().placeAt({ x: 640, y: 300 }));
    expect(ridge && ridge[2] > 60, `no hill in the middle of the picture: ${ridge}`);
  });
}

/** Where nothing but the ground is drawn, its skyline is that of the hills. */
const ALL_OFF = 'off=Building,RoadSegment,Water,GreenSpace,Tunnel';
const SEA = 'view=7.4246,43.7240,500,350,-12';

async function hillScreenChecks({ tally, console: address, shoot, browser, journal }, page) {
  await tally.check('Monaco in English: a building on the hills is clicked on, stands out and tells its facts; nothing overlaps', async () => {
    await page.goto(`${address}?${SEA}`);
    await mapReady(page);
    await inEnglish(page);
    await settled(page);
    const before = await pixels(page, AROUND);
    const { id, x, y } = await spotOf(page, { x: 640, y: 560 }, 'urn:ngsi-ld:Building');
    await page.mouse.click(x, y);
    await page.waitForSelector(`[data-entity="${id}"]`);
    await settled(page);
    await shoot(page, 'monaco-en-building');
    const facts = await page.textContent('#inspector .attributes');
    expect(/Height/.test(facts) && /Source/.test(facts) && !/\p{Script=Hangul}/u.test(facts), `it tells ${facts.slice(0, 200)}`);
    expect(difference(before, await pixels(page, AROUND)) > 0.0003, 'the selected building looks as before');
    await fits(page);
  });
  await tally.check('Monaco on a phone: the ground alone has the skyline of hills, a building is tapped, its sheet is read and closed', async () => {
    const phone = await openPage(browser, journal, PHONE);
    try {
      await phone.goto(`${address}?${SEA}&${ALL_OFF}`);
      await mapReady(phone);
      const box = await phone.locator('#map').boundingBox();
      const clip = { x: 0, y: box.y + 4, width: 330, height: box.height * 0.6 };
      const ground = await pixels(phone, clip);
      await shoot(phone, 'monaco-phone-ground');
      expect(skyline(ground) > 25, `the skyline rises by ${skyline(ground)} pixels only`);
      await phone.evaluate(() => window.__cityloom.go({ off: [] }));
      await settled(phone);
      expect(difference(ground, await pixels(phone, clip)) > 0.1, 'with the city on it the picture is the same');
      await fits(phone);
      const { id, x, y } = await spotOf(phone, { x: 180, y: box.y + box.height * 0.35 }, 'urn:ngsi-ld:Building');
      await phone.touchscreen.tap(x, y);
      await phone.waitForSelector(`[data-entity="${id}"]`);
      await settled(phone);
      await shoot(phone, 'monaco-phone-building');
      await fits(phone);
      await sheetWorks(phone, '#inspector');
    } finally {
      await phone.context().close();
    }
  });
}

async function houseChecks({ tally, url, console: address, shoot }, page) {
  const [building] = await allOf(url, 'Building');
  await tally.check('a house is entered: its storeys, its rooms, one storey drawn', async () => {
    await page.goto(`${address}?panel=inspector&sel=${encodeURIComponent(building.id)}`);
    await page.waitForSelector(`[data-entity="${building.id}"]`);
    await page.click('.indoors > button');
    await page.waitForSelector('.indoors-storeys input');
    await mapReady(page);
    const whole = await pixels(page, AROUND);
    await shoot(page, 'house-inside');
    expect((await page.locator('.indoors-storeys input').count()) >= 3, 'fewer than two storeys');
    const rooms = page.locator('[data-room]');
    expect((await rooms.count()) >= 4, `only ${await rooms.count()} rooms`);
    expect(colours(whole) > 8, 'nothing is drawn inside');
    await page.locator('.indoors-storeys input').last().check();
    await until(async () => difference(whole, await pixels(page, AROUND)) > 0.02, 'another storey looks different', 60_000);
    await settled(page);
    await shoot(page, 'house-lowest');
  });
  await tally.check('a room of the house tells its area and its way out', async () => {
    await page.locator('.indoors-storeys input').nth(2).check();
    await page.waitForSelector('[data-room]');
    const id = await page.locator('[data-room]').first().getAttribute('data-room');
    await page.click(`[data-room="${id}"]`);
    await page.waitForSelector(`[data-entity="${id}"]`);
    await page.click('.indoors-way .button');
    await page.waitForFunction(() => /\d/.test(document.querySelector('.indoors-way [role=status]')?.textContent ?? ''));
    await settled(page);
    await shoot(page, 'house-way-out');
  });
  await tally.check('the house from inside is English in English', async () => {
    await page.click('button[lang=en]');
    await page.waitForFunction(() => document.documentElement.lang === 'en');
    const hangul = (await page.evaluate(() => document.querySelector('.indoors').innerText)).match(/\p{Script=Hangul}+/u);
    expect(!hangul, `Korean is left: ${hangul}`);
    await page.click('button[lang=ko]');
  });
}

async function inventedChecks({ tally, url, console: address, shoot, says }, page) {
  await tally.check('an invented city is drawn, says that it is invented, and its cars move', async () => {
    // Ready the server is before: the city is made meanwhile.
    await says(CITY_MADE);
    await page.goto(address);
    await mapReady(page);
    await page.waitForFunction(() => window.__cityloom.moving.count.get() > 5, undefined, { timeout: 90_000 });
    await settled(page);
    const before = await pixels(page, AROUND);
    await shoot(page, 'invented');
    expect(colours(before) > 20, `only ${colours(before)} colours`);
    expect((await labelsSeen(page)) > 10, 'hardly a value is seen');
    await page.waitForFunction(() => [...window.__cityloom.moving.all.values()].some(({ track: { from, to } }) => from[0] !== to[0] || from[1] !== to[1]));
    await until(async () => difference(before, await pixels(page, AROUND)) > 0.0005, 'something moves in the picture');
    const buildings = await ask(url, '/ngsi-ld/v1/entities?type=Building&limit=1&count=true');
    expect(buildings.length === 1, 'the city has no buildings');
    await page.evaluate((id) => window.__cityloom.select(id), buildings[0].id);
    await page.waitForSelector(`[data-entity="${buildings[0].id}"]`);
    expect(/지어낸|가상/.test(await page.textContent(`[data-entity="${buildings[0].id}"]`)), 'it is not said that the building is invented');
  });
}

/** A sensor in the middle of the invented city, where the streets are full, and a view down at it. */
async function sensorView(url) {
  const { city: { bbox: [west, south, east, north] } } = await ask(url, '/api/summary');
  const away = ({ location: { value: { coordinates: [x, y] } } }) => Math.hypot(x - (west + east) / 2, y - (south + north) / 2);
  const [sensor] = (await allOf(url, 'AirQualityObserved')).filter(({ location }) => location?.value?.type === 'Point').sort((a, b) => away(a) - away(b));
  expect(sensor, 'there is no sensor of the air');
  const [longitude, latitude] = sensor.location.value.coordinates;
  return { sensor, view: `view=${longitude.toFixed(6)},${(latitude - 0.003).toFixed(6)},450,0,-50` };
}

/** A vehicle comes by when its way leads it there: a narrow view waits for it longer, and asks without waiting for a frame. */
const VEHICLES = { polling: 250, timeout: 180_000 };

const vehiclesSeen = (page) => page.waitForFunction(() => {
  const map = window.__cityloom.map.get();
  const box = document.getElementById('map').getBoundingClientRect();
  return [...window.__cityloom.moving.all.values()].some(({ track: { to } }) => {
    const at = map.pixelOf(to[0], to[1], 0);
    return at && at.x > 0 && at.x < box.width && at.y > 0 && at.y < box.height;
  });
}, undefined, VEHICLES);

async function inventedScreenChecks({ tally, url, console: address, shoot, browser, journal }, page) {
  const { sensor, view } = await sensorView(url);
  const query = `${view}&sel=${encodeURIComponent(sensor.id)}&panel=inspector`;
  await tally.check('the invented city in English: a sensor with its value and history, vehicles around it; nothing overlaps', async () => {
    await page.goto(`${address}?${query}&lang=en`);
    await page.waitForSelector(`[data-entity="${sensor.id}"] .history :is(.chart, .origin)`);
    await mapReady(page);
    await inEnglish(page, Object.values(sensor.name?.languageMap ?? { name: sensor.name?.value ?? '' }));
    await vehiclesSeen(page);
    await settled(page);
    await shoot(page, 'invented-en-sensor');
    const facts = await page.innerText('#inspector');
    expect(/Invented/.test(facts) && /µg\/m³/.test(facts) && /Fresh/.test(facts), `it tells ${facts.slice(0, 300)}`);
    await fits(page);
  });
  await tally.check('the invented city on a phone: vehicles move, the sheet of a sensor is read and closed', async () => {
    const phone = await openPage(browser, journal, PHONE);
    try {
      await phone.goto(`${address}?${query}`);
      await phone.waitForSelector(`[data-entity="${sensor.id}"] .history :is(.chart, .origin)`);
      await mapReady(phone);
      await vehiclesSeen(phone);
      await shoot(phone, 'invented-phone-sensor');
      await fits(phone);
      await sheetWorks(phone, '#inspector');
      const { width, height, y } = await phone.locator('#map').boundingBox();
      const clip = { x: 0, y, width, height };
      const before = await pixels(phone, clip);
      await shoot(phone, 'invented-phone');
      expect((await labelsSeen(phone)) > 2, 'hardly a value is seen');
      await until(async () => difference(before, await pixels(phone, clip)) > 0.0003, 'something moves in the picture');
      await fits(phone);
    } finally {
      await phone.context().close();
    }
  });
}

/** Runs several checks on one server and page. */
const allOfThem = (...all) => async (bench, page) => {
  for (const checks of all) await checks(bench, page);
};

/** The checks by part. */
export const placeParts = {
  'places-monaco': (bench) => withServer(bench, ['monaco/monaco.osm.pbf', 'monaco/N43E007.hgt.zip'], { what: 'Monaco on its hills' }, allOfThem(hillChecks, slopeChecks, hillScreenChecks)),
  'scenarios-flood': (bench) => withServer(bench, ['monaco/monaco.osm.pbf', 'monaco/N43E007.hgt.zip'], { what: 'a flash flood on a scenario' }, floodChecks),
  'places-house': (bench) => withServer(bench, ['ifc/duplex-ifc2x3.ifc'], { what: 'a house from inside', import: ['--placement', '127.1,37.51,40,0'] }, allOfThem(houseChecks, roomCutChecks)),
  // One city for both: making it takes longer than most checks of it.
  'places-invented places-dig': (bench) => withServer(bench, [], { what: 'an invented city', rehearses: true }, allOfThem(inventedChecks, inventedScreenChecks, digChecks)),
};
