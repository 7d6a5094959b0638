// What every screen keeps to, wide or narrow: nothing runs over the edge, no control lies under another, a sheet can be read to its end
// and closed, and English is English.
import { expect } from './tally.mjs';

export const PHONE = { width: 390, height: 844, phone: true };

/** How wide the page is, and what of it runs over the edge. */
export const overflow = (page) => page.evaluate(() => ({
  wide: document.documentElement.scrollWidth,
  over: [...document.querySelectorAll('button, input, select, h1, h2, p')].filter((one) => {
    const box = one.getBoundingClientRect();
    return one.offsetParent !== null && box.width > 1 && !one.closest('.table-scroll, .sensor-labels, .unseen') && (box.right > window.innerWidth + 1 || box.left < -1);
  }).map((one) => one.outerHTML.slice(0, 80)),
}));

/** Controls whose middle is covered by something else; on a phone sheets lie over the map. */
const covered = (page) => page.evaluate(() => {
  const isInside = ({ left, right, top, bottom }, x, y) => x >= left && x <= right && y >= top && y <= bottom;
  const isScrolledAway = (one, x, y) => {
    for (let outer = one.parentElement; outer; outer = outer.parentElement) {
      if (getComputedStyle(outer).overflowY !== 'visible' && !isInside(outer.getBoundingClientRect(), x, y)) return true;
    }
    return !isInside({ left: 0, right: window.innerWidth, top: 0, bottom: window.innerHeight }, x, y);
  };
  return [...document.querySelectorAll('button, select, input, a[href], summary')].flatMap((one) => {
    const whole = one.closest('label') ?? one;
    const box = whole.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    if (one.offsetParent === null || box.width < 2 || isScrolledAway(whole, x, y)) return [];
    const hit = document.elementFromPoint(x, y);
    const isOwn = !hit || whole.contains(hit) || hit.contains(whole);
    const isSheet = window.innerWidth <= 760 && hit?.closest('.panel') && one.closest('.map');
    return isOwn || isSheet ? [] : [`${one.outerHTML.slice(0, 60)} under ${hit.outerHTML.slice(0, 60)}`];
  });
});

/** Nothing runs over the edge and every control can be reached. */
export async function fits(page) {
  const { wide, over } = await overflow(page);
  const { width } = page.viewportSize();
  expect(wide <= width && over.length === 0, `${wide} pixels wide instead of ${width}: ${over.join(' | ')}`);
  if (width <= 760) expect((await page.locator('.map-actions:visible').count()) === 0, 'the tools stand over the map of a phone');
  const under = await covered(page);
  expect(under.length === 0, under.slice(0, 4).join(' | '));
}

/** The open sheet leaves the place above it in sight, is as wide as the phone, is read to its end and closes. */
export async function sheetWorks(page, selector) {
  const sheet = page.locator(selector);
  const box = await sheet.boundingBox();
  expect(box.x === 0 && box.width === page.viewportSize().width && box.y > 100, `the sheet stands at ${JSON.stringify(box)}`);
  const isEndSeen = await sheet.locator('.panel-body').evaluate((body) => {
    body.scrollTop = body.scrollHeight;
    const last = body.lastElementChild.getBoundingClientRect();
    return last.bottom <= body.getBoundingClientRect().bottom + 1;
  });
  expect(isEndSeen, 'the end of the sheet cannot be scrolled into sight');
  await page.tap(`${selector} .panel-head > .icon-button`);
  await sheet.waitFor({ state: 'detached' });
}

/** Switches to English; nothing on the screen is Korean then, but for the city's own name and the names given. */
export async function inEnglish(page, names = []) {
  await page.click('button[lang=en]');
  await page.waitForFunction(() => document.documentElement.lang === 'en');
  const all = await page.evaluate(() => [...document.querySelectorAll('.panel, .time, .map, .top-tools > :not(.switch)')].map((one) => one.innerText).join('\n'));
  const hangul = names.reduce((text, name) => text.replaceAll(name || '\n', ' '), all).match(/.*\p{Script=Hangul}.*/u);
  expect(!hangul, `Korean is left: ${hangul}`);
}

/** The spot nearest to a point of the map, in pixels of the page, where what is drawn is of a kind; with its id. */
export async function spotOf(page, start, prefix) {
  const found = await page.evaluate(([from, wanted]) => {
    const map = window.__cityloom.map.get();
    const box = document.getElementById('map').getBoundingClientRect();
    for (let away = 0; away < 120; away += 12) {
      for (const [dx, dy] of away === 0 ? [[0, 0]] : [[away, 0], [-away, 0], [0, away], [0, -away], [away, away], [-away, -away]]) {
        const at = { x: from.x + dx - box.x, y: from.y + dy - box.y };
        const id = map.pick(at);
        if (id?.startsWith(wanted)) return { id, x: at.x + box.x, y: at.y + box.y };
      }
    }
    return null;
  }, [start, prefix]);
  expect(found, `no ${prefix} is drawn around ${start.x}, ${start.y}`);
  return found;
}

/** How many values of sensors stand over the map; none may lie over another. */
export async function labelsSeen(page) {
  const { seen, over } = await page.evaluate(() => {
    const boxes = [...document.querySelectorAll('.sensor-label:not([hidden])')].map((one) => ({ text: one.textContent, box: one.getBoundingClientRect() }));
    const overlap = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    return { seen: boxes.length, over: boxes.flatMap((one, i) => boxes.slice(0, i).filter(({ box }) => overlap(one.box, box)).map(({ text }) => `${one.text} over ${text}`)) };
  });
  expect(over.length === 0, `${over.length} of ${seen} values: ${over.slice(0, 4).join(', ')}`);
  return seen;
}

/** By how many pixels the skyline rises and falls: of what is drawn against the colour of the sky at the top. */
export function skyline({ width, height, data }) {
  const isSky = (x, y) => [0, 1, 2].every((i) => Math.abs(data[(y * width + x) * 4 + i] - data[i]) < 5);
  const tops = [];
  for (let x = 0; x < width; x += 4) {
    let y = 0;
    while (y < height && isSky(x, y)) y++;
    if (y < height) tops.push(y);
  }
  return tops.length === 0 ? 0 : Math.max(...tops) - Math.min(...tops);
}
