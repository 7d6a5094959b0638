// Panels and keys: search, lists, links, languages, the command palette, and a whole path by keyboard alone.
import { mapReady, openPage, settled } from './browser.mjs';
import { above, namedBuilding } from './city.mjs';
import { ask } from './server.mjs';
import { expect } from './tally.mjs';

/** Settings of a server with a link that these checks push to. */
export const CHECKED_LINK = `links:
  - name: browser-check
    label: {ko: 점검 연결, en: Link of the checks}
    kind: push
    mapping:
      entity: {id: "urn:ngsi-ld:Device:{id}", type: Device}
      observed_at: received
      attributes:
        temperature: {from: t, unit: CEL, missing: refuse}
`;

async function searchChecks({ tally, url, console: address, shoot }, page) {
  const building = await namedBuilding(url);
  await tally.check('search by name finds, Enter selects and flies there', async () => {
    await page.goto(address);
    await mapReady(page);
    await page.keyboard.press('/');
    await page.keyboard.type(building.name);
    await page.waitForSelector('#search-results [role=option]');
    await shoot(page, 'desktop-ko-search');
    const ids = await page.locator('.result-id').allTextContents();
    const index = ids.indexOf(building.id);
    expect(index >= 0, `${building.id} is not among ${ids.join(', ')}`);
    for (let i = 0; i < index; i++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForSelector(`[data-entity="${building.id}"]`);
    await settled(page);
    const [longitude, latitude] = new URL(page.url()).searchParams.get('view').split(',').map(Number);
    expect(Math.hypot(longitude - building.place[0], latitude - building.place[1]) < 0.02, `the eye is at ${longitude}, ${latitude}`);
  });
  await tally.check('search by id and by type finds, and nothing found is said in words', async () => {
    for (const text of [building.id, 'RoadSegment']) {
      await page.fill('#search-input', text);
      await page.waitForFunction((wanted) => [...document.querySelectorAll('.result-id')].some((one) => one.textContent.includes(wanted)), text);
    }
    await page.fill('#search-input', 'zzqqxx');
    await page.waitForFunction(() => document.querySelector('.search-results')?.textContent.includes('맞는 것이 없습니다'));
    await page.fill('#search-input', '');
  });
}

async function listAndLinkChecks({ tally, url, shoot }, page) {
  await tally.check('the list behind a layer sorts, filters and opens an entity', async () => {
    await page.click('button[aria-label="건물 목록 열기"]');
    await page.waitForSelector('.panel-list tbody tr');
    await page.click('.panel-list thead button:has-text("높이")');
    await page.click('.panel-list thead button:has-text("높이")');
    const heights = (await page.locator('.panel-list tbody td.number:nth-child(2)').allTextContents()).slice(0, 20).map(parseFloat);
    expect(heights.length > 5 && heights.every((height, i) => i === 0 || height <= heights[i - 1]), `heights: ${heights.join(', ')}`);
    await shoot(page, 'desktop-ko-list');
    await page.click('.panel-list tbody tr .link-button');
    await page.waitForSelector('[data-entity]');
  });
  await tally.check('links say their state in words, with rates and refusals', async () => {
    const { links } = await ask(url, '/api/links');
    await page.click('.chip-links');
    if (links.length === 0) return page.waitForSelector('text=설정된 연결이 없습니다');
    await page.waitForFunction((count) => document.querySelectorAll('[data-link]').length === count, links.length);
    const text = await page.textContent('.panel-right');
    for (const { name } of links) expect(text.includes(name), `${name} is not shown`);
    expect(/작동 중|연결하는 중|다시 시도 대기|끝남|실패/.test(text), `no state in words: ${text}`);
    return shoot(page, 'desktop-ko-links');
  });
}

/** The card of the checked link in the panel of links. */
const checkedCard = (page) => page.locator('[data-link="browser-check"]');

async function refusalCheck({ tally, url, server, shoot }, page) {
  if (!server.own) return tally.skip('refused messages of a link', 'the server is not ours to configure (--server)');
  return tally.check('messages that a link refuses are counted, with the reason and the message', async () => {
    const push = (text) => fetch(`${url}/api/links/browser-check/push`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: text });
    const taken = await push('{"id": "browser-1", "t": 21.5}');
    expect(taken.status === 202, `a good message is answered with ${taken.status}`);
    const sent = ['{"id": "browser-2", "humidity": 40}', '{"t": 20.25}'];
    for (const text of sent) expect((await push(text)).status === 400, `${text} is taken`);
    const card = checkedCard(page);
    await card.locator('summary').click();
    const shown = await card.locator('.refusals li').evaluateAll((all) => all.map((one) => ({ reason: one.querySelector('strong').innerText, sample: one.querySelector('code').innerText })));
    const { refusals } = (await ask(url, '/api/links')).links.find(({ name }) => name === 'browser-check');
    expect(shown.length === sent.length, `${shown.length} refusals are shown`);
    for (const text of sent) expect(shown.some(({ sample }) => sample === text), `${text} is not among ${JSON.stringify(shown)}`);
    const isKorean = (text) => /\p{Script=Hangul}/u.test(text) && !/\b(the|is|has|no)\b/.test(text);
    for (const { reason, sample } of refusals) expect(shown.some((one) => isKorean(one.reason) && one.sample === sample), `“${reason}” is not shown in Korean`);
    expect(shown.some(({ reason }) => reason.includes('temperature')) && new Set(shown.map(({ reason }) => reason)).size === 2, `the reasons are ${JSON.stringify(shown)}`);
    const figure = (name) => card.locator('.figures div', { has: page.locator(`dt:text-is("${name}")`) }).locator('dd').innerText();
    expect((await figure('거절')) === '2' && (await figure('받음')) === '1', `거절 ${await figure('거절')}, 받음 ${await figure('받음')}`);
    await card.scrollIntoViewIfNeeded();
    await shoot(page, 'desktop-ko-links-refused');
    await ask(url, '/ngsi-ld/v1/entities/urn:ngsi-ld:Device:browser-1', { method: 'DELETE' });
  });
}

async function languageChecks({ tally, shoot }, page) {
  await tally.check('the language switches at once and stays in the address', async () => {
    await page.click('button[lang=en]');
    await page.waitForFunction(() => document.documentElement.lang === 'en');
    expect((await page.textContent('.panel-layers h2')) === 'Layers', 'the layer panel is not English');
    expect(page.url().includes('lang=en'), 'the language is not in the address');
    const hangul = (await page.evaluate(() => document.querySelector('.panel-layers').innerText + document.querySelector('.time').innerText)).match(/\p{Script=Hangul}+/u);
    expect(!hangul, `Korean is left: ${hangul}`);
    await shoot(page, 'desktop-en');
    await page.click('button[lang=ko]');
    await page.waitForFunction(() => document.documentElement.lang === 'ko');
  });
}

/** Presses Tab until the focus is on what `selector` names. */
async function tabTo(page, selector, most = 80) {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
  }
  throw new Error(`${most} times Tab does not lead to ${selector}`);
}

async function wholeWayByKeyboardCheck({ tally, url, console: address, shoot }, page) {
  const building = await namedBuilding(url);
  await tally.check('by keyboard alone: search, select, read the history, look into the past, come back to live', async () => {
    await page.goto(address);
    await page.waitForSelector('.layer');
    await page.keyboard.press('/');
    await page.keyboard.type(building.name);
    await page.waitForSelector('#search-results [role=option]');
    await page.keyboard.press('Enter');
    await page.waitForSelector(`[data-entity="${building.id}"]`);
    await tabTo(page, '[data-attribute="height"] button[aria-expanded]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-history="height"] p');
    await tabTo(page, '#time-slider');
    await page.keyboard.press('ArrowLeft');
    await page.waitForSelector('.frame[data-mode="past"]');
    await page.waitForSelector('.as-of');
    await shoot(page, 'keyboard-past');
    await tabTo(page, 'button.mode-past');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.frame[data-mode="live"]');
    await page.waitForSelector('.as-of', { state: 'detached' });
  });
}

async function keyboardChecks({ tally, url, console: address, shoot }, page) {
  const building = await namedBuilding(url);
  await tally.check('by keyboard alone: skip to the map, select what is in the middle, read it, close it', async () => {
    await page.goto(`${address}?${above(building.place, 500 + building.height)}`);
    await mapReady(page);
    await page.keyboard.press('Tab');
    expect((await page.evaluate(() => document.activeElement.className)) === 'skip', 'Tab does not reach the skip link first');
    await page.keyboard.press('Enter');
    expect((await page.evaluate(() => document.activeElement.id)) === 'map', 'the skip link does not lead to the map');
    await page.keyboard.press('Enter');
    await page.waitForSelector(`[data-entity="${building.id}"]`);
    await page.keyboard.press('Escape');
    await page.waitForSelector('[data-entity]', { state: 'detached' });
    const before = page.url();
    await page.keyboard.press('ArrowRight');
    await settled(page);
    expect(page.url() !== before, 'the arrow key does not move the map');
  });
  await tally.check('the command palette opens by Ctrl-K, finds and runs, and gives the focus back', async () => {
    await page.keyboard.press('Control+k');
    await page.waitForSelector('dialog.palette[open]');
    await page.keyboard.type('연결 상태');
    await shoot(page, 'desktop-ko-palette');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => window.location.search.includes('panel=links'));
    await page.keyboard.press('?');
    await page.waitForSelector('dialog.help[open]');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog.help', { state: 'detached' });
  });
  await tally.check('the slider moves by arrow keys', async () => {
    await page.locator('#time-slider').focus();
    await page.keyboard.press('Home');
    await page.waitForSelector('.frame[data-mode="past"]');
    await page.keyboard.press('End');
    await page.waitForSelector('.frame[data-mode="live"]');
  });
  await tally.check('every control has a focus that is seen', async () => {
    const unseen = await page.evaluate(() => {
      const found = [];
      for (const element of document.querySelectorAll('button, select, input, a[href], [tabindex="0"]')) {
        if (element.offsetParent === null) continue;
        element.focus({ focusVisible: true });
        const own = getComputedStyle(element);
        const around = getComputedStyle(element.parentElement);
        if (document.activeElement === element && own.outlineStyle === 'none' && around.outlineStyle === 'none') found.push(element.outerHTML.slice(0, 80));
      }
      return found;
    });
    expect(unseen.length === 0, unseen.join(' | '));
  });
}

/** Checks of the panels around the map. */
export async function panelChecks(bench) {
  const page = await openPage(bench.browser, bench.journal);
  await searchChecks(bench, page);
  await listAndLinkChecks(bench, page);
  await refusalCheck(bench, page);
  await languageChecks(bench, page);
  await keyboardChecks(bench, page);
  await wholeWayByKeyboardCheck(bench, page);
  await page.context().close();
}
