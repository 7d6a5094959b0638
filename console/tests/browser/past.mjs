// Buildings as they were: one that comes later is not there before, one that is gone is there again.
import { above } from './city.mjs';
import { SMALL, mapReady, openPage } from './browser.mjs';
import { ask } from './server.mjs';
import { expect } from './tally.mjs';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const HALF_DEGREES = 0.0004;
const HEIGHT_M = 60;

function tower(id, [x, y]) {
  const d = HALF_DEGREES;
  const ring = [[x - d, y - d], [x + d, y - d], [x + d, y + d], [x - d, y + d], [x - d, y - d]];
  return {
    id, type: 'Building', location: { type: 'GeoProperty', value: { type: 'Polygon', coordinates: [ring] } },
    height: { type: 'Property', value: HEIGHT_M, unitCode: 'MTR' }, name: { type: 'LanguageProperty', languageMap: { ko: '점검 탑', en: 'Check tower' } },
  };
}

/** Waits until the map says that `id` stands at the place, or that nothing does when null. */
function stands(page, [x, y], id) {
  return page.waitForFunction(({ x, y, height, id }) => {
    const map = window.__cityloom.map.get();
    const at = map?.pixelOf(x, y, height);
    return at && window.__cityloom.mapStatus.get().tiles === 'ready' && map.pick(at) === id;
  }, { x, y, height: HEIGHT_M, id }, { timeout: 60_000, polling: 500 });
}

const lookAt = (page, ms) => page.evaluate((moment) => window.__cityloom.lookAt(moment), ms);
/** A moment of the server's clock, with nothing recorded close to it. */
async function moment(url) {
  await pause(300);
  const { now } = await ask(url, '/api/summary');
  await pause(300);
  return Date.parse(now);
}

/** Checks that the slider shows the buildings of then. Writes two buildings of its own and deletes them. */
export async function pastChecks({ tally, url, console: address, browser, journal, shoot }) {
  const [west, south] = (await ask(url, '/api/summary')).city.bbox;
  const place = [west - 0.01, south - 0.01];
  const id = 'urn:ngsi-ld:Building:browser-check-tower';
  const write = (method, path, body) => ask(url, `/ngsi-ld/v1/entities${path}`, { method, ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}) });
  const page = await openPage(browser, journal, SMALL);
  let before;
  let between;
  await tally.check('a building that is recorded while one looks appears by itself', async () => {
    await page.goto(`${address}?${above(place, 400)}`);
    await mapReady(page);
    before = await moment(url);
    await write('POST', '', tower(id, place));
    await stands(page, place, id);
    between = await moment(url);
    await shoot(page, 'past-building-now');
  });
  await tally.check('at a moment before it was recorded it is not there', async () => {
    await lookAt(page, before);
    await stands(page, place, null);
  });
  await tally.check('a building that is removed goes, and is there at a moment of then', async () => {
    await lookAt(page, null);
    await stands(page, place, id);
    await write('DELETE', `/${id}`);
    await stands(page, place, null);
    await lookAt(page, between);
    await stands(page, place, id);
    await shoot(page, 'past-building-then');
    await lookAt(page, before);
    await stands(page, place, null);
  });
  await tally.check('of a building that changes within the city only its own tiles are loaded again', async () => {
    const inside = [west + 0.0015, south + 0.0015];
    const contents = () => journal.requests.filter((asked) => /\/tiles\/buildings\/.*\.(glb|subtree)/.test(asked));
    await lookAt(page, null);
    await page.goto(`${address}?${above(inside, 400)}`);
    await mapReady(page);
    for (const [act, expected] of [[() => write('POST', '', tower(id, inside)), id], [() => write('DELETE', `/${id}`), null]]) {
      const before = contents().length;
      await act();
      await stands(page, inside, expected);
      const asked = contents().slice(before);
      expect(asked.length > 0 && asked.every((one) => one.includes('expired=')), `asked for ${asked.join(' ')}`);
    }
  });
  await tally.check('a moment with the same buildings loads no tile again', async () => {
    await lookAt(page, null);
    await stands(page, place, null);
    const seen = journal.requests.length;
    const lately = await moment(url);
    await page.waitForFunction((ms) => window.__cityloom.nowMs.get() > ms, lately);
    await lookAt(page, lately);
    await page.waitForFunction(() => window.__cityloom.restingAsOf.get() !== null);
    await stands(page, place, null);
    const tiles = journal.requests.slice(seen).filter((one) => one.includes('/tiles/'));
    expect(tiles.length > 0 && tiles.every((one) => one.includes('tileset.json')), `asked for ${tiles.join(' ')}`);
  });
  await page.context().close();
}
