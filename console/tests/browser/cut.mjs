// The city cut open: an upright plane drawn by two clicks, turned, moved, kept in the link and removed; the pit in the ground.
import { difference, mapReady, pixels, settled } from './browser.mjs';
import { above, insideOf } from './city.mjs';
import { allOf, ask } from './server.mjs';
import { expect } from './tally.mjs';

const MIDDLE = { x: 420, y: 200, width: 500, height: 420 };
const METRES_PER_DEGREE = 111_320;
/** The slider's end, and how far from the line the two buildings stand: nearer than that. */
const MOST_M = 200;

/** What is picked at the roof of each building. */
const pickedAt = (page, buildings) => page.evaluate((all) => all.map(({ place, height }) => {
  const map = window.__cityloom.map.get();
  const pixel = map.pixelOf(place[0], place[1], height);
  return pixel && map.pick(pixel);
}), buildings);

/** Two buildings that are picked at their roofs: one west of a place, one east of it. */
async function buildingsBeside(page, url, [x, y]) {
  const metresEast = (place) => (place[0] - x) * Math.cos((y * Math.PI) / 180) * METRES_PER_DEGREE;
  const near = (await allOf(url, 'Building')).map(({ id, height, location }) => ({ id, height: height?.value, place: location?.value && insideOf(location.value) }))
    .filter(({ height, place }) => height > 5 && height < 80 && place && Math.abs(place[1] - y) < 0.0012 && Math.abs(metresEast(place)) > 60 && Math.abs(metresEast(place)) < MOST_M - 40);
  const picked = await pickedAt(page, near);
  const seen = near.filter(({ id }, i) => picked[i] === id);
  const [west, east] = [seen.find(({ place }) => metresEast(place) < 0), seen.find(({ place }) => metresEast(place) > 0)];
  expect(west && east, `of ${near.length} buildings beside the line ${seen.length} are seen`);
  return [west, east];
}

/** Clicks places on the ground, one after the other. */
export async function clickPlaces(page, places) {
  const points = await page.evaluate((all) => {
    const box = document.getElementById('map').getBoundingClientRect();
    const map = window.__cityloom.map.get();
    return all.map(([x, y]) => map.pixelOf(x, y, map.groundAt(x, y))).map((at) => ({ x: box.x + at.x, y: box.y + at.y }));
  }, places);
  for (const { x, y } of points) await page.mouse.click(x, y);
}

/** Fails unless exactly those of the buildings that are `wanted` can be picked. */
async function expectPicked(page, buildings, wanted, when) {
  await settled(page);
  const picked = await pickedAt(page, buildings);
  const found = buildings.map(({ id }, i) => picked[i] === id);
  expect(found.join() === wanted.join(), `${when}: west and east are picked ${found.join()}, not ${wanted.join()} (${picked.join()})`);
}

/** Checks of the cut plane and the pit on a page of the district. */
export async function cutChecks({ tally, url, console: address, shoot }, page) {
  const { city: { bbox: [west, south, east, north] } } = await ask(url, '/api/summary');
  const place = [(west + east) / 2, (south + north) / 2];
  let buildings;
  await tally.check('a cut plane drawn by two clicks takes away the buildings to its right, and those alone', async () => {
    await page.goto(`${address}?${above(place, 700)}&panel=under`);
    await mapReady(page);
    buildings = await buildingsBeside(page, url, place);
    const before = await pixels(page, MIDDLE);
    await page.click('#draw-cut');
    await clickPlaces(page, [[place[0], place[1] - 0.0011], [place[0], place[1] + 0.0011]]);
    await page.waitForSelector('#cut-metres');
    await expectPicked(page, buildings, [true, false], 'drawn northward');
    await shoot(page, 'cut-plane');
    expect(difference(before, await pixels(page, MIDDLE)) > 0.1, 'the picture is as before');
  });
  await tally.check('the other side is taken away by a button, and the plane is moved by metres', async () => {
    await page.click('#cut-flip');
    await expectPicked(page, buildings, [false, true], 'flipped');
    await page.focus('#cut-metres');
    await page.keyboard.press('End');
    await expectPicked(page, buildings, [false, false], `${MOST_M} m into what is kept`);
    await page.keyboard.press('Home');
    await expectPicked(page, buildings, [true, true], `${MOST_M} m into what is taken away`);
    await page.click('#cut-flip');
    await expectPicked(page, buildings, [false, false], 'flipped where it stands');
  });
  await tally.check('a link keeps the cut, and without it all is there again', async () => {
    expect(new URL(page.url()).searchParams.get('draw').startsWith(`cut:${MOST_M}~`), `the address says ${page.url()}`);
    await page.goto(page.url());
    await mapReady(page);
    await expectPicked(page, buildings, [false, false], 'opened by link');
    await page.click('#cut-clear');
    await expectPicked(page, buildings, [true, true], 'removed');
    await page.click('.panel button:has-text("되돌리기")');
    await expectPicked(page, buildings, [false, false], 'removal taken back');
    await page.click('#cut-clear');
  });
  await tally.check('a pit is cut into the ground and closed again', async () => {
    await page.goto(`${address}?${above(place, 300)}&panel=under&under=10,1&off=Building,AirQualityObserved`);
    await mapReady(page);
    const before = await pixels(page, MIDDLE);
    await page.check('#under-cut');
    await settled(page);
    await shoot(page, 'cut-pit');
    expect(difference(before, await pixels(page, MIDDLE)) > 0.05, 'no pit is seen');
    expect(new URL(page.url()).searchParams.get('under') === '10,1,cut', `the address says ${page.url()}`);
    await page.uncheck('#under-cut');
    await settled(page);
    expect(difference(before, await pixels(page, MIDDLE)) < 0.005, 'the ground is not closed');
  });
}
