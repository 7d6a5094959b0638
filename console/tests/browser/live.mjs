// Live values and the past: a sensor of our own is written through the API, seen live, and seen as it was before.
import { above } from './city.mjs';
import { SMALL, colours, difference, mapReady, openPage, pixels, settled, until } from './browser.mjs';
import { ask } from './server.mjs';
import { expect } from './tally.mjs';

const ID = 'urn:ngsi-ld:AirQualityObserved:browser-check';
const JSON_TYPE = { 'content-type': 'application/json' };
const reading = (value) => ({ type: 'Property', value, unitCode: 'GQ', observedAt: new Date().toISOString() });
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

async function makeSensor(url) {
  const { city } = await ask(url, '/api/summary');
  const [west, south, east, north] = city.bbox;
  const place = [(west + east) / 2, (south + north) / 2];
  await ask(url, `/ngsi-ld/v1/entities/${ID}`, { method: 'DELETE' }).catch(() => undefined);
  await ask(url, '/ngsi-ld/v1/entities', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({
    id: ID, type: 'AirQualityObserved', name: { type: 'LanguageProperty', languageMap: { ko: '점검 측정소', en: 'Check station' } },
    location: { type: 'GeoProperty', value: { type: 'Point', coordinates: place } }, pm25: reading(11.5),
  }) });
  return place;
}

const write = (url, value) => ask(url, `/ngsi-ld/v1/entities/${ID}/attrs`, { method: 'PATCH', headers: JSON_TYPE, body: JSON.stringify({ pm25: reading(value) }) });
const shownValue = (page, text) => page.waitForFunction((wanted) => document.querySelector('[data-attribute="pm25"] .attribute-value')?.textContent?.includes(wanted), text, { timeout: 15_000 });
const label = (page, text) => page.waitForFunction((wanted) => [...document.querySelectorAll('.sensor-label')].some((one) => !one.hidden && one.textContent.includes(wanted)), text, { timeout: 15_000 });

async function sensorChecks({ tally, url, console: address, shoot }, page, place) {
  await tally.check('a click on a sensor shows its name, value with unit, time and age', async () => {
    await page.goto(`${address}?${above(place, 700)}&show=AirQualityObserved:pm25`);
    await mapReady(page);
    await label(page, '11.5 µg/m³');
    const at = await page.evaluate(([longitude, latitude]) => {
      const pixel = window.__cityloom.map.get().pixelOf(longitude, latitude, 3);
      const box = document.getElementById('map').getBoundingClientRect();
      return { x: box.x + pixel.x, y: box.y + pixel.y, picked: window.__cityloom.map.get().pick(pixel) };
    }, place);
    expect(at.picked === ID, `picked ${at.picked}`);
    await page.mouse.click(at.x, at.y);
    await page.waitForSelector(`[data-entity="${ID}"]`);
    expect((await page.textContent('.inspector-title h2')) === '점검 측정소', 'wrong title');
    const text = await page.textContent('[data-attribute="pm25"]');
    for (const part of ['초미세먼지', '11.5 µg/m³', '새 값', '측정', '전']) expect(text.includes(part), `“${part}” is missing in ${text}`);
  });
  await tally.check('a new value appears live in the inspector and at the sensor', async () => {
    await write(url, 77.25);
    await shownValue(page, '77.25');
    await label(page, '77.25');
  });
  await tally.check('the history is drawn as a chart and stands in a table', async () => {
    for (const value of [70, 60.5, 42]) {
      await write(url, value);
      await shownValue(page, String(value));
    }
    await page.waitForSelector('[data-history="pm25"] canvas');
    const box = await page.locator('[data-history="pm25"] .chart').boundingBox();
    await until(async () => colours(await pixels(page, box)) > 6, 'the chart is drawn');
    await page.click('[data-history="pm25"] summary');
    const rows = await page.locator('[data-history="pm25"] tbody tr').allTextContents();
    expect(rows.length >= 5, `only ${rows.length} rows`);
    expect(rows[0].includes('42') && rows.some((row) => row.includes('11.5')), `rows: ${rows.join(' | ')}`);
    await shoot(page, 'desktop-ko-sensor');
  });
}

async function pastChecks({ tally, shoot }, page, between) {
  await tally.check('the slider leads into the past, and the whole frame says so', async () => {
    const slider = page.locator('#time-slider');
    const box = await slider.boundingBox();
    await page.mouse.click(box.x + box.width * 0.5, box.y + box.height / 2);
    await page.waitForSelector('.frame[data-mode="past"]');
    await page.waitForSelector('.past-sign');
    const frame = await page.evaluate(() => getComputedStyle(document.querySelector('.frame'), '::after').borderTopColor);
    expect(frame === 'rgb(183, 156, 255)', `the frame is ${frame}`);
    expect(/[?&]t=\d{4}-/.test(page.url()), 'the time is not in the address');
    const said = await slider.getAttribute('aria-valuetext');
    expect(said.startsWith('과거'), `the slider says ${said}`);
  });
  await tally.check('the past shows the value of then and not a later one', async () => {
    await page.evaluate((ms) => window.__cityloom.lookAt(ms), between);
    await shownValue(page, '11.5');
    await label(page, '11.5');
    await page.waitForSelector('.as-of');
    await shoot(page, 'desktop-ko-past');
  });
  await tally.check('one key returns to live', async () => {
    await page.locator('#map').focus();
    await page.keyboard.press('l');
    await page.waitForSelector('.frame[data-mode="live"]');
    await shownValue(page, '42');
    expect(!/[?&]t=/.test(page.url()), 'the time is still in the address');
  });
  await tally.check('Back goes to the past again, Forward to live', async () => {
    await page.goBack();
    await page.waitForSelector('.frame[data-mode="past"]');
    await page.goForward();
    await page.waitForSelector('.frame[data-mode="live"]');
  });
}

async function cityOfThenCheck({ tally, console: address, url }, page) {
  await tally.check('before the city was recorded nothing of it is drawn', async () => {
    const first = Date.parse((await ask(url, '/api/summary')).firstRecordedAt);
    await page.goto(`${address}?t=${new Date(first - 1000).toISOString()}`);
    await page.waitForFunction(() => window.__cityloom?.summaryThen.get().value?.types.length === 0, undefined, { timeout: 15_000 });
    await mapReady(page);
    const map = { x: 420, y: 200, width: 500, height: 420 };
    const empty = await pixels(page, map);
    expect(colours(empty) < 8, `${colours(empty)} colours are drawn`);
    await page.click('.mode-past');
    await mapReady(page);
    expect(difference(empty, await pixels(page, map)) > 0.1, 'the city did not come back');
  });
}

/** Checks of sensors, live changes and the time bar. Writes a sensor of its own and deletes it. */
export async function liveChecks(bench) {
  let place;
  try {
    place = await makeSensor(bench.url);
  } catch (error) {
    return bench.tally.skip('live values and the past', `the server takes no entity: ${error.message}`);
  }
  const page = await openPage(bench.browser, bench.journal, SMALL);
  await pause(1500);
  const between = Date.now();
  await pause(500);
  await sensorChecks(bench, page, place);
  await pastChecks(bench, page, between);
  await cityOfThenCheck(bench, page);
  await page.context().close();
  return ask(bench.url, `/ngsi-ld/v1/entities/${ID}`, { method: 'DELETE' }).catch(() => undefined);
}
