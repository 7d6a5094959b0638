// "What is under this dig?" in an invented city: drawn on the map, the list and the section in both languages, a dig over nothing.
import { difference, mapReady, pixels, settled } from './browser.mjs';
import { above } from './city.mjs';
import { ask } from './server.mjs';
import { expect } from './tally.mjs';

const METRES_PER_DEGREE = 111_200;
/** Half a side of the dig in metres: about the width of a main street. */
const HALF_METRES = 14;

/** Layers left on; all others would cover the streets. */
const DRAWN = ['RoadSegment', 'Pipe', 'Cable'];
/** What an invented city tells later than it is made. */
const TOLD_LATER = ['Vehicle', 'Person', 'SignalController', 'Camera', 'TrafficFlowObserved', 'OffStreetParking', 'EnergyMeter', 'WaterMeter', 'AirQualityObserved', 'NoiseLevelObserved', 'FireDetector', 'RainGauge', 'WaterLevelObserved', 'WeatherObserved'];

/** The corners of a square around a place. */
function squareAround([longitude, latitude], halfMetres) {
  const [dx, dy] = [halfMetres / METRES_PER_DEGREE / Math.cos((latitude * Math.PI) / 180), halfMetres / METRES_PER_DEGREE];
  return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([x, y]) => [longitude + x * dx, latitude + y * dy]);
}

const under = (url, ring, language = 'ko') => ask(url, `/api/underground?polygon=${encodeURIComponent(ring.map((point) => point.join(',')).join(';'))}&depth=3&lang=${language}`);

/** The middle of the longest gas pipe: streets with gas have every network. */
async function middleOfAStreet(url) {
  const pipes = (await ask(url, '/ngsi-ld/v1/entities?type=Pipe&q=network==%22gas%22&limit=200')).map(({ location }) => location.value.coordinates);
  const length = ([[x1, y1], [x2, y2]]) => Math.hypot(x2 - x1, y2 - y1);
  const [longest] = pipes.sort((a, b) => length(b) - length(a));
  expect(longest, 'the invented city has no gas pipe');
  return [0, 1].map((axis) => (longest[0][axis] + longest[1][axis]) / 2);
}

/** A place in the city below which nothing is recorded. */
async function emptyPlace(url) {
  const [west, south, east, north] = (await ask(url, '/api/summary')).city.bbox;
  for (let i = 1; i < 400; i++) {
    const place = [west + (east - west) * ((i * 0.618034) % 1), south + (north - south) * ((i * 0.754878) % 1)];
    if ((await under(url, squareAround(place, HALF_METRES))).objects.length === 0) return place;
  }
  throw new Error('something lies below every place of the city');
}

/** Draws a dig by clicks on its corners. */
async function drawDig(page, { url, console: address }, place, ring) {
  const known = (await ask(url, '/api/summary')).types.map(({ type }) => type);
  const off = [...new Set([...known, ...TOLD_LATER])].filter((type) => !DRAWN.includes(type));
  await page.goto(`${address}?${above(place, 160)}&off=${off}&panel=under`);
  await mapReady(page);
  await page.click('#draw-dig');
  const corners = await page.evaluate((places) => {
    const box = document.getElementById('map').getBoundingClientRect();
    const map = window.__cityloom.map.get();
    return places.map(([x, y]) => map.pixelOf(x, y, map.groundAt(x, y) ?? 0)).map((at) => ({ x: box.x + at.x, y: box.y + at.y }));
  }, ring);
  for (const corner of corners) await page.mouse.click(corner.x, corner.y);
  await page.click('.draft-note button:has-text("그리기 끝내기")');
}

const inEnglish = async (page) => {
  await page.click('button[lang=en]');
  await page.waitForFunction(() => document.documentElement.lang === 'en');
};

const inKorean = async (page) => {
  await page.click('button[lang=ko]');
  await page.waitForFunction(() => document.documentElement.lang === 'ko');
};

/** The ring that the console keeps, as the server is asked for it. */
const keptRing = (page) => page.evaluate(() => window.__cityloom.address.get().shapes.find(({ kind }) => kind === 'dig').points.map((point) => point.slice(0, 2)));

/** Compares the cards of the list with the server's answer, as far as it knows each thing. */
async function expectList(page, answer, texts) {
  const cards = await page.locator('[data-buried]').evaluateAll((all) => all.map((card) => ({ id: card.dataset.buried, text: card.innerText })));
  expect(cards.length === answer.objects.length, `${cards.length} cards for ${answer.objects.length} things`);
  for (const one of answer.objects) {
    const text = cards.find(({ id }) => id === one.id)?.text ?? '';
    for (const [name, value] of Object.entries(texts(one)).filter(([, value]) => value !== null)) expect(text.includes(value), `${name} ${value} of ${one.id} is not in: ${text}`);
  }
}

const metres = (value) => String(Number(value.toFixed(2)));

async function fullDig(bench, page) {
  const { tally, url, shoot } = bench;
  let answer;
  await tally.check('a dig drawn over a street lists every pipe and cable with depth, owner, material and accuracy, in Korean', async () => {
    const place = await middleOfAStreet(url);
    await drawDig(page, bench, place, squareAround(place, HALF_METRES));
    await page.waitForSelector('[data-buried]');
    expect(new URL(page.url()).searchParams.get('under')?.startsWith('3,'), 'the ground is not looked through');
    answer = await under(url, await keptRing(page));
    const networks = new Set(answer.objects.flatMap(({ network }) => network ?? []));
    const unowned = answer.objects.filter(({ network, owner, accuracyClass }) => network && !(owner && accuracyClass));
    expect(unowned.length === 0, `no owner or class of ${unowned.map(({ id }) => id)}`);
    expect(networks.size >= 5, `only ${[...networks]} lie below the street`);
    await settled(page);
    await shoot(page, 'dig-ko');
    await expectList(page, answer, (one) => ({ label: one.label, depth: metres(one.depthMin_m), owner: one.owner, class: one.accuracyClass, diameter: one.diameter_m && String(Math.round(one.diameter_m * 1000)) }));
    await page.locator('[data-buried]').last().scrollIntoViewIfNeeded();
    await shoot(page, 'dig-ko-list');
  });
  await tally.check('the section of the dig lies free above the list and draws every network inside of its frame', async () => {
    const list = await page.locator('[data-buried]').first().boundingBox();
    const drawing = await page.locator('.panel svg.drawing').boundingBox();
    expect(drawing.y + drawing.height <= list.y, 'the list lies over the drawing');
    const drawn = page.locator('.panel svg.drawing ellipse, .panel svg.drawing rect:not(.soil)');
    const things = new Set(answer.objects.flatMap(({ network }) => network ?? [])).size;
    expect((await drawn.count()) >= things, `${await drawn.count()} things are drawn in the section, there are ${things}`);
    await page.locator('.panel svg.drawing').scrollIntoViewIfNeeded();
    await shoot(page, 'dig-ko-section');
    const box = await page.locator('.panel svg.drawing').boundingBox();
    for (const one of await drawn.all()) {
      const at = await one.boundingBox();
      expect(at.x >= box.x && at.y >= box.y && at.x + at.width <= box.x + box.width + 1 && at.y + at.height <= box.y + box.height + 1, 'something is drawn outside of the drawing');
    }
  });
  await tally.check('the dig is English in English, but for the names of owners', async () => {
    await inEnglish(page);
    const english = await under(url, await keptRing(page), 'en');
    await page.waitForFunction((label) => document.querySelector('[data-buried]')?.innerText.includes(label), english.objects[0].label);
    await settled(page);
    await shoot(page, 'dig-en');
    await expectList(page, english, (one) => ({ label: one.label, depth: metres(one.depthMin_m), class: one.accuracyClass }));
    const owners = english.objects.map(({ owner }) => owner).filter(Boolean);
    const text = owners.reduce((all, owner) => all.replaceAll(owner, ''), await page.locator('section.panel-right').innerText());
    const hangul = text.match(/\p{Script=Hangul}+/u);
    expect(!hangul, `Korean is left: ${hangul}`);
    await inKorean(page);
  });
}

async function emptyDig(bench, page) {
  const { tally, url, shoot } = bench;
  await tally.check('a dig over nothing says that nothing is recorded, and that this proves nothing, in both languages', async () => {
    const place = await emptyPlace(url);
    await drawDig(page, bench, place, squareAround(place, HALF_METRES));
    await page.waitForSelector('.panel :text("기록된 시설이 없습니다")');
    await settled(page);
    await shoot(page, 'dig-empty-ko');
    expect((await page.locator('[data-buried]').count()) === 0, 'the list has entries');
    const korean = await page.locator('section.panel-right').innerText();
    expect(korean.includes('관리 기관에 확인'), `it reads ${korean}`);
    await inEnglish(page);
    await page.waitForSelector('.panel :text("Nothing is recorded here")');
    await settled(page);
    await shoot(page, 'dig-empty-en');
    const english = await page.locator('section.panel-right').innerText();
    expect(english.includes('Ask the owners') && !/\p{Script=Hangul}/u.test(english), `it reads ${english}`);
    await inKorean(page);
  });
  await tally.check('a removed dig leaves the map, and undo brings it back', async () => {
    const before = await pixels(page, { x: 420, y: 200, width: 500, height: 420 });
    await page.click('.panel button:has-text("굴착 구역 지우기")');
    await page.waitForSelector('.panel :text("지도에 굴착 구역을 그리면")');
    await settled(page);
    expect(difference(before, await pixels(page, { x: 420, y: 200, width: 500, height: 420 })) > 0.01, 'the dig is still drawn');
    await page.click('.panel button:has-text("되돌리기")');
    await page.waitForSelector('.panel :text("기록된 시설이 없습니다")');
  });
}

/** A place some metres away in a compass direction. */
const away = ([longitude, latitude], metres, degrees) => {
  const [east, north] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  return [longitude + (metres * east) / METRES_PER_DEGREE / Math.cos((latitude * Math.PI) / 180), latitude + (metres * north) / METRES_PER_DEGREE];
};

/** The pipes that run along a street at a place: half a metre behind a plane across it, and how deep they lie there. */
async function pipesAcross(url, place) {
  const near = (await ask(url, `/ngsi-ld/v1/entities?type=Pipe&georel=near;maxDistance==12&geometry=Point&coordinates=${encodeURIComponent(JSON.stringify(place))}&limit=50`))
    .map(({ id, location, depth, diameter }) => ({ id, depth: (depth?.value ?? 1.2) + (diameter?.value ?? 150) / 2000, ends: location.value.coordinates }));
  const metres = ([x, y]) => [(x - place[0]) * METRES_PER_DEGREE * Math.cos((place[1] * Math.PI) / 180), (y - place[1]) * METRES_PER_DEGREE];
  const bearing = ([a, b]) => (Math.atan2(metres(b)[0] - metres(a)[0], metres(b)[1] - metres(a)[1]) * 180) / Math.PI;
  const length = ({ ends: [a, b] }) => Math.hypot(metres(b)[0] - metres(a)[0], metres(b)[1] - metres(a)[1]);
  const along = bearing(near.toSorted((a, b) => length(b) - length(a))[0].ends);
  const ahead = (point) => metres(point)[0] * Math.sin((along * Math.PI) / 180) + metres(point)[1] * Math.cos((along * Math.PI) / 180);
  const crossing = near.map(({ id, depth, ends: [a, b] }) => ({ id, depth, a, b, part: (0.5 - ahead(a)) / (ahead(b) - ahead(a)) })).filter(({ part }) => part > 0.05 && part < 0.95);
  return { along, pipes: crossing.map(({ id, depth, a, b, part }) => ({ id, depth, place: [0, 1].map((axis) => a[axis] + part * (b[axis] - a[axis])) })) };
}

async function cutStreet({ tally, url, console: address, shoot }, page) {
  await tally.check('below whole ground no pipe is seen, and where a cut goes through a street they are', async () => {
    const place = await middleOfAStreet(url);
    const { along, pipes } = await pipesAcross(url, place);
    const known = (await ask(url, '/api/summary')).types.map(({ type }) => type);
    const off = [...new Set([...known, ...TOLD_LATER])].filter((type) => !DRAWN.includes(type));
    const [left, right, eye] = [away(place, -30, along + 90), away(place, 30, along + 90), away(place, -6, along)];
    const [{ height_m: ground }] = (await ask(url, `/api/terrain/height?at=${eye}`)).heights;
    await page.goto(`${address}?view=${eye.map((one) => one.toFixed(7))},${(ground + 6).toFixed(1)},${((along + 360) % 360).toFixed(2)},-48&under=50,1&off=${off}&draw=cut~${left},0~${right},0`);
    await mapReady(page);
    const seen = () => page.evaluate((all) => {
      const map = window.__cityloom.map.get();
      return all.filter(({ id, depth, place: [x, y] }) => {
        const at = map.pixelOf(x, y, map.groundAt(x, y) - depth);
        return at && map.pick(at) === id;
      }).length;
    }, pipes);
    await shoot(page, 'cut-street');
    const cut = await seen();
    await page.evaluate(() => window.__cityloom.drawing.clear(['cut']));
    await settled(page);
    await shoot(page, 'cut-street-whole');
    const whole = await seen();
    expect(pipes.length > 1 && cut > 0 && whole === 0, `of ${pipes.length} pipes ${cut} are picked in the cut and ${whole} below whole ground`);
  });
}

/** What the server says once its invented city is whole. */
export const CITY_MADE = /rehearsal: .* devices in/;

/** Checks of the dig panel against a server with an invented city. */
export async function digChecks(bench, page) {
  // Ready it is before: the city is made meanwhile.
  await bench.says(CITY_MADE);
  await fullDig(bench, page);
  await emptyDig(bench, page);
  await cutStreet(bench, page);
}
