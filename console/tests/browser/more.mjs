// What people do by hand with map and time: a section drawn, two times side by side, playing the past, a file dropped, charts of two series.
import { SMALL, colours, difference, mapReady, openPage, pixels, settled, until } from './browser.mjs';
import { above } from './city.mjs';
import { clickPlaces } from './cut.mjs';
import { allOf, ask } from './server.mjs';
import { expect } from './tally.mjs';

const JSON_TYPE = { 'content-type': 'application/json' };
const METRES_PER_DEGREE = 111_320;
const numbersIn = (text) => text.replaceAll(',', '').match(/[\d.]+/g)?.map(Number) ?? [];
const go = (page, change) => page.evaluate((wanted) => window.__cityloom.go(wanted), change);

async function middleOfCity(url) {
  const { city: { bbox: [west, south, east, north] } } = await ask(url, '/api/summary');
  return [(west + east) / 2, (south + north) / 2];
}

async function sectionChecks({ tally, console: address, shoot }, page, place) {
  await tally.check('a section clicked on the map draws the buildings it crosses to scale, with a table, and opens one', async () => {
    const [x, y] = place;
    const half = 0.003;
    await page.goto(`${address}?${above(place, 700)}&panel=section&off=Building`);
    await mapReady(page);
    await page.click('#draw-section');
    await clickPlaces(page, [[x - half, y], [x + half, y]]);
    await page.click('.draft-note button:has-text("그리기 끝내기")');
    await page.waitForSelector('.panel svg.drawing rect.building');
    const [length, count, highest] = numbersIn(await page.getAttribute('.panel svg.drawing', 'aria-label'));
    const right = 2 * half * METRES_PER_DEGREE * Math.cos((y * Math.PI) / 180);
    expect(Math.abs(length - right) < 4, `it is ${length} m long, right are ${right.toFixed(1)} m`);
    const bars = page.locator('.panel svg.drawing rect.building');
    const rows = await page.locator('.panel tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
    expect(count > 2 && (await bars.count()) === count && rows.length === count, `${count} buildings are told, ${await bars.count()} drawn, ${rows.length} in the table`);
    const boxes = await bars.evaluateAll((all) => all.map((bar) => [Number(bar.getAttribute('x')), Number(bar.getAttribute('width')), Number(bar.getAttribute('height'))]));
    rows.forEach(([along, height], i) => {
      const [from, to] = numbersIn(along);
      const perMetre = (560 - 46 - 10) / length;
      expect(Math.abs(boxes[i][1] - Math.max(1, (to - from) * perMetre)) < 2 * perMetre, `row ${i} of ${along} is drawn ${boxes[i][1]} wide`);
      expect(Math.abs(boxes[i][2] / boxes[0][2] - numbersIn(height)[0] / numbersIn(rows[0][1])[0]) < 0.1, `row ${i} of ${height} is drawn ${boxes[i][2]} high, row 0 of ${rows[0][1]} ${boxes[0][2]}`);
    });
    expect(highest === Math.round(Math.max(...rows.map(([, height]) => numbersIn(height)[0]))), `the highest is told as ${highest} m`);
    await shoot(page, 'more-section');
    await bars.first().click();
    await page.waitForSelector(`[data-entity$="${rows[0][2]}"]`);
  });
}

async function sideChecks({ tally, console: address, shoot }, page, place) {
  await tally.check('two times side by side show one view of two moments, and move as one', async () => {
    await page.goto(`${address}?${above(place, 900)}&panel=compare&off=AirQualityObserved,TrafficFlowObserved`);
    await mapReady(page);
    const { firstRecordedAt } = await page.evaluate(() => window.__cityloom.summary.get().value);
    await page.click('.panel button:has-text("나란히")');
    await page.waitForSelector('.compare[data-mode="side"] .map-twin canvas');
    await go(page, { panel: null, compare: { mode: 'side', atMs: Date.now(), split: 0.5 } });
    await page.waitForSelector('.panel-right', { state: 'detached' });
    await settled(page);
    const [a, b] = [await page.locator('.map-twin').boundingBox(), await page.locator('.map-canvas:not(.map-twin)').first().boundingBox()];
    const [left, right] = a.x < b.x ? [a, b] : [b, a];
    expect(left.x + left.width <= right.x + 1 && Math.abs(left.width - right.width) < 2 && left.y === right.y, `they lie at ${JSON.stringify([left, right])}`);
    const inside = ({ x, y, width, height }) => ({ x: Math.round(x + width / 2) - 110, y: Math.round(y + height / 2) - 120, width: 220, height: 240 });
    const both = async () => { await settled(page); return [await pixels(page, inside(left)), await pixels(page, inside(right))]; };
    const before = await both();
    await page.evaluate(() => window.__cityloom.map.get().zoom(0.5));
    const after = await both();
    await shoot(page, 'more-side');
    // Halves of an odd width lie apart by part of a pixel: edges differ, far less than views do.
    const part = (one, other) => Math.round(difference(one, other) * 100);
    const [sides, moves] = [[part(...before), part(...after)], [part(before[0], after[0]), part(before[1], after[1])]];
    expect(colours(before[0]) > 6 && Math.min(...moves) > 2 * Math.max(...sides), `left and right differ by ${sides} %, before and after by ${moves} %`);
    await go(page, { compare: { mode: 'side', atMs: Date.parse(firstRecordedAt) - 500, split: 0.5 } });
    const [then, now] = await both();
    expect(colours(then) <= 3 && colours(now) > 6, `before the record ${colours(then)} colours are drawn, now ${colours(now)}`);
    await go(page, { compare: null });
    await page.waitForSelector('.map-twin', { state: 'detached' });
  });
}

async function playChecks({ tally, shoot }, page) {
  const moment = () => page.evaluate(() => window.__cityloom.address.get().atMs);
  await tally.check('the past is played: slider and time go on, pausing stops them, at the end of the record it is live', async () => {
    const start = await page.evaluate(() => { window.__cityloom.lookAt(window.__cityloom.range.startMs); return window.__cityloom.address.get().atMs; });
    await page.waitForSelector('.frame[data-mode="past"]');
    const slider = Number(await page.inputValue('#time-slider'));
    await page.selectOption('.player select[aria-label="재생 속도"]', '1');
    await page.click('.player button[aria-label="재생"]');
    await page.waitForFunction((from) => window.__cityloom.address.get().atMs > from, start + 2000);
    expect(Number(await page.inputValue('#time-slider')) > slider, 'the slider stands still');
    await shoot(page, 'more-play');
    await page.click('.player button[aria-label="멈춤"]');
    const paused = await moment();
    expect(paused < start + 60_000, `in a moment it played ${paused - start} ms`);
    await settled(page);
    expect((await moment()) === paused, 'it goes on though paused');
    await page.selectOption('.player select[aria-label="재생 속도"]', '3600');
    await page.click('.player button[aria-label="재생"]');
    await page.waitForSelector('.mode-live');
    expect((await moment()) === null && !(await page.evaluate(() => window.__cityloom.playing.get().running)), 'it is not live at the end');
  });
}

/** Buildings enough that reading them takes a while. */
function osmOf(count, [x, y]) {
  const houses = Array.from({ length: count }, (_, i) => {
    const [west, south] = [x + (i % 50) * 0.0001, y + Math.floor(i / 50) * 0.0001];
    const corners = [[0, 0], [1, 0], [1, 1]].map(([dx, dy], k) => `<node id="${i * 3 + k + 1}" lat="${(south + dy * 5e-5).toFixed(7)}" lon="${(west + dx * 5e-5).toFixed(7)}"/>`);
    const way = `<way id="${980_000 + i}">${[0, 1, 2, 0].map((k) => `<nd ref="${i * 3 + k + 1}"/>`).join('')}<tag k="building" v="yes"/><tag k="height" v="9"/></way>`;
    return { corners: corners.join(''), way };
  });
  return `<?xml version="1.0"?><osm version="0.6">${houses.map(({ corners }) => corners).join('')}${houses.map(({ way }) => way).join('')}</osm>`;
}

/** Lets go of a file over the map, as a hand does: over it, then dropped. */
const dragOver = (page, name, text) => page.evaluate(([called, content]) => {
  const data = new DataTransfer();
  data.items.add(new File([content], called, { type: 'application/xml' }));
  const canvas = document.querySelector('#map canvas');
  window.__phases = [];
  window.__cityloom.imports.jobs.subscribe(() => window.__phases.push(...window.__cityloom.imports.jobs.get().map(({ phase }) => phase)));
  const send = (type) => canvas.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data }));
  window.__drop = () => send('drop');
  return send('dragover');
}, [name, text]);

const HOUSES = 300;

async function dropChecks({ tally, url, console: address, shoot }, page, place) {
  await tally.check('a file dropped on the map is imported, its progress is told, and the report counts what came', async () => {
    await page.goto(`${address}?${above(place, 700)}`);
    await mapReady(page);
    const untaken = await dragOver(page, 'dropped.osm', osmOf(HOUSES, [place[0] + 0.02, place[1] + 0.02]));
    expect(!untaken, 'the browser would open the file itself');
    await page.waitForSelector('.drop-over');
    await page.evaluate(() => window.__drop());
    await page.waitForSelector('.drop-over', { state: 'detached' });
    await page.waitForSelector('[data-import="done"]');
    const text = await page.textContent('[data-import="done"]');
    expect(text.includes('dropped.osm') && numbersIn(text).includes(HOUSES), `the report reads ${text}`);
    const phases = await page.evaluate(() => window.__phases);
    expect(phases.includes('sending') && phases.at(-1) === 'done', `it went through ${[...new Set(phases)]}`);
    await shoot(page, 'more-drop');
    const ids = (await allOf(url, 'Building')).map(({ id }) => id).filter((id) => /osm-way-980\d{3}$/.test(id));
    expect(ids.length === HOUSES, `${ids.length} of ${HOUSES} are in the record`);
    await ask(url, '/ngsi-ld/v1/entityOperations/delete', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(ids) });
  });
}

const STATION = 'urn:ngsi-ld:AirQualityObserved:browser-more';
const SERIES = ['pm25', 'pm10'];
const reading = (value) => ({ type: 'Property', value, unitCode: 'GQ', observedAt: new Date().toISOString() });

async function makeStation(url, place) {
  const readings = (first) => Object.fromEntries(SERIES.map((name, i) => [name, reading(first + 20 * i)]));
  await ask(url, '/ngsi-ld/v1/entities', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({
    id: STATION, type: 'AirQualityObserved', name: { type: 'LanguageProperty', languageMap: { ko: '두 값 측정소', en: 'Station of two' } }, location: { type: 'GeoProperty', value: { type: 'Point', coordinates: place } }, ...readings(10),
  }) });
  for (const value of [12, 30, 18]) await ask(url, `/ngsi-ld/v1/entities/${STATION}/attrs`, { method: 'PATCH', headers: JSON_TYPE, body: JSON.stringify(readings(value)) });
}

async function chartChecks({ tally, url, console: address, shoot }, page, place) {
  await tally.check('two values clicked at a sensor are drawn side by side over one time axis', async () => {
    await makeStation(url, place);
    await page.goto(`${address}?${above(place, 500)}&sel=${STATION}&panel=inspector`);
    for (const name of SERIES) await page.click(`[data-attribute="${name}"] button[aria-label$="차트에 더하기"]`);
    await go(page, { panel: 'charts' });
    for (const name of SERIES) await page.waitForSelector(`[data-series="${STATION}~${name}"] .chart canvas`);
    const boxes = [];
    for (const name of SERIES) {
      const chart = page.locator(`[data-series="${STATION}~${name}"] .chart`);
      boxes.push(await chart.boundingBox());
      await until(async () => colours(await pixels(page, await chart.boundingBox())) > 6, `the chart of ${name} is drawn`);
    }
    await shoot(page, 'more-charts');
    const [one, other] = boxes;
    expect(one.x + one.width <= other.x && Math.abs(one.y - other.y) < 2, `they lie at ${JSON.stringify(boxes)}`);
    const table = await page.locator(`[data-series="${STATION}~pm10"] tbody tr`).allTextContents();
    expect(table.length >= 4 && table[0].includes('38'), `the table reads ${table.join(' | ')}`);
    await page.click(`[data-series="${STATION}~pm25"] button[aria-label^="빼기"]`);
    await page.waitForSelector(`[data-series="${STATION}~pm25"]`, { state: 'detached' });
    await ask(url, `/ngsi-ld/v1/entities/${STATION}`, { method: 'DELETE' });
  });
}

/** Checks on one page of the district; what they write they delete. */
export async function moreChecks(bench) {
  const page = await openPage(bench.browser, bench.journal, SMALL);
  const place = await middleOfCity(bench.url);
  for (const checks of [sectionChecks, sideChecks, playChecks, dropChecks, chartChecks]) await checks(bench, page, place);
  await page.context().close();
}
