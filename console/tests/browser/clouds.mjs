// Point clouds by height: that the colours in the picture are those that the legend gives the heights, and that a cut takes points away.
import { mapReady, pixels, settled } from './browser.mjs';
import { expect } from './tally.mjs';

const AROUND = { x: 420, y: 200, width: 500, height: 420 };
const METRES = /-?[\d,.]+/g;

/** Places of points that are drawn, with their pixels within AROUND. */
const drawnPoints = (page) => page.evaluate(({ x, y, width, height }) => {
  const [map, box] = [window.__cityloom.map.get(), document.getElementById('map').getBoundingClientRect()];
  const found = [];
  for (let i = 1; i < 8; i++) {
    for (let j = 1; j < 8; j++) {
      const at = { x: Math.round((width * i) / 8), y: Math.round((height * j) / 8) };
      const pixel = { x: x + at.x - box.x, y: y + at.y - box.y };
      const id = map.pick(pixel);
      if (id?.includes('PointCloud')) found.push({ ...at, place: map.placeAt(pixel) });
    }
  }
  return found;
}, AROUND);

/** The colour that the legend gives a height. */
function colourAt({ stops, low, high }, metres) {
  const place = Math.min(1, Math.max(0, (metres - low) / (high - low))) * (stops.length - 1);
  const below = Math.min(stops.length - 2, Math.floor(place));
  return stops[below].map((one, i) => one + (place - below) * (stops[below + 1][i] - one));
}

async function legendOf(page) {
  const stops = (await page.locator('.panel-layers .raster-scale').evaluate((scale) => getComputedStyle(scale).backgroundImage)).match(/rgb\([^)]*\)/g).map((one) => one.match(/\d+/g).map(Number));
  const values = (await page.textContent('.panel-layers .raster-ends')).match(METRES).map((one) => Number(one.replaceAll(',', '')));
  return { stops, low: values[0], high: values.at(-1), text: await page.textContent('.panel-layers .raster-ends') };
}

export async function cloudHeightChecks({ tally, console: address, shoot }, page) {
  await tally.check('points are coloured by height in the colours and metres of the legend, and a link keeps that', async () => {
    await page.goto(`${address}?view=-123.0712,44.0496,420,0,-70`);
    await page.selectOption('#cloud-colouring', 'height');
    expect(new URL(page.url()).searchParams.get('clouds') === 'height', `the address says ${page.url()}`);
    await page.goto(page.url());
    await mapReady(page);
    await shoot(page, 'clouds-height');
    const legend = await legendOf(page);
    expect(legend.high - legend.low > 20 && / m/.test(legend.text), `the legend says ${legend.text}`);
    // Between points the ground below is seen.
    const drawn = (await drawnPoints(page)).filter(({ place }) => place[2] > legend.low - 1);
    const { data, width } = await pixels(page, AROUND);
    const apart = drawn.map(({ x, y, place }) => {
      const at = 4 * (y * width + x);
      return Math.max(...colourAt(legend, place[2]).map((one, i) => Math.abs(one - data[at + i])));
    });
    const like = apart.filter((one) => one < 30).length;
    const heights = drawn.map(({ place }) => place[2]);
    console.log(`  ${like} of ${drawn.length} points have the colour of their height, ${Math.min(...heights).toFixed(0)} to ${Math.max(...heights).toFixed(0)} m`);
    expect(drawn.length > 20 && Math.max(...heights) - Math.min(...heights) > 5, `${drawn.length} points at ${heights.map((one) => one.toFixed(0))}`);
    expect(like > 0.7 * drawn.length, `apart by ${apart.map((one) => one.toFixed(0))}`);
  });
  await tally.check('where nothing is of OpenStreetMap, its contributors are not named', async () => {
    expect((await page.locator('.copyright').count()) === 0, `it is said: ${await page.locator('.copyright').allTextContents()}`);
  });
  await tally.check('a cut takes away the points on one side', async () => {
    const [west, east] = [{ x: 300, y: 350 }, { x: 800, y: 350 }];
    const picked = (cut) => page.evaluate(async ([shapes, sides]) => {
      window.__cityloom.go({ shapes });
      await window.__cityloom.map.get().complete();
      return sides.map((side) => window.__cityloom.map.get().pick(side)?.includes('PointCloud') ?? false).join();
    }, [cut, [west, east]]);
    const [x] = (await page.evaluate(() => window.__cityloom.map.get().target()));
    const points = [[x, 44.0490], [x, 44.0530]];
    expect((await picked([])) === 'true,true', 'nothing is found to be cut');
    expect((await picked([{ kind: 'cut', points }])) === 'true,false', `cut: ${await picked([{ kind: 'cut', points }])}`);
    await shoot(page, 'clouds-cut');
    expect((await picked([{ kind: 'cut', points: points.toReversed() }])) === 'false,true', 'flipped: the same are found');
    await settled(page);
  });
}
