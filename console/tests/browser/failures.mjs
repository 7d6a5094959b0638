// What people see when things fail: no city, no graphics, a server that goes away and comes back.
import { mapReady, openBrowser, openPage, settled } from './browser.mjs';
import { startServer } from './server.mjs';
import { expect } from './tally.mjs';

async function noGraphicsCheck({ tally, console: address, journal, shoot }) {
  await tally.check('without WebGL it says so and draws the city flat; lists and search go on working', async () => {
    const browser = await openBrowser(['--disable-3d-apis']);
    try {
      const page = await openPage(browser, journal);
      await page.goto(address);
      await page.waitForSelector('text=3D 지도를 그릴 수 없어');
      await shoot(page, 'no-webgl');
      await page.click('.flat-note button');
      await page.evaluate(() => window.__cityloom.go({ panel: 'list' }));
      await page.waitForSelector('.panel-list tbody tr');
      await page.click('.panel-list tbody tr .link-button');
      await page.waitForSelector('[data-entity]');
    } finally {
      await browser.close();
    }
  });
}

async function emptyCityCheck(bench) {
  const { tally, server, browser, journal, shoot } = bench;
  await tally.check('an empty city says how to import one', async () => {
    const empty = await startServer(server.binary, {});
    (bench.otherHosts ??= []).push(new URL(empty.url).host);
    try {
      const page = await openPage(browser, journal, { locale: 'en-GB' });
      await page.goto(`${empty.url}/console/`);
      await page.waitForSelector('text=There is no city yet');
      const text = await page.textContent('.map-note');
      expect(text.includes(`cityloom import --to ${empty.url}`), `it says ${text}`);
      await shoot(page, 'empty-city');
      await page.context().close();
    } finally {
      await empty.stop();
      empty.forget();
    }
  });
}

async function lostServerCheck(bench) {
  const { tally, server, browser, journal, shoot } = bench;
  await tally.check('a server that goes away is told in words, values look stale, and it comes back by itself', async () => {
    const page = await openPage(browser, journal);
    await page.goto(bench.console);
    await mapReady(page);
    await page.waitForSelector('.mode-live');
    await server.stop('SIGKILL');
    await page.waitForSelector('.banner', { timeout: 20_000 });
    await page.waitForSelector('.mode-lost');
    const text = await page.textContent('.banner');
    expect(text.includes('실시간 수신이 끊겼습니다') && /\d+초 뒤/.test(text), `it says ${text}`);
    await page.evaluate(() => window.__cityloom.select('urn:ngsi-ld:Building:none'));
    await page.waitForSelector('text=서버에 닿지 않습니다');
    await shoot(page, 'server-lost');
    const again = await startServer(server.binary, { data: server.folder, port: Number(new URL(server.url).port) });
    server.stop = again.stop;
    await page.waitForSelector('.mode-live', { timeout: 40_000 });
    await page.waitForSelector('.banner', { state: 'detached' });
    await settled(page);
    await page.context().close();
  });
}

/** Checks of failures. Those that start or end servers need a program of our own. */
export async function failureChecks(bench) {
  await noGraphicsCheck(bench);
  if (!bench.server.own) {
    bench.tally.skip('an empty city, and a server that goes away', 'the server is not ours to stop (--server)');
    return;
  }
  await emptyCityCheck(bench);
  await lostServerCheck(bench);
}
