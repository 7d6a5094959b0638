// Routes and lines of sight on the map: drawn, told in figures, kept in the address, and said when there is none.
import { difference, inBoth, mapReady, openPage, pixels, settled } from './browser.mjs';
import { withServer } from './places.mjs';
import { ask } from './server.mjs';
import { expect } from './tally.mjs';

const AROUND = { x: 420, y: 200, width: 500, height: 420 };
const VIEW = '-51.2,-30.055,9000,0,-89';
const [START, END] = [[-51.22, -30.04], [-51.19, -30.07]];

/** Starts a kind of measuring by its button and clicks on two places. */
async function drawBetween(page, kind, places) {
  await page.click(`[role=group] button:has-text("${kind}")`);
  for (const place of places) {
    const at = await page.evaluate(([x, y]) => {
      const map = window.__cityloom.map.get();
      return map.pixelOf(x, y, map.groundAt(x, y));
    }, place);
    const box = await page.locator('#map').boundingBox();
    const points = await page.evaluate(() => window.__cityloom.drawing.draft.get()?.points.length);
    await page.mouse.click(box.x + at.x, box.y + at.y);
    await page.waitForFunction((before) => window.__cityloom.drawing.draft.get()?.points.length !== before, points);
  }
  await page.keyboard.press('Escape');
  await settled(page);
}

const lineOfAddress = (page, kind) => page.evaluate((wanted) => window.__cityloom.address.get().shapes.find((shape) => shape.kind === wanted).points, kind);

async function wayChecks({ tally, url, console: address, shoot, browser, journal }, page) {
  await tally.check('a route between two places is drawn over the ground, with its length and time', async () => {
    await page.goto(`${address}?view=${VIEW}&panel=measure`);
    await mapReady(page);
    const before = await pixels(page, AROUND);
    await drawBetween(page, '경로', [START, END]);
    await page.waitForSelector('[data-shape=route] dd');
    await settled(page);
    await inBoth(page, shoot, 'ways-route');
    const ends = (await lineOfAddress(page, 'route')).map((point) => point.slice(0, 2).join(','));
    const { properties } = await ask(url, `/api/route?from=${ends[0]}&to=${ends[1]}`);
    const told = await page.textContent('[data-shape=route] .facts');
    expect(told.includes(`${Math.round(properties.duration_s / 60)}분`), `it says ${told}, the server ${properties.duration_s} s`);
    expect(difference(before, await pixels(page, AROUND)) > 0.003, 'nothing is drawn');
  });
  await tally.check('a line of sight tells where the ground is in the way', async () => {
    await page.goto(`${address}?view=${VIEW}&panel=measure`);
    await mapReady(page);
    const before = await pixels(page, AROUND);
    await drawBetween(page, '가시선', [START, END]);
    await page.waitForSelector('[data-shape=sight] dd');
    await settled(page);
    await inBoth(page, shoot, 'ways-sight');
    const answer = await page.evaluate(() => [...window.__cityloom.ways.answers.get().values()][0].value);
    const told = await page.textContent('[data-shape=sight] .facts');
    expect(answer.clear === false && told.includes('지형에 가림'), `${JSON.stringify(answer)}: ${told}`);
    expect(difference(before, await pixels(page, AROUND)) > 0.001, 'nothing is drawn');
  });
  await tally.check('both stand in a link, on the flat map and on a phone', async () => {
    await page.click('[role=group] button:has-text("경로")');
    await page.keyboard.press('Escape');
    const query = new URL(page.url()).search;
    await page.goto(`${address}${query}&flat=1`);
    await mapReady(page, 'flat');
    await page.waitForSelector('[data-shape=sight] dd');
    await settled(page);
    await shoot(page, 'ways-flat');
    const phone = await openPage(browser, journal, { width: 390, height: 844, phone: true });
    try {
      await phone.goto(`${address}${query}`);
      await mapReady(phone);
      await phone.waitForSelector('[data-shape=sight] dd');
      await shoot(phone, 'ways-phone');
      expect((await phone.evaluate(() => document.documentElement.scrollWidth)) <= 390, 'the page is wider than the phone');
    } finally {
      await phone.context().close();
    }
  });
  await tally.check('where there is no road and no terrain that is said', async () => {
    await page.goto(`${address}?view=-52.05,-30.9,9000,0,-89&panel=measure&draw=${encodeURIComponent('route~-52,-30.9,0~-52.1,-30.9,0 sight~-52,-30.9,0~-52.1,-30.9,0')}`);
    await page.waitForSelector('[data-shape=route] .note:not(.note-loading)');
    await page.waitForSelector('[data-shape=sight] .note:not(.note-loading)');
    const said = await page.textContent('[data-shape=route]');
    expect(said.includes('길을 찾지 못했습니다'), `it says ${said}`);
    await mapReady(page);
    await page.waitForFunction(() => document.querySelector('[data-shape=route]').textContent.includes('출발지 가까이에 찻길이 없습니다'));
    await inBoth(page, shoot, 'ways-none');
  });
}

/** The checks by part. */
export const wayParts = {
  ways: (bench) => withServer(bench, ['transit/porto-alegre.osm.pbf', 'transit/porto-alegre-elevation.tif'], { what: 'routes and lines of sight' }, wayChecks),
};
