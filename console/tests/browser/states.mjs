// Every panel that asks the server for something: what it shows while the answer is on its way, when it fails, and when there is nothing.
// One table, one way to check: the request is held, answered by a failure, let through after "try again", and answered with nothing.
import { openPage } from './browser.mjs';
import { ask, startServer } from './server.mjs';
import { REQUESTS, SAMPLES, WITHOUT_REQUEST } from './states_table.mjs';
import { expect } from './tally.mjs';

/** Pixels do not matter here. */
const SMALL = { width: 1000, height: 640 };
/** Without it the address would still hold what the row before looked at. */
const NOTHING = { panel: null, selected: null, listType: null, atMs: null, shapes: [], series: [], paints: {}, filters: {}, inside: null, compare: null, under: null };
const NOTES = { loading: '.note-loading', failed: '.note-failure[role=alert]', empty: '.note-empty' };
const SCRIPT = { ko: /\p{Script=Hangul}{2}/u, en: /[a-z]{3}/ };
const FAILURE = { status: 500, contentType: 'application/problem+json', body: JSON.stringify({ title: 'Broken', detail: 'on purpose' }) };

/** Stands between page and server for the requests of one row. */
class Door {
  mode = 'pass';
  asked = 0;
  #held = [];

  constructor(page, row) {
    [this.page, this.row] = [page, row];
  }

  async open() {
    const [also, answer] = this.row.given ?? [];
    if (also) await this.page.route(also, (route) => route.fulfill({ json: answer }));
    await this.page.route(this.row.asks, (route) => {
      this.asked++;
      if (this.mode !== 'hang') return this.#answer(route);
      this.#held.push(route);
      return undefined;
    });
  }

  /** From now on requests are answered so; those held are as well. */
  async turn(mode) {
    this.mode = mode;
    await Promise.all(this.#held.splice(0).map((route) => this.#answer(route)));
  }

  async close() {
    await this.turn('pass');
    await this.page.unrouteAll();
  }

  /** A request may have been given up meanwhile, by the page or with it. */
  #answer(route) {
    const { nothing, answer, fails = FAILURE } = this.row;
    const given = this.mode === 'empty' ? nothing : this.mode === 'pass' ? answer : undefined;
    const done = this.mode === 'fail' ? (fails === 'abort' ? route.abort() : route.fulfill(fails))
      : given === undefined ? route.continue()
        : typeof given === 'number' ? route.fulfill({ ...FAILURE, status: given })
          : route.fulfill({ json: typeof given === 'function' ? given(route.request().url()) : given });
    return done.catch(() => undefined);
  }
}

const go = (page, change) => page.evaluate((wanted) => window.__cityloom.go(wanted), change);

/** Opens the page at a state, as a link would. */
async function openAt(page, address, change) {
  await page.goto(`${address}?flat=1`);
  await page.waitForFunction(() => window.__cityloom);
  await go(page, { ...NOTHING, ...change });
}

/** Shows a row's panel from the beginning. */
async function show(page, address, row, again) {
  const change = { language: 'ko', ...((again && row.again) || row.show) };
  if (row.fresh) await openAt(page, address, change);
  else {
    await go(page, { ...NOTHING });
    await go(page, change);
  }
  await (again && row.doAgain ? row.doAgain(page) : row.do?.(page));
}

/** Waits until a place shows this state and no other, and says so in both languages; the answer are the texts. */
async function stateIs(page, row, state) {
  const wanted = row[state] ?? NOTES[state];
  const others = Object.entries(NOTES).filter(([name]) => name !== state).map(([, selector]) => selector);
  const texts = {};
  for (const language of ['en', 'ko']) {
    await go(page, { language });
    const handle = await page.waitForFunction(([scope, selector, unwanted, lang]) => {
      const places = [...document.querySelectorAll(scope)];
      const note = places.map((place) => place.querySelector(selector) ?? (place.matches(selector) ? place : null)).find(Boolean);
      const isAlone = !places.some((place) => unwanted.some((other) => [...place.querySelectorAll(other)].some((one) => !one.contains(note) && !note?.contains(one))));
      return document.documentElement.lang === lang && note && isAlone && note.getClientRects().length > 0
        ? { text: note.innerText, label: note.getAttribute('aria-label') ?? '', lines: [...note.querySelectorAll('h2, p')].map((one) => one.innerText), buttons: [...note.querySelectorAll('button')].map((one) => one.innerText) } : null;
    }, [row.in, wanted, row.beside ? [] : others, language], { timeout: 10_000 }).catch((error) => { throw new Error(`not seen in ${row.in}: ${state} (${language}) ${error.message.split('\n')[0]}`); });
    texts[language] = await handle.jsonValue();
    const said = `${texts[language].text} ${texts[language].label}`;
    expect(SCRIPT[language].test(said), `${state} in ${language} reads “${said}”`);
    if (language === 'en') expect(!SCRIPT.ko.test(said), `${state} in English reads “${said}”`);
  }
  for (const language of ['ko', 'en']) {
    if (state === 'failed') expect(texts[language].buttons.length > 0, `no way to try again: ${texts[language].text}`);
    if (state !== 'loading') expect(texts[language].lines.filter((line) => line.trim().length > 5).length > 1 || row.short, `it is not said what to do: ${texts[language].text}`);
  }
  return texts;
}

/** Nothing is loading, has failed or is missing any more. */
const isGood = (page, row) => page.waitForFunction(([scope, unwanted, good]) => {
  const places = [...document.querySelectorAll(scope)];
  return !places.some((place) => unwanted.some((other) => place.querySelector(other))) && (good ? document.querySelector(good) !== null : places.length > 0);
}, [row.in, [NOTES.loading, NOTES.failed, row.failed].filter(Boolean), row.good], { timeout: 15_000 });

async function rowCheck({ shoot }, page, address, row) {
  const door = new Door(page, row);
  const picture = (state) => shoot(page, `states-${row.name.replaceAll(' ', '-')}-${state}`);
  await door.open();
  try {
    await door.turn('hang');
    await show(page, address, row, false);
    await stateIs(page, row, 'loading');
    await picture('loading');
    await door.turn('fail');
    await stateIs(page, row, 'failed');
    await picture('failed');
    const before = door.asked;
    await door.turn('pass');
    await page.locator(row.retry ?? `${row.in} ${row.failed ?? NOTES.failed} button`).first().click();
    await isGood(page, row);
    expect(door.asked > before, 'trying again asks nothing');
    if (row.nothing === undefined) return;
    await door.turn('empty');
    await show(page, address, row, true);
    await stateIs(page, row, 'empty');
    await picture('empty');
  } finally {
    await door.close();
  }
}

async function filledServer(bench) {
  const server = await startServer(bench.server.binary, {});
  (bench.otherHosts ??= []).push(new URL(server.url).host);
  for (const entity of SAMPLES) await ask(server.url, '/ngsi-ld/v1/entities', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(entity) });
  const again = (value, minute) => ask(server.url, '/ngsi-ld/v1/entities/urn:ngsi-ld:Device:sample/attrs', { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ temperature: { type: 'Property', value, unitCode: 'CEL', observedAt: `2026-01-01T00:0${minute}:00Z` } }) });
  for (const minute of [1, 2, 3]) await again(20 + minute, minute);
  return server;
}

/** Checks of the three states of each panel, on a server of our own with one thing of each kind. */
export async function stateChecks(bench) {
  const { tally, journal, browser } = bench;
  if (!bench.server.binary) return tally.skip('loading, failed and empty panels', 'only with a server of our own');
  const server = await filledServer(bench);
  // A panel that fails on purpose is told by React as an error of the page.
  const page = await openPage(browser, { requests: journal.requests, complaints: [] }, SMALL);
  try {
    const address = `${server.url}/console/`;
    await openAt(page, address, {});
    for (const row of REQUESTS) await tally.check(`${row.name}: says that it is loading, that it failed with a way to try again${row.nothing === undefined ? '' : ', and that there is nothing'}`, () => rowCheck(bench, page, address, row));
    await tally.check('panels that ask nothing say what to do while there is nothing', async () => {
      await openAt(page, address, {});
      for (const row of WITHOUT_REQUEST) {
        await go(page, { ...NOTHING, ...row.show });
        await stateIs(page, row, 'empty').catch((error) => { throw new Error(`${row.name}: ${error.message}`); });
      }
    });
  } finally {
    await page.context().close();
    await server.stop();
    server.forget();
  }
}
