// A scenario made by clicking: a building placed, a street closed, said and decided, compared, undone; and a run of a model.
import { difference, mapReady, openPage, pixels, settled, until } from './browser.mjs';
import { allOf, ask } from './server.mjs';
import { expect } from './tally.mjs';

const MAP = { x: 400, y: 150, width: 600, height: 600 };
const FREE = [127.0985, 37.5195];
const above = ([longitude, latitude], metres) => `view=${longitude.toFixed(6)},${latitude.toFixed(6)},${metres},0,-89`;

const scenariosOf = async (url) => (await ask(url, '/api/scenarios')).scenarios;
const changesOf = async (url, id) => (await ask(url, `/api/scenarios/${id}/changes`)).changes;
const openId = (page) => page.evaluate(() => window.__cityloom.address.get().scenario);

/** Where the map is over an area of its own, in the middle of what the panels leave. */
async function middleOf(page) {
  return page.evaluate(() => {
    const box = document.getElementById('map').getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  });
}

async function makeCheck({ tally, url, console: address, shoot }, page) {
  await tally.check('a scenario is made by clicking, and the address holds it', async () => {
    await page.goto(`${address}?${above(FREE, 600)}`);
    await mapReady(page);
    await page.click('.map-actions [aria-label^="시나리오"]');
    await page.waitForSelector('.note-empty');
    await shoot(page, 'scenarios-ko-none');
    await page.fill('#scenario-name', '호수 옆 탑');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-open]');
    const id = await openId(page);
    expect(page.url().includes(`scenario=${id}`), page.url());
    expect((await scenariosOf(url)).some((one) => one.id === id && one.name === '호수 옆 탑'), 'it is not recorded');
    expect((await page.getAttribute('.frame', 'data-mode')) === 'plan', 'the frame does not tell that it is a plan');
  });
}

async function buildingCheck({ tally, url, shoot }, page) {
  await tally.check('a building is drawn, given a height, placed, and seen', async () => {
    await settled(page);
    const before = await pixels(page, MAP);
    await page.click('[aria-label="지도에서 바꾸기"] .button:first-child');
    const [x, y] = await middleOf(page);
    for (const [dx, dy] of [[-60, -60], [60, -60], [60, 60], [-60, 60]]) await page.mouse.click(x + dx, y + dy);
    await page.click('.draft-note .button:first-child');
    await page.waitForSelector('#building-height');
    await page.fill('#building-name', '잠실 새 탑');
    await page.fill('#building-height', '180');
    await shoot(page, 'scenarios-ko-building');
    await page.click('.draft-note button[type=submit]');
    await page.waitForSelector('[data-change][data-kind=created]');
    const [change] = await changesOf(url, await openId(page));
    expect(change.types[0] === 'Building' && change.attributes.find(({ name }) => name === 'height').after.value === 180, JSON.stringify(change));
    await settled(page);
    await shoot(page, 'scenarios-ko-placed');
    const seen = difference(before, await pixels(page, MAP));
    expect(seen > 0.02, `the building is not seen: ${seen}`);
    const main = await fetch(`${url}/ngsi-ld/v1/entities/${encodeURIComponent(change.id)}`);
    expect(main.status === 404, 'it is in the city of now');
  });
}

async function streetCheck({ tally, url, console: address, shoot }, page) {
  await tally.check('a street is closed by a click on it', async () => {
    const roads = (await allOf(url, 'RoadSegment')).filter(({ location }) => location?.value?.type === 'LineString' && location.value.coordinates.length === 2);
    const length = ({ location: { value: { coordinates: [[x, y], [u, v]] } } }) => Math.hypot(x - u, y - v);
    const road = roads.sort((a, b) => length(b) - length(a))[0];
    const [[x, y], [u, v]] = road.location.value.coordinates;
    const id = await openId(page);
    await page.goto(`${address}?${above([(x + u) / 2, (y + v) / 2], 250)}&off=Building&panel=scenarios&scenario=${id}`);
    await mapReady(page);
    await page.waitForSelector('[data-change]');
    await page.click('[aria-label="지도에서 바꾸기"] .button:nth-child(2)');
    await page.mouse.click(...(await middleOf(page)));
    await page.waitForSelector('[data-change][data-kind=changed]');
    const change = (await changesOf(url, id)).find(({ kind }) => kind === 'changed');
    expect(change.attributes[0].name === 'closed' && change.attributes[0].after.value === true, JSON.stringify(change));
    await settled(page);
    await shoot(page, 'scenarios-ko-closed');
  });
}

async function discussionCheck({ tally, url, shoot }, page) {
  await tally.check('what is said stands with who said it', async () => {
    await page.fill('[aria-label="결정"] input', '김하나');
    await page.fill('#scenario-comment', '너무 높지 않나요?');
    await page.click('[aria-label="의견"] button[type=submit]');
    await page.waitForSelector('.scenario-comment');
    const text = await page.textContent('.scenario-comment');
    expect(text.includes('너무 높지 않나요?') && text.includes('김하나'), text);
    await shoot(page, 'scenarios-ko-comment');
    expect((await ask(url, `/api/scenarios/${await openId(page)}`)).comments.length === 1, 'it is not recorded');
  });
}

async function compareCheck({ tally, shoot }, page) {
  await tally.check('the plan and the city of now stand side by side, and by a line to swipe', async () => {
    for (const [child, mode] of [[1, 'side'], [2, 'swipe']]) {
      await page.click(`[aria-label="나란히 보기"] .row .button:nth-child(${child})`);
      await page.waitForSelector(`.compare[data-mode=${mode}]`);
      await settled(page);
      await shoot(page, `scenarios-ko-${mode}`);
      const [left, right] = [await page.textContent('.compare-left'), await page.textContent('.compare-right')];
      expect(left === '지금의 도시' && right === '호수 옆 탑', `${left} | ${right}`);
    }
    await page.click('[aria-label="나란히 보기"] .row .button:nth-child(2)');
    await page.waitForFunction(() => !document.querySelector('.compare'));
  });
}

async function undoCheck({ tally, url }, page) {
  await tally.check('one change is taken back by its button, another by Ctrl+Z and done again', async () => {
    const id = await openId(page);
    await page.click('[data-change][data-kind=created] .icon-button');
    await until(async () => (await changesOf(url, id)).length === 1, 'the building is taken back');
    await page.waitForFunction(() => document.querySelectorAll('[data-change]').length === 1);
    await page.focus('#map');
    await page.keyboard.press('Control+z');
    await until(async () => (await changesOf(url, id)).length === 0, 'the street is open again');
    await page.keyboard.press('Control+y');
    await until(async () => (await changesOf(url, id)).length === 1, 'the street is closed again');
  });
}

async function decisionCheck({ tally, url, shoot }, page) {
  await tally.check('it is proposed, approved and merged, and the city has the plan', async () => {
    const id = await openId(page);
    const [change] = await changesOf(url, id);
    for (const status of ['proposed', 'approved']) {
      await page.click('[aria-label="결정"] .row .button:first-child');
      await page.waitForSelector(`.stack-row > .scenario-status[data-status=${status}]`);
    }
    expect(await page.locator('[aria-label="지도에서 바꾸기"]').count() === 0, 'what is decided can be changed');
    await page.getByRole('button', { name: '도시에 반영하기' }).click();
    await page.click('[role=alertdialog] .button:first-child');
    await page.waitForSelector('.stack-row > .scenario-status[data-status=merged]');
    const road = await ask(url, `/ngsi-ld/v1/entities/${encodeURIComponent(change.id)}`);
    expect(road.closed.value === true && road.closed.scenario.value === id, JSON.stringify(road.closed));
    await shoot(page, 'scenarios-ko-merged');
  });
}

async function listCheck({ tally, console: address, shoot }, page) {
  await tally.check('the list and the models are English in English', async () => {
    for (const panel of ['scenarios', 'models']) {
      await page.goto(`${address}?${above(FREE, 600)}&panel=${panel}&lang=en`);
      await page.waitForSelector(panel === 'scenarios' ? '[data-scenario]' : '.panel-right p');
      const text = await page.evaluate(() => [...document.querySelectorAll('.panel-right :not(.view-name, .card p.quiet)')].filter((one) => one.children.length === 0).map((one) => one.textContent).join(' '));
      expect(!/\p{Script=Hangul}/u.test(text), text.match(/.{0,20}\p{Script=Hangul}+/u)?.[0]);
      await shoot(page, `${panel}-en`);
    }
  });
}

async function phoneCheck({ tally, browser, journal, console: address, shoot }) {
  const page = await openPage(browser, journal, { width: 390, height: 844, phone: true });
  await tally.check('the list of scenarios fits on a phone', async () => {
    await page.goto(`${address}?${above(FREE, 600)}&panel=scenarios`);
    await page.waitForSelector('[data-scenario]');
    await page.click('[data-scenario] .view-name');
    await page.waitForSelector('[data-open]');
    await shoot(page, 'scenarios-phone');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    expect(!wide, 'the page is wider than the phone');
  });
  await page.context().close();
}

const HILL = [7.4215, 43.7355];

/** A cloudburst on the hills of Monaco, run on a scenario by clicking. */
export async function floodChecks({ tally, url, console: address, shoot }, page) {
  await tally.check('a flash flood is run on a scenario, and its depth lies on the map', async () => {
    const { id } = await ask(url, '/api/scenarios', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: '80 mm' }) });
    await page.goto(`${address}?${above(HILL, 400)}&panel=scenarios&scenario=${id}&off=Building`);
    await mapReady(page);
    const before = await pixels(page, MAP);
    await page.selectOption('#run-process', 'flood');
    await page.waitForSelector('[data-run=flood]');
    await page.fill('#run-duration_s', '5');
    await page.waitForSelector('[data-input=duration_s] .field-fault');
    expect(await page.locator('[data-run] button[type=submit]').isDisabled(), 'a run outside the bounds can be started');
    await page.fill('#run-duration_s', '900');
    await page.fill('#run-rain_s', '900');
    await shoot(page, 'scenarios-ko-run');
    await page.click('[data-run] button[type=submit]');
    await page.waitForSelector('[data-job]');
    await shoot(page, 'scenarios-ko-running');
    await page.waitForSelector('[data-job][data-status=successful]', { timeout: 120_000 });
    await page.click('[data-job] summary');
    await page.click('[data-result-layer] .button');
    await settled(page);
    await shoot(page, 'scenarios-ko-flood');
    const seen = difference(before, await pixels(page, MAP));
    expect(seen > 0.01, `no water is seen: ${seen}`);
    expect((await changesOf(url, id)).length === 0, 'what a model said is taken for a change of the plan');
  });
  await tally.check('a run is stopped, and the indicators of two plans stand side by side', async () => {
    await page.fill('#run-duration_s', '86400');
    await page.click('[data-run] button[type=submit]');
    await page.click('[data-job] progress + .row .button');
    await page.waitForSelector('[data-job][data-status=dismissed]');
    await page.click('.panel-right .row .button:first-child');
    await page.click('[data-scenario] input[type=checkbox]');
    await page.selectOption('[aria-label="지표 비교"] select', 'flood');
    await page.waitForSelector('[aria-label="지표 비교"] tbody tr');
    await shoot(page, 'scenarios-ko-indicators');
    expect((await page.textContent('[aria-label="지표 비교"] tbody')).includes('잠긴'), 'no indicator of the flood');
  });
}

/** Checks of scenarios. */
export async function scenarioChecks(bench) {
  const page = await openPage(bench.browser, bench.journal);
  for (const check of [makeCheck, buildingCheck, streetCheck, discussionCheck, compareCheck, undoCheck, decisionCheck, listCheck]) await check(bench, page);
  await page.context().close();
  await phoneCheck(bench);
}
