// Vehicles that move, pipes below the ground, the flat map: made here through the API and looked at by features and pixels.
import { difference, mapReady, openBrowser, openPage, pixels, settled, until } from './browser.mjs';
import { above } from './city.mjs';
import { ask } from './server.mjs';
import { expect } from './tally.mjs';

const JSON_TYPE = { 'content-type': 'application/json' };
const ID = (n) => `urn:ngsi-ld:Vehicle:browser-${n}`;
const PIPE = 'urn:ngsi-ld:Pipe:browser-check';
const COUNT = 400;

const point = (coordinates) => ({ type: 'GeoProperty', value: { type: 'Point', coordinates }, observedAt: new Date().toISOString() });
const upsert = (url, entities) => ask(url, '/ngsi-ld/v1/entityOperations/upsert?options=update', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(entities) });
const remove = (url, ids) => ask(url, '/ngsi-ld/v1/entityOperations/delete', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(ids) });

function fleet([x, y], step) {
  return Array.from({ length: COUNT }, (_, n) => ({
    id: ID(n), type: 'Vehicle', vehicleType: { type: 'Property', value: n % 9 === 0 ? 'bus' : 'car' }, invented: { type: 'Property', value: true },
    location: point([x + ((n % 20) - 10) * 2e-4 + step * 1e-4, y + (Math.floor(n / 20) - 10) * 2e-4]),
  }));
}

/** Waits until a thing has come to where it was last reported. */
const arrived = (page, id) => page.waitForFunction((wanted) => {
  const { track } = window.__cityloom.moving.all.get(wanted);
  return window.__cityloom.screenMs() > track.atMs + track.glideMs;
}, id);

async function movingChecks({ tally, url, console: address, shoot }, page, place) {
  await tally.check(`${COUNT} vehicles appear from the stream, glide between reports and can be picked and followed`, async () => {
    await page.goto(`${address}?${above(place, 700)}`);
    await mapReady(page);
    await upsert(url, fleet(place, 0));
    await page.waitForFunction((count) => window.__cityloom.moving.count.get() >= count, COUNT, { timeout: 20_000 });
    await arrived(page, ID(210));
    await upsert(url, fleet(place, 1));
    const at = () => page.evaluate((id) => { const thing = window.__cityloom.moving.all.get(id); return { from: thing.track.from[0], to: thing.track.to[0], invented: thing.invented }; }, ID(210));
    await page.waitForFunction((id) => { const { track } = window.__cityloom.moving.all.get(id); return track.to[0] !== track.from[0]; }, ID(210));
    const { from, to, invented } = await at();
    expect(Math.abs(to - from - 1e-4) < 2e-5, `it glides ${to - from} degrees instead of 0.0001`);
    expect(invented, 'it is not known to be invented');
    await arrived(page, ID(210));
    await page.waitForFunction((id) => {
      const [x, y] = window.__cityloom.moving.all.get(id).track.to;
      const map = window.__cityloom.map.get();
      return map.pick(map.pixelOf(x, y, 1.5))?.startsWith('urn:ngsi-ld:Vehicle:browser-');
    }, ID(210), { polling: 250 });
    await shoot(page, 'moving-vehicles');
    await page.evaluate((id) => window.__cityloom.select(id), ID(210));
    await page.waitForSelector('.invented-badge');
    await page.click('.follow-button');
    await upsert(url, fleet(place, 6));
    const [longitude] = fleet(place, 6)[210].location.value.coordinates;
    await page.waitForFunction(([id, wanted]) => Math.abs(window.__cityloom.moving.all.get(id).track.to[0] - wanted) < 1e-6, [ID(210), longitude]);
    await until(() => page.evaluate((id) => {
      const [middle, [x, y]] = [window.__cityloom.map.get().target(), window.__cityloom.moving.all.get(id).track.to];
      return Math.hypot(middle[0] - x, middle[1] - y) < 3e-4;
    }, ID(210)), 'the eye looks at the vehicle where it has come to');
    await page.evaluate(() => window.__cityloom.go({ follow: null, selected: null, panel: null }));
  });
}

async function undergroundChecks({ tally, url, console: address, shoot }, page, [x, y]) {
  await tally.check('looking below the ground shows a pipe at its depth, and not those deeper than asked', async () => {
    const line = { type: 'LineString', coordinates: [[x - 0.002, y], [x + 0.002, y]] };
    await upsert(url, [{ id: PIPE, type: 'Pipe', network: { type: 'Property', value: 'gas' }, depth: { type: 'Property', value: 2.5, unitCode: 'MTR' }, diameter: { type: 'Property', value: 400, unitCode: 'MMT' }, location: { type: 'GeoProperty', value: line } }]);
    const yellow = ({ data }) => { let count = 0; for (let i = 0; i < data.length; i += 4) if (data[i] > 150 && data[i + 1] > 120 && data[i + 2] < 110) count++; return count; };
    const map = { x: 320, y: 200, width: 900, height: 500 };
    await page.goto(`${address}?${above([x, y], 250)}&off=Building,RoadSegment,Vehicle,TrafficFlowObserved,AirQualityObserved&under=5,0.3`);
    await mapReady(page);
    const deep = yellow(await pixels(page, map));
    await shoot(page, 'underground');
    expect(deep > 200, `only ${deep} pixels of the gas pipe are seen`);
    await page.evaluate(() => window.__cityloom.go({ under: { depthMetres: 1, ground: 0.3, cut: false } }));
    await settled(page);
    const shallow = yellow(await pixels(page, map));
    expect(shallow < deep / 4, `down to 1 m still ${shallow} of ${deep} pixels are seen`);
  });
}

async function flatChecks({ tally, console: address, journal, shoot }) {
  await tally.check('without WebGL the same city is drawn flat, picked and measured', async () => {
    const browser = await openBrowser(['--disable-3d-apis']);
    try {
      const page = await openPage(browser, journal);
      await page.goto(address);
      await mapReady(page, 'flat');
      await page.waitForSelector('.flat-note');
      const area = { x: 420, y: 200, width: 500, height: 420 };
      const full = await pixels(page, area);
      await shoot(page, 'flat');
      await page.evaluate(() => window.__cityloom.go({ off: ['Building', 'RoadSegment'] }));
      await settled(page);
      expect(difference(full, await pixels(page, area)) > 0.1, 'no buildings and roads were drawn');
      await page.evaluate(() => window.__cityloom.go({ off: [] }));
      const picked = await page.evaluate(async () => {
        const map = window.__cityloom.map.get();
        for (let y = 100; y < 600; y += 20) for (let x = 50; x < 700; x += 20) { const id = map.pick({ x, y }); if (id?.includes(':Building:')) return id; }
        return null;
      });
      expect(picked, 'no building can be picked');
    } finally {
      await browser.close();
    }
  });
}

/** Checks of what moves, of what lies below, and of the flat map. */
export async function movingThingChecks(bench) {
  const { url } = bench;
  const { city } = await ask(url, '/api/summary');
  const [west, south, east, north] = city.bbox;
  const place = [(west + east) / 2, (south + north) / 2];
  const page = await openPage(bench.browser, bench.journal);
  try {
    await movingChecks(bench, page, place);
    await undergroundChecks(bench, page, place);
  } finally {
    await page.context().close();
    await remove(url, [...fleet(place, 0).map(({ id }) => id), PIPE]).catch(() => undefined);
  }
  await flatChecks(bench);
}
