// The real server for the browser checks: started on a free port with data of its own, ended by process id.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const START_TIMEOUT_MS = 120_000;
/** The console beside these checks, wherever the program was built. */
const CONSOLE = join(dirname(fileURLToPath(import.meta.url)), '../../dist');

/** Beside the folder, which must hold nothing else. */
const settingsOf = (folder) => `${folder}.yaml`;

function argumentsOf(folder, { city, config, port = 0, rehearses = false }) {
  const chosen = ['serve', '--data', folder, '--port', String(port), '--console', CONSOLE];
  if (city) chosen.push('--city', city);
  if (!city && !rehearses) chosen.push('--no-rehearsal');
  if (config) {
    writeFileSync(settingsOf(folder), config);
    chosen.push('--config', settingsOf(folder));
  }
  return chosen;
}

/** Starts `binary serve`; resolves when it says that it is ready. `config` is the text of a file of settings. */
export function startServer(binary, options) {
  const folder = options.data ?? mkdtempSync(join(tmpdir(), 'cityloom-browser-'));
  const process_ = spawn(binary, argumentsOf(folder, options), { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const listeners = new Set();
  const ended = new Promise((resolve) => process_.once('exit', resolve));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { process_.kill('SIGKILL'); reject(new Error(`server not ready in time: ${said}`)); }, START_TIMEOUT_MS);
    const heard = (chunk) => {
      said += chunk;
      for (const listener of listeners) listener();
      const url = said.match(/ready at (http:\/\/[^\s]+?)\/?\s/)?.[1];
      if (!url) return;
      clearTimeout(timer);
      resolve({
        url, folder,
        /** Resolves when the server has said something that fits. */
        says: (pattern) => new Promise((found, failed) => {
          const late = setTimeout(() => failed(new Error(`server does not say ${pattern}: ${said}`)), START_TIMEOUT_MS);
          const look = () => {
            if (!pattern.test(said)) return;
            clearTimeout(late);
            listeners.delete(look);
            found();
          };
          listeners.add(look);
          look();
        }),
        stop: async (signal = 'SIGTERM') => { process_.kill(signal); await ended; },
        forget: () => [folder, settingsOf(folder)].forEach((path) => rmSync(path, { recursive: true, force: true })),
      });
    };
    process_.stdout.on('data', heard);
    process_.stderr.on('data', heard);
    process_.once('exit', (code) => { clearTimeout(timer); reject(new Error(`server ended with ${code}: ${said}`)); });
  });
}

/** JSON of a path of the server; throws with status and path when it fails. */
export async function ask(url, path, options = {}) {
  const response = await fetch(url + path, options);
  if (!response.ok) throw new Error(`${options.method ?? 'GET'} ${path}: ${response.status} ${(await response.text()).slice(0, 300)}`);
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/** All entities of a type. */
export async function allOf(url, type) {
  const all = [];
  for (;;) {
    const page = await ask(url, `/ngsi-ld/v1/entities?type=${type}&limit=500&offset=${all.length}`);
    all.push(...page);
    if (page.length < 500) return all;
  }
}
