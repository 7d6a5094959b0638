// The object library: found, placed on the map by key and by click, turned, taken back; a raster layer on the ground.
import { difference, mapReady, openPage, pixels, settled, until } from './browser.mjs';
import { allOf, ask } from './server.mjs';
import { expect } from './tally.mjs';

const PLACE = [127.1025, 37.5126];
const VIEW = `view=${PLACE[0]},${(PLACE[1] - 0.0006).toFixed(6)},70,0,-45`;
const MIDDLE = { x: 617, y: 400, width: 100, height: 80 };
const AROUND = { x: 420, y: 250, width: 520, height: 400 };

async function placedObjects(url) {
  const { types } = await ask(url, '/api/summary');
  return types.some(({ type }) => type === 'CityObject') ? allOf(url, 'CityObject') : [];
}

async function placingChecks({ tally, url, console: address, shoot }, page) {
  await tally.check('the library lists kinds with pictures in Korean, and search finds', async () => {
    await page.goto(`${address}?${VIEW}&panel=objects&off=Building`);
    await page.waitForSelector('.object-category');
    await page.fill('#object-search', '버스정류장');
    await page.waitForSelector('[data-kind="bus-stop-shelter"] img');
    await shoot(page, 'objects-ko-search');
    expect((await page.locator('.object-kind').count()) === 2, 'two kinds are called bus stop');
  });
  await tally.check('a kind is placed in the middle of the map by Enter, and drawn', async () => {
    await mapReady(page);
    const before = await pixels(page, MIDDLE);
    await page.click('[data-kind="bus-stop-shelter"]');
    await page.waitForSelector('[data-placing="bus-stop-shelter"]');
    await page.keyboard.press('r');
    await page.keyboard.press('Enter');
    await until(async () => (await placedObjects(url)).length === 1, 'the object is recorded');
    const [object] = await placedObjects(url);
    expect(object.kind.value === 'bus-stop-shelter' && object.heading.value === 15, JSON.stringify(object));
    await page.click('[data-placing] .button:last-child');
    await page.waitForFunction((id) => window.__cityloom.map.get().pick() === id, object.id, { polling: 250 });
    await settled(page);
    const after = await pixels(page, MIDDLE);
    await shoot(page, 'objects-ko-placed');
    expect(difference(before, after) > 0.05, `the shelter is not seen: ${difference(before, after)}`);
  });
  await tally.check('a click selects it, its length changes, and undo takes back', async () => {
    const [object] = await placedObjects(url);
    await page.evaluate((id) => window.__cityloom.go({ selected: id, panel: 'objects' }), object.id);
    await page.waitForSelector(`[data-object="${object.id}"]`);
    await page.locator(`[data-object] input[type=range]`).first().fill('12');
    await until(async () => (await placedObjects(url))[0]?.parameters?.json?.length === 12, 'the new length is recorded');
    await shoot(page, 'objects-ko-selected');
    await page.keyboard.press('Control+z');
    await until(async () => (await placedObjects(url))[0]?.parameters?.json?.length !== 12, 'the length is taken back');
    await page.keyboard.press('Control+z');
    await until(async () => (await placedObjects(url)).length === 0, 'the object is taken back');
  });
}

async function languageCheck({ tally, console: address, shoot }, page) {
  await tally.check('the library is English in English', async () => {
    await page.goto(`${address}?${VIEW}&panel=objects&lang=en`);
    await page.waitForSelector('.object-category');
    await page.click('.object-category summary');
    await page.waitForSelector('.object-kind img');
    const hangul = (await page.evaluate(() => document.querySelector('.panel-right').innerText)).match(/\p{Script=Hangul}+/u);
    expect(!hangul, `Korean is left: ${hangul}`);
    await shoot(page, 'objects-en');
  });
}

async function streetCheck({ tally, url, console: address, shoot }, page) {
  await tally.check('a street of placed objects is drawn from near by', async () => {
    const kinds = ['street-light', 'tree-ginkgo', 'bench', 'bus-stop-shelter', 'traffic-signal-side', 'litter-bin', 'car', 'person'];
    for (const [i, kind] of kinds.entries()) {
      await ask(url, '/ngsi-ld/v1/entities', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({
        id: `urn:ngsi-ld:CityObject:street-${i}`, type: 'CityObject', kind: { type: 'Property', value: kind }, heading: { type: 'Property', value: 180, unitCode: 'DD' },
        location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [PLACE[0] + (i - 4) * 0.00005, PLACE[1]] } },
      }) });
    }
    // The eye stays 15 m above the ground at least.
    const street = `view=${PLACE[0]},${(PLACE[1] - 0.0003).toFixed(6)},16,0,-20`;
    await page.goto(`${address}?${street}&off=Building,CityObject`);
    await mapReady(page);
    const empty = await pixels(page, AROUND);
    await page.goto(`${address}?${street}&off=Building`);
    await mapReady(page);
    await shoot(page, 'objects-street');
    const seen = difference(empty, await pixels(page, AROUND));
    expect(seen > 0.03, `only ${seen} of the picture is objects`);
    for (const [i] of kinds.entries()) await ask(url, `/ngsi-ld/v1/entities/urn:ngsi-ld:CityObject:street-${i}`, { method: 'DELETE' });
  });
}

async function rasterCheck({ tally, url, console: address, shoot }, page) {
  await tally.check('a raster layer lies on the ground with its legend', async () => {
    const [columns, rows] = [60, 40];
    const head = JSON.stringify({ columns, rows, bbox: [PLACE[0] - 0.01, PLACE[1] - 0.006, PLACE[0] + 0.01, PLACE[1] + 0.006], name: { ko: '침수 깊이', en: 'Depth of flood' }, unit: 'MTR', scale: 'water' });
    const values = new Float32Array(columns * rows).map((_, i) => 2 + Math.sin((i % columns) / 8) + Math.cos(Math.floor(i / columns) / 6));
    const body = Buffer.concat([Buffer.from(`${head}\n`), Buffer.from(values.buffer)]);
    await ask(url, '/api/rasters?id=flood&time=2026-01-01T00:00:00Z', { method: 'POST', body });
    const view = `view=${PLACE[0]},${PLACE[1]},1800,0,-89`;
    await page.goto(`${address}?${view}&off=RasterLayer`);
    await mapReady(page);
    const without = await pixels(page, AROUND);
    await page.goto(`${address}?${view}`);
    await mapReady(page);
    await page.waitForSelector('[data-raster]');
    await settled(page);
    await shoot(page, 'raster-ko');
    expect((await page.textContent('[data-raster]')).includes('침수 깊이'), 'no legend');
    expect(difference(without, await pixels(page, AROUND)) > 0.2, 'the raster is not seen');
    await ask(url, '/ngsi-ld/v1/entities/urn:ngsi-ld:RasterLayer:flood', { method: 'DELETE' });
  });
}

/** Checks of objects and rasters. */
export async function objectChecks(bench) {
  const page = await openPage(bench.browser, bench.journal);
  await placingChecks(bench, page);
  await languageCheck(bench, page);
  await streetCheck(bench, page);
  await rasterCheck(bench, page);
  await page.context().close();
}
