// More places of a type than are drawn at once: it is said, and near by all of them are there.
import { mapReady, settled } from './browser.mjs';
import { withServer } from './places.mjs';
import { ask } from './server.mjs';
import { expect } from './tally.mjs';

const [CROWD, FEW] = [[127.0, 37.5], [127.06, 37.5]];
const SIDE = 201;
const STEP = 0.0001;
const rounded = ([x, y]) => [Number(x.toFixed(6)), Number(y.toFixed(6))];
const feature = (name, type, coordinates) => ({ type: 'Feature', properties: { name }, geometry: { type, coordinates } });
/** Lines, for so many marks would take a machine without a graphics card too long. */
const CROWDED = Array.from({ length: SIDE * SIDE }, (_, i) => [CROWD[0] + STEP * (i % SIDE), CROWD[1] + STEP * Math.floor(i / SIDE)])
  .map(([x, y], i) => feature(`crowd ${i}`, 'LineString', [rounded([x, y]), rounded([x + STEP / 2, y + STEP / 2])]));
const LONE = Array.from({ length: 20 }, (_, i) => feature(`few ${i}`, 'Point', rounded([FEW[0] + STEP * i, FEW[1]])));

async function manyChecks({ tally, url, console: address, shoot }, page) {
  const features = [...CROWDED, ...LONE];
  await ask(url, '/api/import?name=many.geojson', { method: 'POST', body: JSON.stringify({ type: 'FeatureCollection', features }) });
  const note = page.locator('[data-partly="GeographicFeature"]');
  await tally.check('of more places than are drawn at once those in view are drawn', async () => {
    await page.goto(`${address}?view=${FEW[0] + 0.001},${FEW[1]},400,0,-89`);
    await mapReady(page);
    const found = await page.evaluate(([x, y]) => {
      const map = window.__cityloom.map.get();
      return [0, 5, 19].map((i) => map.pick(map.pixelOf(x + i * 0.0001, y, 3)));
    }, FEW);
    expect(found.every((id) => id !== null) && new Set(found).size === 3, `found ${found}`);
    expect((await note.count()) === 0, `it is said: ${await note.allTextContents()}`);
  });
  await tally.check('where more are in view than are drawn at once, that is said', async () => {
    await page.evaluate(([longitude, latitude]) => window.__cityloom.map.get().putView({ longitude, latitude, heightMetres: 12_000, headingDegrees: 0, pitchDegrees: -89 }), [127.03, 37.51]);
    await settled(page);
    await note.waitFor();
    await shoot(page, 'many-places');
    const total = new Intl.NumberFormat('ko-KR').format(features.length);
    expect((await note.textContent()).startsWith(`${total}개 가운데 40,000개만`), `it is said: ${await note.textContent()}`);
  });
}

export const manyParts = {
  'many-places': (bench) => withServer(bench, [], { what: 'very many places' }, manyChecks),
};
