// The district on the map: what is drawn, what a click finds, and that both agree with the server's entities.
import { colours, difference, mapReady, openPage, pixels, settled } from './browser.mjs';
import { allOf, ask } from './server.mjs';
import { expect } from './tally.mjs';

const MIDDLE = { x: 420, y: 200, width: 500, height: 420 };

/** A view straight above a place. */
export const above = ([longitude, latitude], heightMetres) => `view=${longitude.toFixed(6)},${latitude.toFixed(6)},${heightMetres},0,-89`;

const ringOf = ({ type, coordinates }) => (type === 'MultiPolygon' ? coordinates[0][0] : coordinates[0]);

/** A place that surely lies inside a building: the middle of its box, when that is inside its outline. */
export function insideOf(geometry) {
  const ring = ringOf(geometry);
  const [xs, ys] = [ring.map(([x]) => x), ring.map(([, y]) => y)];
  const [x, y] = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
  let inside = false;
  ring.forEach(([x1, y1], i) => {
    const [x2, y2] = ring[(i + 1) % ring.length];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  });
  return inside ? [x, y] : null;
}

/** The tallest building with a Korean name and a measured height, from the server itself. */
export async function namedBuilding(url) {
  const known = (await allOf(url, 'Building')).map((entity) => ({
    id: entity.id, name: entity.name?.languageMap?.ko, height: entity.height?.value, place: entity.location?.value && insideOf(entity.location.value),
    measured: (entity.height?.heightSource?.value ?? entity.height?.heightSource) === 'measured',
  }));
  const fitting = known.filter(({ name, measured, place }) => name && measured && place).sort((a, b) => b.height - a.height);
  expect(fitting.length > 0, `none of ${known.length} buildings has a Korean name and a measured height`);
  return fitting[0];
}

/** Where a building's roof is drawn, in pixels of the page. */
async function pixelOfBuilding(page, building) {
  return page.evaluate(({ place, height }) => {
    const at = window.__cityloom.map.get().pixelOf(place[0], place[1], height);
    const box = document.getElementById('map').getBoundingClientRect();
    return { x: box.x + at.x, y: box.y + at.y, map: at };
  }, building);
}

async function buildingChecks({ tally, url, console: address, journal, browser, shoot }, page) {
  let building;
  await tally.check('the server has a building with a Korean name and a measured height', async () => { building = await namedBuilding(url); });
  if (!building) return;
  await tally.check('the district is drawn: pixels differ from the empty ground and have many colours', async () => {
    await page.goto(address);
    await mapReady(page);
    const full = await pixels(page, MIDDLE);
    await shoot(page, 'desktop-ko');
    const view = new URL(page.url()).searchParams.get('view');
    expect(view, 'the view is not in the address');
    await page.goto(`${address}?view=${view}&off=Building,RoadSegment,Water,GreenSpace,AirQualityObserved,TrafficFlowObserved`);
    await mapReady(page);
    const empty = await pixels(page, MIDDLE);
    const changed = difference(full, empty);
    expect(changed > 0.1, `only ${(changed * 100).toFixed(1)} % of the pixels differ`);
    expect(colours(full) > colours(empty) + 5, `${colours(full)} colours drawn, ${colours(empty)} when empty`);
  });
  await tally.check('where no model brings pictures, none are offered', async () => {
    expect((await page.locator('label.check:has-text("사진 무늬와 색")').count()) === 0, 'a choice without effect');
  });
  await tally.check('the feature under the pixel of a building is that entity', async () => {
    await page.goto(`${address}?${above(building.place, 500 + building.height)}`);
    await mapReady(page);
    const at = await pixelOfBuilding(page, building);
    const picked = await page.evaluate((pixel) => window.__cityloom.map.get().pick(pixel), at.map);
    expect(picked === building.id, `picked ${picked} instead of ${building.id} (${building.name})`);
  });
  await tally.check('a click on a building shows its Korean name and its measured height', async () => {
    const before = await pixels(page, MIDDLE);
    const at = await pixelOfBuilding(page, building);
    await page.mouse.click(at.x, at.y);
    await page.waitForSelector(`[data-entity="${building.id}"]`);
    const title = await page.textContent('.inspector-title h2');
    expect(title === building.name, `the title is ${title} instead of ${building.name}`);
    const height = await page.textContent('[data-attribute="height"]');
    expect(height.includes(new Intl.NumberFormat('ko-KR', { maximumFractionDigits: 2 }).format(building.height)) && height.includes(' m'), `height reads ${height}`);
    expect(height.includes('잰 값'), `the source of the height is not said: ${height}`);
    const group = await page.locator('.attribute-group', { has: page.locator('[data-attribute="height"]') }).textContent();
    expect(group.includes('출처 seoul-jamsil.osm way/') && /기록 \d{4}\. /.test(group), `no source or time: ${group}`);
    const all = await page.textContent('.attributes');
    expect(!/[{}"]/.test(all), `a raw value is shown: ${all}`);
    expect(/\d\.\d{6}° N, \d+\.\d{6}° E/.test(all), `no coordinates: ${all}`);
    await settled(page);
    await shoot(page, 'desktop-ko-building');
    expect(difference(before, await pixels(page, MIDDLE)) > 0.001, 'the selected building looks as before');
  });
  await tally.check('the address reopens the same view and selection', async () => {
    const link = page.url();
    const again = await openPage(browser, journal);
    await again.goto(link);
    await again.waitForSelector(`[data-entity="${building.id}"]`);
    await mapReady(again);
    const view = (text) => new URL(text).searchParams.get('view').split(',').map(Number);
    const apart = view(link).map((value, i) => Math.abs(value - view(again.url())[i]));
    expect(apart[0] < 1e-5 && apart[1] < 1e-5 && apart[2] < 2, `the view moved: ${link} to ${again.url()}`);
    await again.context().close();
  });
}

/** Buildings of one body with a flat roof at their stated height, the tallest first. */
async function flatBuildings(url) {
  const parents = new Set((await allOf(url, 'BuildingPart')).map(({ partOf }) => partOf?.object));
  return (await allOf(url, 'Building')).map(({ id, height, minHeight, roofShape, location }) => ({ id, height: height?.value, plain: !minHeight && (roofShape?.value ?? 'flat') === 'flat', place: location?.value && insideOf(location.value) }))
    .filter(({ id, height, plain, place }) => height > 3 && plain && place && !parents.has(id)).sort((a, b) => b.height - a.height);
}

async function heightChecks({ tally, url, console: address }, page) {
  await tally.check('roofs are drawn at the heights of the buildings', async () => {
    const buildings = await flatBuildings(url);
    const [tallest] = buildings;
    await page.goto(`${address}?${above(tallest.place, 700)}&off=RoadSegment,Water,GreenSpace,AirQualityObserved,TrafficFlowObserved`);
    await mapReady(page);
    const all = buildings.filter(({ place }) => Math.abs(place[0] - tallest.place[0]) < 0.002 && Math.abs(place[1] - tallest.place[1]) < 0.0015);
    const near = all.filter((_, i) => i % Math.ceil(all.length / 20) === 0);
    const seen = await page.evaluate((tops) => tops.map(({ place: [x, y], height }) => {
      const map = window.__cityloom.map.get();
      const pixel = map.pixelOf(x, y, height);
      return pixel && { id: map.pick(pixel), roof: map.placeAt(pixel)?.[2] };
    }), near);
    const tried = near.map((one, i) => ({ ...one, apart: (seen[i]?.roof ?? NaN) - one.height, isSeen: seen[i]?.id === one.id })).filter(({ isSeen }) => isSeen);
    console.log(`  ${tried.length} roofs of ${tried.at(-1)?.height} to ${tried[0]?.height} m, apart by ${tried.map(({ apart }) => apart.toFixed(1)).join()} m`);
    expect(tried.length > 5 && tried[0].height > 2 * tried.at(-1).height, `only ${tried.length} of ${near.length} are seen`);
    const wrong = tried.filter(({ apart }) => !(Math.abs(apart) < 0.5));
    expect(wrong.length === 0, wrong.map(({ id, apart, height }) => `${id}: ${apart.toFixed(1)} m from ${height}`).join(' | '));
  });
}

async function colourChecks({ tally, shoot }, page) {
  await tally.check('buildings take other colours for another attribute, and the legend says which', async () => {
    const before = await pixels(page, MIDDLE);
    await page.locator('.panel-layers select').filter({ has: page.locator('option[value="heightSource"]') }).selectOption('category');
    await settled(page);
    expect(difference(before, await pixels(page, MIDDLE)) > 0.005, 'the picture stayed the same');
    const legend = await page.locator('.panel-layers .legend-list').first().textContent();
    expect(legend.includes('주거') && legend.includes('업무'), `the legend reads ${legend}`);
    expect(page.url().includes('colour=category'), 'the choice is not in the address');
    await shoot(page, 'desktop-ko-category');
  });
  await tally.check('buildings without the number take the colour of the unknown, and the map goes on', async () => {
    await page.evaluate(() => window.__cityloom.go({ colourBy: 'levels' }));
    await settled(page);
    expect((await page.evaluate(() => window.__cityloom.mapStatus.get().phase)) === 'ready', 'the map has stopped');
    await page.evaluate(() => window.__cityloom.go({ colourBy: 'category' }));
    await settled(page);
  });
  await tally.check('a layer that is switched off is no longer drawn', async () => {
    const before = await pixels(page, MIDDLE);
    const box = page.locator('.layer', { hasText: '건물' }).locator('input[type=checkbox]').first();
    await box.uncheck();
    await settled(page);
    expect(difference(before, await pixels(page, MIDDLE)) > 0.02, 'the picture stayed the same');
    await box.check();
  });
}

/** Degrees of one length in both directions. */
const level = ([x, y]) => [x * Math.cos((y * Math.PI) / 180), y];

/** The road with a Korean name that has the longest straight piece, and the middle of that. */
async function namedRoad(url) {
  const roads = (await allOf(url, 'RoadSegment')).filter(({ name, location }) => name?.languageMap?.ko && location?.value?.type === 'LineString');
  const pieces = roads.flatMap(({ id, name, location: { value: { coordinates } } }) => coordinates.slice(1).map((to, i) => {
    const [a, b] = [level(coordinates[i]), level(to)];
    return { id, name: name.languageMap.ko, length: Math.hypot(b[0] - a[0], b[1] - a[1]), place: [0, 1].map((axis) => (coordinates[i][axis] + to[axis]) / 2) };
  }));
  expect(pieces.length > 0, 'no road has a Korean name');
  return pieces.sort((a, b) => b.length - a.length)[0];
}

async function roadChecks({ tally, url, console: address, shoot }, page) {
  let road;
  const around = { x: 0, y: 0, width: 8, height: 8 };
  await tally.check('roads alone are drawn, and are not where the layer is switched off', async () => {
    road = await namedRoad(url);
    const others = (await ask(url, '/api/summary')).types.map(({ type }) => type).filter((type) => type !== 'RoadSegment');
    await page.goto(`${address}?${above(road.place, 400)}&off=${others}`);
    await mapReady(page);
    const at = await pixelOfBuilding(page, { place: road.place, height: 0 });
    [around.x, around.y] = [Math.round(at.x) - 4, Math.round(at.y) - 4];
    const [all, onRoad] = [await pixels(page, MIDDLE), await pixels(page, around)];
    await shoot(page, 'desktop-ko-roads');
    const box = page.locator('.layer', { has: page.locator('button[aria-label="도로 목록 열기"]') }).locator('input[type=checkbox]');
    await box.uncheck();
    await settled(page);
    const none = await pixels(page, MIDDLE);
    expect(colours(none) <= 2, `without roads ${colours(none)} colours are left`);
    expect(difference(onRoad, await pixels(page, around)) > 0.5, 'where the road was the picture is the same');
    expect(difference(all, none) > 0.02 && difference(all, none) < 0.7, `roads are ${(difference(all, none) * 100).toFixed(1)} % of the picture`);
    await box.check();
    await settled(page);
    expect(difference(all, await pixels(page, MIDDLE)) < 0.001, 'the roads did not come back as they were');
  });
  await tally.check('a click on a road opens it with its name and type', async () => {
    await page.mouse.click(around.x + 4, around.y + 4);
    await page.waitForSelector(`[data-entity="${road.id}"]`);
    expect((await page.textContent('.inspector-title h2')) === road.name, `the title is ${await page.textContent('.inspector-title h2')} instead of ${road.name}`);
    expect((await page.textContent('.inspector-title')).includes('도로'), `the type is not said: ${await page.textContent('.inspector-title')}`);
    await shoot(page, 'desktop-ko-road');
  });
}

/** Software rendering on a busy machine is many times slower than any graphics card: the time is told, and bounded widely. */
const FIRST_PICTURE_MS_MAX = 45_000;

async function firstPictureCheck({ tally, console: address, journal, browser }) {
  await tally.check('the first picture of the buildings comes soon', async () => {
    const page = await openPage(browser, journal);
    await page.goto(address, { waitUntil: 'commit' });
    const seen = (wanted) => page.waitForFunction((what) => {
      const status = window.__cityloom?.mapStatus.get();
      return status?.phase === 'ready' && (what === 'scene' || status.tiles === 'ready') && performance.now();
    }, wanted, { timeout: 90_000, polling: 50 }).then((handle) => handle.jsonValue());
    const scene = await seen('scene');
    const picture = await seen('tiles');
    console.log(`  scene open after ${Math.round(scene)} ms, first buildings drawn after ${Math.round(picture)} ms (software rendering)`);
    const got = await page.evaluate(() => performance.getEntriesByType('resource').filter(({ startTime }) => startTime < performance.now()).map(({ name, decodedBodySize }) => ({ name, bytes: decodedBodySize })));
    const bytes = got.reduce((sum, one) => sum + one.bytes, 0);
    const before = got.filter(({ name }) => /\.js/.test(name) && !/Workers|map-|ThirdParty/.test(name)).reduce((sum, one) => sum + one.bytes, 0);
    console.log(`  ${got.length} requests and ${(bytes / 1e6).toFixed(1)} MB (uncompressed) until then, ${(before / 1e6).toFixed(2)} MB of them scripts of the panels`);
    await page.context().close();
    // What a laptop needs 3 s for at most is asserted by what does not depend on how busy this machine is.
    expect(got.length < 120 && bytes < 14e6, `${got.length} requests and ${bytes} bytes before the first picture`);
    expect(before < 1e6, `${before} bytes of scripts before the map's own`);
    expect(picture < FIRST_PICTURE_MS_MAX, `it took ${Math.round(picture)} ms`);
  });
}

/** Checks of the map and the buildings on it. */
export async function cityChecks(bench) {
  const page = await openPage(bench.browser, bench.journal);
  await bench.tally.check('the console opens in the language of the browser', async () => {
    const start = Date.now();
    await page.goto(bench.url);
    await page.waitForSelector('.layer');
    console.log(`  first layers shown after ${Date.now() - start} ms`);
    expect(page.url().includes('/console/'), `/ led to ${page.url()}`);
    expect((await page.getAttribute('html', 'lang')) === 'ko', 'the page is not Korean');
    expect((await page.textContent('.panel-layers h2')) === '레이어', 'the layer panel is not Korean');
  });
  await firstPictureCheck(bench);
  await buildingChecks(bench, page);
  await colourChecks(bench, page);
  await roadChecks(bench, page);
  await heightChecks(bench, page);
  await page.context().close();
}
