// A phone, 390 pixels wide: panels are sheets over the map, nothing runs over the edge, fingers find the buttons.
import { mapReady, openPage, settled } from './browser.mjs';
import { overflow, PHONE } from './fits.mjs';
import { expect } from './tally.mjs';

const smallTargets = (page) => page.evaluate(() => [...document.querySelectorAll('button, select, input')].filter((one) => {
  const box = (one.closest('label') ?? one).getBoundingClientRect();
  return one.offsetParent !== null && !one.closest('.names, td, th') && (box.width < 24 || box.height < 24);
}).map((one) => `${one.outerHTML.slice(0, 60)}`));

/** Checks on a narrow screen. */
export async function phoneChecks(bench) {
  const { tally, shoot } = bench;
  const page = await openPage(bench.browser, bench.journal, PHONE);
  await tally.check('phone: the map fills the screen and nothing runs over the edge', async () => {
    await page.goto(bench.console);
    await mapReady(page);
    await shoot(page, 'phone-ko');
    const { wide, over } = await overflow(page);
    expect(wide <= 390, `the page is ${wide} pixels wide`);
    expect(over.length === 0, over.join(' | '));
    expect((await page.locator('#map').boundingBox()).height > 400, 'the map is low');
  });
  for (const [name, word] of [['layers', '레이어'], ['list', '목록'], ['tools', '도구'], ['links', '연결']]) {
    await tally.check(`phone: the sheet “${name}” opens over the map and closes`, async () => {
      await page.tap(`.sheet-nav button:has-text("${word}")`);
      await page.waitForSelector('.panel .panel-head');
      await settled(page);
      await shoot(page, `phone-ko-${name}`);
      const box = await page.locator('.panel').boundingBox();
      expect(box.x === 0 && box.width === 390, `the sheet stands at ${JSON.stringify(box)}`);
      expect(box.y > 100, 'the sheet hides the whole map');
      const { wide, over } = await overflow(page);
      expect(wide <= 390 && over.length === 0, `${wide} ${over.join(' | ')}`);
      const small = await smallTargets(page);
      expect(small.length === 0, `too small for a finger: ${small.slice(0, 4).join(' | ')}`);
      await page.tap('.panel .panel-head .icon-button');
      await page.waitForSelector('.panel', { state: 'detached' });
    });
  }
  await tally.check('phone: a selected entity opens as a sheet with its place above it', async () => {
    await page.fill('#search-input', 'Building');
    await page.waitForSelector('#search-results [role=option]');
    await page.tap('#search-results [role=option]');
    await page.waitForSelector('[data-entity]');
    await settled(page);
    await shoot(page, 'phone-ko-selected');
    expect((await page.locator('[data-entity]').boundingBox()).y > 100, 'the sheet hides the whole map');
  });
  await page.context().close();
}
