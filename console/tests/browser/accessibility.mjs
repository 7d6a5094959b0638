// axe-core over every screen: it must find nothing.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { mapReady, openPage, settled } from './browser.mjs';
import { namedBuilding } from './city.mjs';
import { expect } from './tally.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function axe(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.slice(0, 3).map(({ target, any }) => `${target.join(' ')} ${any[0]?.message ?? ''}`).join('; ')})`);
  expect(violations.length === 0, told.join(' | '));
}

/** Changes what the open page shows, as its own controls do, and waits until the panel and what it asks for are there. */
async function show(page, change) {
  await page.evaluate((wanted) => window.__cityloom.go(wanted), { selected: null, panel: null, listType: null, atMs: null, language: 'ko', ...change });
  if (change.selected) await page.waitForSelector(`[data-entity="${change.selected}"]`);
  else if (change.panel) await page.waitForSelector(`.panel${change.panel === 'layers' ? '-layers' : ':not(.panel-layers)'} .panel-head`);
  await settled(page);
}

async function dialogChecks({ tally, shoot }, page) {
  await tally.check('axe finds nothing: the command palette and the help', async () => {
    await page.keyboard.press('Control+k');
    await page.waitForSelector('dialog.palette[open]');
    await axe(page);
    await page.keyboard.press('Escape');
    await page.evaluate(() => window.__cityloom.dialog.set('help'));
    await page.waitForSelector('dialog.help[open]');
    await axe(page);
    await shoot(page, 'light-help');
  });
}

/** axe on each panel, theme, width and dialog. */
export async function accessibilityChecks(bench) {
  const { tally, url, console: address, browser, journal, shoot } = bench;
  const building = { selected: (await namedBuilding(url)).id, panel: 'inspector' };
  const screens = {
    map: {}, inspector: building, list: { panel: 'list', listType: 'Building' }, links: { panel: 'links', language: 'en' }, past: { ...building, atMs: Date.now() - 2000 },
  };
  const tools = {
    ...Object.fromEntries(['sun', 'measure', 'section', 'under', 'filters', 'charts', 'compare', 'views', 'import', 'picture', 'scenarios', 'models'].map((panel) => [panel, { panel }])),
    measured: { panel: 'measure', shapes: [{ kind: 'distance', points: [[127.1, 37.51, 0], [127.102, 37.511, 0]] }] },
    painted: { panel: 'filters', paints: { Building: 'category' } },
  };
  const page = await openPage(browser, journal);
  await page.goto(address);
  await mapReady(page);
  for (const theme of ['dark', 'light']) {
    await page.evaluate((wanted) => window.__cityloom.settings.update((settings) => ({ ...settings, theme: wanted })), theme);
    for (const [name, change] of Object.entries(screens)) {
      await tally.check(`axe finds nothing: ${name}, ${theme}`, async () => {
        await show(page, change);
        await axe(page);
        await shoot(page, `${theme}-${name}`);
      });
    }
  }
  for (const [name, change] of Object.entries(tools)) {
    await tally.check(`axe finds nothing: ${name}`, async () => {
      await show(page, { language: 'en', ...change });
      await axe(page);
      await shoot(page, `tool-${name}`);
      await show(page, { shapes: [], paints: {} });
    });
  }
  await dialogChecks(bench, page);
  await page.context().close();
  const phone = await openPage(browser, journal, { width: 390, height: 844, phone: true });
  await phone.goto(address);
  await mapReady(phone);
  for (const [name, change] of Object.entries({ map: {}, layers: { panel: 'layers' }, inspector: building, list: { panel: 'list' }, tools: { panel: 'tools' }, measure: { panel: 'measure' }, filters: { panel: 'filters' } })) {
    await tally.check(`axe finds nothing: phone, ${name}`, async () => {
      await show(phone, change);
      await axe(phone);
    });
  }
  await phone.context().close();
}
