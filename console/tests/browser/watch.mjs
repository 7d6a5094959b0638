// What an operator watches in the panel of links: how far subscribers are behind, and how good the data are. On a server of its own.
import { openPage } from './browser.mjs';
import { ask, startServer } from './server.mjs';
import { expect } from './tally.mjs';

const json = (body) => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const gauge = (number, level, more = {}) => ({ id: `urn:ngsi-ld:Gauge:${number}`, type: 'Gauge', level: { type: 'Property', value: level, observedAt: new Date().toISOString(), ...more }, source: 'water board', location: { type: 'Point', coordinates: [127.1 + number / 1000, 37.5] } });
const SCHEMA = { properties: { type: { const: 'Gauge' }, level: { type: 'number', minimum: 0, maximum: 20, 'x-ngsi': { units: 'MTR' } }, owner: { type: 'string' } } };

async function fill(url) {
  const post = async (path, body, status, method = 'POST') => {
    const answer = await fetch(url + path, { ...json(body), method });
    expect(answer.status === status, `${method} ${path}: ${answer.status} ${await answer.text()}`);
  };
  await post('/api/models/Gauge/versions/1', { schema: SCHEMA }, 201, 'PUT');
  await post('/api/models/Gauge', { mode: 'strict', interval_s: 600 }, 204, 'PATCH');
  const subscription = (id, uri, more) => ({ id, type: 'Subscription', entities: [{ type: 'Gauge' }], notification: { endpoint: { uri } }, ...more });
  // Nobody listens at port 9; the server itself answers /health to anybody.
  await post('/ngsi-ld/v1/subscriptions', subscription('urn:s:dead', 'http://127.0.0.1:9/hear', { subscriptionName: 'Flood desk' }), 201);
  await post('/ngsi-ld/v1/subscriptions', subscription('urn:s:paused', 'http://127.0.0.1:9/hear', { isActive: false }), 201);
  for (let i = 1; i <= 3; i++) await post('/ngsi-ld/v1/entities', gauge(i, i), 201);
  await post('/ngsi-ld/v1/entities', gauge(4, -3), 400);
  await post('/ngsi-ld/v1/entities', gauge(5, 3, { unitCode: 'FOT' }), 400);
}

const failing = async (url) => {
  for (let i = 0; i < 300; i++) {
    const { subscriptions } = await ask(url, '/api/subscriptions');
    if (subscriptions.some((one) => one.failuresInARow > 0 && one.lagMs > 1_000)) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error('no delivery failed');
};

async function checksIn(language, words, { tally, shoot, browser, journal }, url) {
  const page = await openPage(browser, journal);
  await page.goto(`${url}/console/?panel=links&lang=${language}`);
  // The Korean of the server's sentences comes when the map has been drawn.
  await page.waitForFunction((reason) => document.querySelector('[data-subscription="urn:s:dead"]')?.innerText.includes(reason), words.dead.at(-1));
  await tally.check(`the panel of links tells how each subscription fares (${language})`, async () => {
    const text = await page.innerText('[data-subscription="urn:s:dead"]');
    for (const word of ['Flood desk', 'urn:s:dead', 'http://127.0.0.1:9', ...words.dead]) expect(text.includes(word), `“${word}” is not in: ${text}`);
    expect(language !== 'ko' || !/\b(the|refused|failed)\b/i.test(text.replace('Flood desk', '')), `English is left: ${text}`);
    const paused = await page.innerText('[data-subscription="urn:s:paused"]');
    expect(paused.includes(words.paused), `“${words.paused}” is not in: ${paused}`);
    await shoot(page, `watch-${language}-subscriptions`);
  });
  await tally.check(`the panel of links tells how good the data are, and what was refused (${language})`, async () => {
    await page.waitForSelector('.quality-source');
    const source = page.locator('.quality-source', { has: page.locator('h4:has-text("water board")') });
    const shares = await source.locator('meter').evaluateAll((all) => all.map((one) => [one.getAttribute('aria-label'), one.value]));
    expect(shares.length === 3 && shares.every(([name]) => words.shares.includes(name)), `the shares are ${JSON.stringify(shares)}`);
    await page.locator('.quality-source summary').click();
    const refusals = await page.locator('.quality-source .refusals').innerText();
    for (const word of ['urn:ngsi-ld:Gauge:4', 'level', ...words.refused]) expect(refusals.includes(word), `“${word}” is not in: ${refusals}`);
    await page.locator('.quality-source .refusals').scrollIntoViewIfNeeded();
    await shoot(page, `watch-${language}-quality`);
  });
  await page.close();
}

/** Checks on a server that refuses bad data and whose subscriber is away. */
export async function watchChecks(bench) {
  const { tally, server } = bench;
  if (!server.binary) return tally.skip('what an operator watches', 'needs a program to start');
  const own = await startServer(server.binary, {});
  (bench.otherHosts ??= []).push(new URL(own.url).host);
  try {
    await fill(own.url);
    await failing(own.url);
    await checksIn('ko', { dead: ['실패 중', '밀린 시간', '마지막 성공', '아직 없음', '연결이 거부되었습니다'], paused: '멈춰 둠', shares: ['완전성', '유효성', '최신성'], refused: ['0 이상이어야 하는데 -3입니다', '단위가 MTR이어야 하는데'] }, bench, own.url);
    await checksIn('en', { dead: ['Failing', 'Behind by', 'Last delivered', 'none yet', 'Connection refused'], paused: 'Paused', shares: ['Complete', 'Valid', 'Fresh'], refused: ['must be at least 0, is -3', 'must be in MTR'] }, bench, own.url);
  } finally {
    await own.stop();
    own.forget();
  }
}
