// The tools of the map: sun and shadows, measuring, filters, comparing, saved views, import, pictures and films, undo.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { difference, mapReady, openPage, pixels, settled, until } from './browser.mjs';
import { above, namedBuilding } from './city.mjs';
import { cutChecks } from './cut.mjs';
import { allOf, ask } from './server.mjs';
import { expect } from './tally.mjs';

const MIDDLE = { x: 420, y: 200, width: 500, height: 420 };
const ADDRESS = (page) => new URL(page.url()).searchParams;
const go = (page, change) => page.evaluate((wanted) => window.__cityloom.go(wanted), change);
const figures = (page) => page.locator('[data-shape] .facts dd').allTextContents();

/** Numbers of a text such as "1,234.5 m". */
const numberOf = (text) => Number(text.replaceAll(',', '').match(/-?[\d.]+/)?.[0]);

async function sunChecks({ tally, shoot, console: address }, page) {
  await tally.check('the sun shades buildings, shadows fall, and another time of day looks different', async () => {
    await page.goto(`${address}?light=0`);
    await mapReady(page);
    const even = await pixels(page, MIDDLE);
    await go(page, { sun: { minutes: 600, shadows: false }, panel: 'sun' });
    await settled(page);
    const morning = await pixels(page, MIDDLE);
    expect(difference(even, morning) > 0.05, 'the sun changes nothing');
    await page.check('#sun-shadows');
    await settled(page);
    const shadows = await pixels(page, MIDDLE);
    const darker = difference(morning, shadows);
    expect(darker > 0.01, `shadows change ${(darker * 100).toFixed(2)} % of the pixels`);
    await shoot(page, 'tools-sun');
    await go(page, { sun: { minutes: 960, shadows: true } });
    await settled(page);
    expect(difference(shadows, await pixels(page, MIDDLE)) > 0.03, 'morning and afternoon look the same');
    expect(ADDRESS(page).get('sun') === '16:00~shadows', `the address says ${ADDRESS(page).get('sun')}`);
    await go(page, { sun: { minutes: 60, shadows: false } });
    await settled(page);
    // Where the sun shone in the morning: the ground around the city is as dark by day.
    const night = await pixels(page, MIDDLE);
    await shoot(page, 'tools-night');
    const brightness = ({ data }, i) => data[i] + data[i + 1] + data[i + 2];
    let [byDay, byNight, shone] = [0, 0, 0];
    for (let i = 0; i < morning.data.length; i += 4) {
      if (brightness(morning, i) < 360) continue;
      byDay += brightness(morning, i);
      byNight += brightness(night, i);
      shone += 1;
    }
    expect(shone > 1000, `the sun shone on ${shone} pixels only`);
    expect(byNight < byDay * 0.7, `where the sun shone the night has ${((100 * byNight) / byDay).toFixed(0)} % of the light`);
    await go(page, { sun: null, panel: null });
  });
}

async function measureChecks({ tally, url, shoot, console: address }, page) {
  const building = await namedBuilding(url);
  await tally.check('a distance clicked on the map is the one on the ellipsoid, and undo takes it back', async () => {
    await page.goto(`${address}?${above(building.place, 900)}&off=Building&panel=measure`);
    await mapReady(page);
    await page.click('.panel button:has-text("거리")');
    const [a, b] = await page.evaluate(([x, y]) => {
      const box = document.getElementById('map').getBoundingClientRect();
      return [[x, y], [x + 0.001, y]].map(([longitude, latitude]) => { const p = window.__cityloom.map.get().pixelOf(longitude, latitude, 0); return { x: box.x + p.x, y: box.y + p.y }; });
    }, building.place);
    await page.mouse.click(a.x, a.y);
    await page.mouse.move(b.x, b.y);
    await page.mouse.click(b.x, b.y);
    await page.click('.draft-note button:has-text("그리기 끝내기")');
    const [ground] = await figures(page);
    const right = 111.3195 * Math.cos((building.place[1] * Math.PI) / 180) * (1 + 0.00335 * Math.sin((building.place[1] * Math.PI) / 180) ** 2);
    expect(Math.abs(numberOf(ground) - right) < 2.5, `measured ${ground}, right are ${right.toFixed(2)} m`);
    await shoot(page, 'tools-measure');
    expect(ADDRESS(page).get('draw').startsWith('distance~'), 'it is not in the address');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+z');
    expect((await page.locator('[data-shape]').count()) === 0, 'undo left it there');
    await page.keyboard.press('Control+y');
    expect((await page.locator('[data-shape]').count()) === 1, 'redo did not bring it back');
  });
  await tally.check('by keyboard alone: an area by Enter in the middle of the map', async () => {
    await page.click('.panel button:has-text("면적")');
    for (const key of ['Enter', 'ArrowRight', 'Enter', 'ArrowUp', 'Enter', 'Control+Enter']) {
      await page.keyboard.press(key);
      await settled(page);
    }
    await page.waitForSelector('[data-shape="area"]');
    const area = numberOf((await page.locator('[data-shape="area"] dd').allTextContents())[0]);
    expect(area > 100, `an area of ${area} m²`);
    await page.keyboard.press('Escape');
  });
  await tally.check('the height of a tower measured on its tiles is its height', async () => {
    const [x, y] = building.place;
    await go(page, { off: [], shapes: [{ kind: 'height', points: [[x, y, 0], [x, y, building.height]] }] });
    await page.waitForSelector('[data-shape="height"]');
    expect(Math.abs(numberOf((await figures(page))[0]) - building.height) < 0.01, `reads ${(await figures(page))[0]}`);
    await page.goto(`${address}?${above(building.place, 500 + building.height)}`);
    await mapReady(page);
    const roof = await page.evaluate(([lon, lat, h]) => { const map = window.__cityloom.map.get(); return map.placeAt(map.pixelOf(lon, lat, h))[2]; }, [x, y, building.height]);
    expect(Math.abs(roof - building.height) < Math.max(3, building.height * 0.15), `the roof is picked at ${roof} m instead of ${building.height} m`);
  });
}

async function filterChecks({ tally, url, shoot, console: address }, page) {
  await tally.check('a filter keeps exactly the buildings of the range, on the map and in the count', async () => {
    const right = (await allOf(url, 'Building')).filter(({ height }) => height?.value >= 40 && height.value <= 100).length;
    await page.goto(`${address}?panel=filters&off=RoadSegment`);
    await mapReady(page);
    await page.selectOption('#filter-attribute', 'height');
    await page.waitForSelector('#filter-from');
    const before = await pixels(page, MIDDLE);
    await page.fill('#filter-from', '40');
    await page.keyboard.press('Enter');
    await page.fill('#filter-to', '100');
    await page.keyboard.press('Enter');
    await settled(page);
    const text = await page.textContent('.panel-right [aria-live]');
    expect(text.includes(`${right}개가 보입니다`), `it says ${text}, right are ${right}`);
    expect(difference(before, await pixels(page, MIDDLE)) > 0.02, 'the map shows all as before');
    expect(ADDRESS(page).get('filter') === 'Building~height~40..100', `the address says ${ADDRESS(page).get('filter')}`);
    await page.check('#paint-on');
    await settled(page);
    await shoot(page, 'tools-filter');
    expect((await page.locator('.look-legend .legend-list li').count()) > 2, 'the layer list has no legend of it');
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
  });
  await tally.check('a range dragged over the histogram filters, as one step', async () => {
    await go(page, { filters: {}, paints: {} });
    const box = await page.locator('.histogram').boundingBox();
    await page.mouse.move(box.x + 4, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 3, box.y + 40, { steps: 4 });
    await page.mouse.up();
    await until(() => /Building~height~.*\.\.\d/.test(ADDRESS(page).get('filter') ?? ''), 'the address holds the filter');
    await page.keyboard.press('Control+z');
    await until(() => ADDRESS(page).get('filter') === null, 'one undo clears it');
  });
}

async function compareChecks({ tally, url, shoot, console: address }, page) {
  await tally.check('two times by swipe: the past on the left, the line moves by keys', async () => {
    const first = Date.parse((await ask(url, '/api/summary')).firstRecordedAt);
    await page.goto(`${address}?compare=swipe~${new Date(first - 500).toISOString()}~0.5`);
    await mapReady(page);
    await page.waitForSelector('.map-twin canvas');
    await settled(page);
    const map = await page.locator('#map').boundingBox();
    const half = (x) => pixels(page, { x: Math.round(x), y: Math.round(map.y + map.height / 3), width: 240, height: 300 });
    const bright = ({ data }) => data.filter((value, i) => i % 4 === 0 && value > 90).length;
    const [left, right] = [await half(map.x + map.width / 2 - 280), await half(map.x + map.width / 2 + 40)];
    await shoot(page, 'tools-compare');
    expect(bright(right) > 4 * bright(left) + 50, `before anything was recorded ${bright(left)} pixels are bright, now ${bright(right)}`);
    await page.locator('.swipe-line').focus();
    await page.keyboard.press('Home');
    await page.waitForSelector('.swipe-line[aria-valuenow="0"]');
    await settled(page);
    expect(bright(await half(map.x + map.width / 2 - 280)) > bright(left) * 2 + 50, 'the present is not seen on the left of the line');
    await go(page, { compare: null });
    await page.waitForSelector('.map-twin', { state: 'detached' });
  });
}

async function viewChecks({ tally, url, console: address, shoot }, page) {
  await tally.check('a link to a view from near the ground is kept', async () => {
    const { place: [x, y] } = await namedBuilding(url);
    await page.goto(`${address}?view=${(x + 0.003).toFixed(6)},${y.toFixed(6)},3,300,-2`);
    await mapReady(page);
    await shoot(page, 'tools-street');
    const { heightMetres, pitchDegrees } = await page.evaluate(() => window.__cityloom.address.get().view);
    expect(Math.abs(heightMetres - 3) < 0.6 && Math.abs(pitchDegrees + 2) < 0.2, `the eye is at ${heightMetres} m, looking down by ${pitchDegrees}`);
  });
  await tally.check('a view is saved for everybody, renamed, opened, deleted, and undo brings it back', async () => {
    await page.goto(`${address}?panel=views&colour=levels`);
    await page.waitForSelector('#view-name');
    await page.fill('#view-name', '점검 화면');
    await page.click('.panel button:has-text("저장")');
    await page.waitForSelector('[data-view]');
    const [saved] = (await allOf(url, 'SavedView')).filter(({ viewName }) => viewName.value === '점검 화면');
    expect(saved, 'it is not in the record');
    await page.click(`[data-view="${saved.id}"] button[aria-label^="이름 바꾸기"]`);
    await page.fill('.panel input[aria-label="새 이름"]', '다른 이름');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.view-name:has-text("다른 이름")');
    await go(page, { colourBy: 'height' });
    await page.click('.view-name:has-text("다른 이름")');
    await page.waitForFunction(() => window.__cityloom.address.get().colourBy === 'levels');
    await shoot(page, 'tools-views');
    await page.click(`[data-view="${saved.id}"] button[aria-label^="지우기"]`);
    await page.waitForSelector(`[data-view="${saved.id}"]`, { state: 'detached' });
    await page.click('.panel button:has-text("되돌리기")');
    await page.waitForSelector(`[data-view="${saved.id}"]`);
    await ask(url, `/ngsi-ld/v1/entities/${saved.id}`, { method: 'DELETE' });
  });
}

const OSM = `<?xml version="1.0"?><osm version="0.6"><node id="1" lat="37.5130" lon="127.1000"/><node id="2" lat="37.5130" lon="127.1004"/><node id="3" lat="37.5134" lon="127.1004"/>
<way id="990001"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="building" v="yes"/><tag k="height" v="33"/></way></osm>`;

async function importChecks({ tally, url, console: address, shoot }, page) {
  await tally.check('chosen files are imported one after the other, with a report; a bad one says why', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cityloom-import-'));
    try {
      const [good, bad] = [join(folder, 'check.osm'), join(folder, 'broken.osm')];
      writeFileSync(good, OSM);
      writeFileSync(bad, '<osm><way');
      await page.goto(`${address}?panel=import`);
      await page.setInputFiles('#import-files', [good, bad]);
      await page.waitForSelector('[data-import="done"]', { timeout: 60_000 });
      await page.waitForFunction(() => document.querySelectorAll('[data-import="waiting"], [data-import="sending"], [data-import="reading"]').length === 0, undefined, { timeout: 60_000 });
      const text = await page.textContent('[data-import="done"]');
      expect(text.includes('check.osm') && /새로 넣거나 바꾼 것 1|건물/.test(text), `the report reads ${text}`);
      expect((await allOf(url, 'Building')).some(({ id }) => id.endsWith('osm-way-990001')), 'the building is not in the record');
      const other = await page.locator('.card[data-import]').filter({ hasText: 'broken.osm' }).textContent();
      expect(other.length > 30, `of the broken file it only says ${other}`);
      await shoot(page, 'tools-import');
      await ask(url, '/ngsi-ld/v1/entities/urn:ngsi-ld:Building:osm-way-990001', { method: 'DELETE' }).catch(() => undefined);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** Length in seconds of a film as the browser plays it, and what part of the picture changes from its start to its middle. */
const filmFacts = (page, path) => page.evaluate(async (text) => {
  const video = document.createElement('video');
  video.muted = true;
  video.src = URL.createObjectURL(await (await fetch(`data:video/webm;base64,${text}`)).blob());
  const heard = (name) => new Promise((resolve, reject) => { video.addEventListener(name, resolve, { once: true }); video.addEventListener('error', () => reject(new Error(String(video.error?.message))), { once: true }); });
  await heard('loadedmetadata');
  const seek = async (to) => { const there = heard('seeked'); video.currentTime = to; await there; };
  // A recorded film does not tell its length: its end does.
  await seek(1e6);
  const seconds = video.currentTime;
  const pictureAt = async (to) => {
    await seek(to);
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0);
    return context.getImageData(0, 0, canvas.width, Math.floor(canvas.height * 0.8)).data;
  };
  const [first, middle] = [await pictureAt(0.1), await pictureAt(seconds / 2)];
  const changed = first.filter((value, i) => i % 4 === 1 && Math.abs(value - middle[i]) > 24).length;
  return { seconds, width: video.videoWidth, height: video.videoHeight, changed: changed / (first.length / 4) };
}, readFileSync(path).toString('base64'));

async function pictureChecks({ tally, console: address, shoot }, page) {
  await tally.check('a picture is saved as PNG and a film as WebM', async () => {
    await page.goto(`${address}?panel=picture`);
    await mapReady(page);
    const [picture] = await Promise.all([page.waitForEvent('download'), page.click('#take-picture')]);
    const bytes = statSync(await picture.path()).size;
    await shoot(page, 'tools-picture');
    expect(picture.suggestedFilename().endsWith('.png') && bytes > 20_000, `the picture is ${picture.suggestedFilename()} of ${bytes} bytes`);
    await page.selectOption('.panel-right select', '5');
    const [film] = await Promise.all([page.waitForEvent('download', { timeout: 90_000 }), page.click('#record-film')]);
    expect(film.suggestedFilename().endsWith('.webm') && statSync(await film.path()).size > 5000, `the film is ${film.suggestedFilename()}`);
    // The console itself may play no films: an empty page does.
    const viewer = await page.context().newPage();
    const facts = await filmFacts(viewer, await film.path());
    await viewer.close();
    expect(facts.seconds > 4 && facts.seconds < 8 && facts.width > 300 && facts.height > 300, `of 5 s was made ${JSON.stringify(facts)}`);
    expect(facts.changed > 0.05, `half a turn changes ${(facts.changed * 100).toFixed(1)} % of the film`);
  });
}

/** Runs checks on a page of their own. */
const onPage = (...checks) => async (bench) => {
  const page = await openPage(bench.browser, bench.journal);
  for (const check of checks) await check(bench, page);
  await page.context().close();
};

/** The checks of the tools by part, so that one can be run alone. */
export const toolParts = {
  'tools-measure': onPage(measureChecks),
  'tools-filter': onPage(filterChecks),
  'tools-work': onPage(viewChecks, importChecks, pictureChecks),
  'tools-cut': onPage(cutChecks),
  'tools-sun': onPage(sunChecks),
  'tools-compare': onPage(compareChecks),
};
