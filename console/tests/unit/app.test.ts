// The App as a whole with an outside of its own: what it asks, how it goes to the past and back, what Back undoes.
import { beforeEach, describe, expect, it } from 'vitest';
import { actionForKey, listActions, stepTime, togglePlay } from '../../src/state/actions';
import { App, type Outside } from '../../src/state/app';
import type { EventSourceLike } from '../../src/state/stream';

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);
const FIRST = NOW - 3_600_000;

/** A world in which time passes when the test says so. */
class World {
  nowMs = NOW;
  query = '';
  readonly asked: string[] = [];
  readonly steps: string[] = [];
  stored: string | null = null;
  #timers: { at: number; run: () => void }[] = [];
  say: (type: string, data?: string) => void = () => undefined;

  readonly outside: Outside = {
    fetch: (url) => {
      this.asked.push(String(url));
      return Promise.resolve(new Response(JSON.stringify(this.answer(String(url)))));
    },
    languages: ['ko-KR'],
    open: (): EventSourceLike => {
      const listeners = new Map<string, (event: MessageEvent<string>) => void>();
      this.say = (type, data = '') => listeners.get(type)?.({ data } as MessageEvent<string>);
      return { addEventListener: (type, listener) => listeners.set(type, listener), close: () => undefined };
    },
    nowMs: () => this.nowMs,
    after: (ms, run) => {
      const timer = { at: this.nowMs + ms, run };
      this.#timers.push(timer);
      return () => { this.#timers = this.#timers.filter((one) => one !== timer); };
    },
    readQuery: () => this.query,
    writeQuery: (query, push) => {
      this.query = query;
      if (push) this.steps.push(query);
    },
    newId: () => `id-${this.steps.length}`,
    upload: () => Promise.resolve({ status: 200, text: '{"imported":1}' }),
    readSettings: () => this.stored,
    writeSettings: (text) => { this.stored = text; },
  };

  answer(url: string): unknown {
    if (url.startsWith('/api/summary')) return { city: { name: 'jamsil', bbox: [127, 37, 127.1, 37.1] }, offset: 3, firstRecordedAt: new Date(FIRST).toISOString(), now: new Date(this.nowMs).toISOString(), types: [{ type: 'Building', iri: '', count: 2 }, { type: 'Air', iri: '', count: 1 }] };
    if (url.startsWith('/api/links')) return { links: [] };
    const value = url.includes('asOf') ? 10 : 20;
    const sensor = { id: 'urn:x:Air:1', type: 'Air', location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [127, 37] } }, pm25: { type: 'Property', value, unitCode: 'GQ' } };
    return url.includes('/entities?') ? [sensor] : sensor;
  }

  async pass(ms: number): Promise<void> {
    const until = this.nowMs + ms;
    for (;;) {
      for (let i = 0; i < 20; i++) await Promise.resolve();
      await new Promise((resolve) => { setImmediate(resolve); });
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.nowMs = Math.max(this.nowMs, next.at);
      next.run();
    }
    this.nowMs = until;
  }
}

describe('the app', () => {
  let world: World;
  let app: App;
  const pm25 = (): number | undefined => app.sensors.get().value?.get('urn:x:Air:1')?.readings['pm25']?.value;
  beforeEach(async () => {
    world = new World();
    app = new App(world.outside);
    app.start();
    world.say('open');
    await world.pass(500);
  });

  it('reads city, links and sensors at the start', () => {
    expect(app.summary.get().value?.city?.name).toBe('jamsil');
    expect(app.links.get().state).toBe('ready');
    expect(pm25()).toBe(20);
    expect(app.language).toBe('ko');
    expect(app.range).toEqual({ startMs: FIRST, endMs: app.nowMs.get() });
  });

  it('shows the past as of then, hears nothing new meanwhile, and comes back', async () => {
    app.lookAt(FIRST + 60_000);
    await world.pass(500);
    expect(pm25()).toBe(10);
    expect(world.asked.filter((url) => url.includes('asOf')).length).toBeGreaterThan(1);
    world.say('change', JSON.stringify({ offset: 9, recordedAt: new Date(NOW).toISOString(), branch: 'main', entities: [{ id: 'urn:x:Air:1', type: ['Air'], attributes: { pm25: { value: 99 } }, deleted: false }] }));
    expect(pm25()).toBe(10);
    app.lookAt(null);
    await world.pass(500);
    expect([pm25(), app.asOf]).toEqual([20, null]);
    expect(world.steps.length).toBe(2);
  });

  it('hears changes live and of the main branch only', async () => {
    const say = (value: number, branch: string): void => world.say('change', JSON.stringify({ offset: 9, recordedAt: new Date(NOW).toISOString(), branch, entities: [{ id: 'urn:x:Air:1', type: ['Air'], attributes: { pm25: { value } }, deleted: false }] }));
    say(31, 'main');
    say(99, 'plan');
    await world.pass(300);
    expect(pm25()).toBe(31);
  });

  it('looks once for the sensor behind a change that is of none, and again when much later it still changes', async () => {
    const say = (): void => world.say('change', JSON.stringify({ offset: 9, recordedAt: new Date(NOW).toISOString(), branch: 'main', entities: [{ id: 'urn:x:Signal:1', type: ['Signal'], attributes: { phase: { value: 'red' } }, deleted: false }] }));
    const reads = (): number => world.asked.filter((url) => url.includes('/entities?')).length;
    const before = reads();
    for (let i = 0; i < 5; i++) {
      say();
      await world.pass(4000);
    }
    expect(reads()).toBe(before + 1);
    await world.pass(61_000);
    say();
    await world.pass(4000);
    expect(reads()).toBe(before + 2);
  });

  it('waits for the moment asked for and for the answers of then', async () => {
    expect(app.waits.count.get()).toBe(0);
    app.lookAt(FIRST + 60_000);
    expect(app.waits.count.get()).toBe(1);
    await world.pass(500);
    expect(app.waits.count.get()).toBe(0);
  });

  it('keeps moments inside what is recorded; the end is live', () => {
    app.lookAt(FIRST - 99_999);
    expect(app.address.get().atMs).toBe(FIRST);
    app.lookAt(NOW + 99_999);
    expect(app.address.get().atMs).toBeNull();
  });

  it('plays the past forward until live', async () => {
    togglePlay(app);
    expect(app.address.get().atMs).toBe(app.nowMs.get() - 600_000);
    await world.pass(3000);
    expect(app.address.get().atMs).toBeGreaterThan(NOW - 600_000 + 2 * 60_000);
    await world.pass(15_000);
    expect([app.address.get().atMs, app.playing.get().running]).toEqual([null, false]);
  });

  it('steps back from now, and Back undoes it', () => {
    stepTime(app, -600_000);
    expect(world.query).toContain('t=');
    world.query = '';
    app.addressChanged();
    expect(app.address.get().atMs).toBeNull();
  });

  it('reads the selected entity again when it changes', async () => {
    app.select('urn:x:Air:1');
    await world.pass(500);
    expect(app.entity.get().value?.id).toBe('urn:x:Air:1');
    const before = world.asked.length;
    world.say('change', JSON.stringify({ offset: 9, recordedAt: new Date(NOW).toISOString(), branch: 'main', entities: [{ id: 'urn:x:Air:1', type: ['Air'], attributes: {}, deleted: false }] }));
    await world.pass(1000);
    expect(world.asked.slice(before).some((url) => url.includes('entities/urn'))).toBe(true);
  });

  it('remembers settings and forgives what it cannot read', () => {
    app.settings.update((settings) => ({ ...settings, theme: 'light' }));
    expect(new App(world.outside).settings.get().theme).toBe('light');
    world.stored = '{broken';
    expect(new App(world.outside).settings.get()).toEqual({ theme: 'dark', letterKeys: true, layersOpen: true, author: '' });
  });

  it('has one action per shortcut, and letters can be turned off', () => {
    app.select('urn:x:Air:1');
    const keys = listActions(app).flatMap(({ shortcut }) => shortcut ?? []);
    expect(new Set(keys).size).toBe(keys.length);
    expect(actionForKey(app, 'l')?.id).toBe('goLive');
    app.settings.update((settings) => ({ ...settings, letterKeys: false }));
    expect([actionForKey(app, 'l'), actionForKey(app, 'Esc')?.id]).toEqual([null, 'closePanel']);
  });
});
