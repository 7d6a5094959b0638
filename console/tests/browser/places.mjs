// Other places than the district, each with a server of its own: the hills of Monaco, a house from inside, an invented city.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { colours, difference, mapReady, openPage, pixels, settled, until } from './browser.mjs';
import { digChecks } from './dig.mjs';
import { roomCutChecks } from './rooms_cut.mjs';
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
    const view = 'view=7.4246,43.7240,500,350,-12';
    await page.goto(`${address}?${view}`);
    await mapReady(page);
    const picture = await pixels(page, AROUND);
    await shoot(page, 'monaco-sea');
    expect(colours(picture) > 40, `only ${colours(picture)} colours`);
    const ridge = await page.evaluate(() => window.__cityloom.map.get().placeAt({ x: 640, y: 300 }));
    expect(ridge && ridge[2] > 60, `no hill in the middle of the picture: ${ridge}`);
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
    await settled(page);
    await shoot(page, 'house-lowest');
    expect(difference(whole, await pixels(page, AROUND)) > 0.02, 'another storey looks the same');
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

async function inventedChecks({ tally, url, console: address, shoot }, page) {
  await tally.check('an invented city is drawn, says that it is invented, and its cars move', async () => {
    await page.goto(address);
    await mapReady(page);
    await page.waitForFunction(() => window.__cityloom.moving.count.get() > 5, undefined, { timeout: 90_000 });
    await settled(page);
    const before = await pixels(page, AROUND);
    await shoot(page, 'invented');
    expect(colours(before) > 20, `only ${colours(before)} colours`);
    await page.waitForFunction(() => [...window.__cityloom.moving.all.values()].some(({ track: { from, to } }) => from[0] !== to[0] || from[1] !== to[1]));
    await until(async () => difference(before, await pixels(page, AROUND)) > 0.0005, 'something moves in the picture');
    const [building] = await ask(url, '/ngsi-ld/v1/entities?type=Building&limit=1');
    await page.evaluate((id) => window.__cityloom.select(id), building.id);
    await page.waitForSelector(`[data-entity="${building.id}"]`);
    expect(/지어낸|가상/.test(await page.textContent(`[data-entity="${building.id}"]`)), 'it is not said that the building is invented');
  });
}

/** The checks by part. */
export const placeParts = {
  'places-monaco': (bench) => withServer(bench, ['monaco/monaco.osm.pbf', 'monaco/N43E007.hgt.zip'], { what: 'Monaco on its hills' }, async (monaco, page) => {
    await hillChecks(monaco, page);
    await slopeChecks(monaco, page);
  }),
  'places-house': (bench) => withServer(bench, ['ifc/duplex-ifc2x3.ifc'], { what: 'a house from inside', import: ['--placement', '127.1,37.51,40,0'] }, async (house, page) => {
    await houseChecks(house, page);
    await roomCutChecks(house, page);
  }),
  'places-invented': (bench) => withServer(bench, [], { what: 'an invented city', rehearses: true }, inventedChecks),
  'places-dig': (bench) => withServer(bench, [], { what: 'a dig in an invented city', rehearses: true }, digChecks),
};
