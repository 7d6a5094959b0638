// The console in Debian's Chromium against a running server. Prints a line per check and ends with "N passed, N failed".
//   node tests/browser/run.mjs [--server URL | --binary PATH] [--city DIR] [--screenshots DIR] [--only WORD,WORD]
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { accessibilityChecks } from './accessibility.mjs';
import { openBrowser } from './browser.mjs';
import { cityChecks } from './city.mjs';
import { failureChecks } from './failures.mjs';
import { liveChecks } from './live.mjs';
import { manyParts } from './many.mjs';
import { modelChecks } from './models.mjs';
import { moreChecks } from './more.mjs';
import { movingThingChecks } from './moving.mjs';
import { objectChecks } from './objects.mjs';
import { CHECKED_LINK, panelChecks } from './panels.mjs';
import { pastChecks } from './past.mjs';
import { phoneChecks } from './phone.mjs';
import { placeParts } from './places.mjs';
import { scenarioChecks } from './scenarios.mjs';
import { startServer } from './server.mjs';
import { stateChecks } from './states.mjs';
import { expect, Tally } from './tally.mjs';
import { toolParts } from './tools.mjs';
import { watchChecks } from './watch.mjs';
import { wayParts } from './ways.mjs';
import { wholeCityParts } from './whole_city.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const SHARED = process.env.CITYLOOM_SHARED ?? join(ROOT, '../shared/data');
const { values } = parseArgs({ options: {
  server: { type: 'string' }, binary: { type: 'string' }, city: { type: 'string' }, screenshots: { type: 'string' }, only: { type: 'string', default: '' },
} });
const tally = new Tally();
const journal = { requests: [], complaints: [] };
const PARTS = { city: cityChecks, live: liveChecks, past: pastChecks, panels: panelChecks, ...toolParts, more: moreChecks, moving: movingThingChecks, objects: objectChecks, models: modelChecks, scenarios: scenarioChecks, watch: watchChecks, ...placeParts, ...wholeCityParts, ...manyParts, ...wayParts, phone: phoneChecks, accessibility: accessibilityChecks, states: stateChecks, failures: failureChecks };
/** The server to look at: the one named, or one of our own on the real district. */
async function findServer() {
  if (values.server) return { url: values.server.replace(/\/(console\/?)?$/, ''), own: false };
  const binary = values.binary ?? process.env.CITYLOOM_BINARY ?? join(ROOT, 'build/release/cityloom');
  const city = values.city ?? join(SHARED, 'seoul-jamsil');
  if (!existsSync(binary)) return { missing: `no server program at ${binary}` };
  if (!existsSync(city)) return { missing: `no city at ${city}` };
  return { ...(await startServer(binary, { city, config: CHECKED_LINK })), binary, own: true };
}

async function main() {
  const server = await findServer();
  if (server.missing) {
    tally.skip('console in the browser', server.missing);
    return 0;
  }
  if (values.screenshots) mkdirSync(values.screenshots, { recursive: true });
  const browser = await openBrowser();
  const shoot = async (page, name) => values.screenshots && page.screenshot({ path: join(values.screenshots, `${name}.png`) });
  const bench = { tally, journal, server, shared: SHARED, browser, url: server.url, console: `${server.url}/console/`, shoot };
  try {
    for (const [name, checks] of Object.entries(PARTS)) {
      if (values.only.split(',').some((word) => name.includes(word))) await checks(bench);
    }
    await tally.check('no request went to any outside address', () => {
      const inside = [new URL(server.url).host, ...(bench.otherHosts ?? [])];
      const outside = journal.requests.filter((url) => !/^(data|blob|about):/.test(url) && !inside.includes(new URL(url).host));
      expect(journal.requests.length > 10, `only ${journal.requests.length} requests seen`);
      expect(outside.length === 0, `asked ${[...new Set(outside)].slice(0, 5).join(', ')}`);
    });
    await tally.check('no script failed and nothing was reported as an error', () => {
      expect(journal.complaints.length === 0, [...new Set(journal.complaints)].slice(0, 5).join(' | '));
    });
  } finally {
    await browser.close();
    if (server.own) {
      await server.stop();
      server.forget();
    }
  }
  return tally.end();
}

main().then((code) => { process.exitCode = code; }, (error) => {
  console.log(error?.stack ?? String(error));
  console.log(`not ok browser test: ${error?.message ?? error}`);
  tally.failed++;
  process.exitCode = tally.end() || 1;
});
