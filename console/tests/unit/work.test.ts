// What people do and take back: drawing, undo, imports, saved views; and what the stream brings of moving things.
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress, type Address } from '../../src/state/address';
import { CityApi } from '../../src/state/api';
import { Drawing } from '../../src/state/drawing';
import { importPath, Imports, NO_ANSWERS, type ImportOutside, type Upload, type UploadAnswer } from '../../src/state/imports';
import { MovingThings } from '../../src/state/moving';
import { Store } from '../../src/state/store';
import type { Change } from '../../src/state/types';
import { UndoList } from '../../src/state/undo';
import { ValueTables, tableOf } from '../../src/state/value_tables';
import { SavedViews } from '../../src/state/views';

const settle = async (): Promise<void> => { for (let i = 0; i < 30; i++) await new Promise((resolve) => { setImmediate(resolve); }); };

class Place {
  readonly address = new Store<Address>(parseAddress(''));
  go = (change: Partial<Address>): void => this.address.set({ ...this.address.get(), ...change });
}

/** A server that keeps entities. */
class Server {
  readonly entities = new Map<string, Record<string, unknown>>();
  readonly asked: string[] = [];
  readonly fetch = ((url: string, options: RequestInit = {}): Promise<Response> => {
    const method = options.method ?? 'GET';
    this.asked.push(`${method} ${url}`);
    const id = decodeURIComponent(/entities\/([^/?]+)/.exec(url)?.[1] ?? '');
    const body = typeof options.body === 'string' ? (JSON.parse(options.body) as Record<string, unknown>) : {};
    if (method === 'POST') this.entities.set(String(body['id']), body);
    if (method === 'PATCH') this.entities.set(id, { ...this.entities.get(id), ...body });
    if (method === 'DELETE') this.entities.delete(id);
    return Promise.resolve(new Response(method === 'GET' ? JSON.stringify([...this.entities.values()]) : null, { status: method === 'GET' ? 200 : 204, headers: { 'NGSILD-Results-Count': String(this.entities.size) } }));
  }) as typeof fetch;
}

describe('drawing', () => {
  it('keeps a finished shape in the address, and undo and redo move it out and in', () => {
    const [place, undo] = [new Place(), new UndoList()];
    const drawing = new Drawing(place, undo);
    drawing.start('distance');
    drawing.addPoint([127, 37, 1]);
    expect(drawing.finish()).toBe(false);
    drawing.addPoint([127.1, 37, 2]);
    expect(drawing.finish()).toBe(true);
    expect(formatAddress(place.address.get())).toBe('?draw=distance~127,37,1~127.1,37,2');
    undo.undo();
    expect(place.address.get().shapes).toEqual([]);
    undo.redo();
    expect(place.address.get().shapes).toHaveLength(1);
    drawing.remove(place.address.get().shapes[0]!);
    undo.undo();
    expect(place.address.get().shapes).toHaveLength(1);
  });
  it('finishes a height by itself, keeps one section only, and drops points one by one', () => {
    const place = new Place();
    const drawing = new Drawing(place, new UndoList());
    drawing.start('height');
    drawing.addPoint([0, 0, 0]);
    drawing.addPoint([0, 0, 5]);
    expect(place.address.get().shapes.map(({ kind }) => kind)).toEqual(['height']);
    for (const y of [1, 2]) {
      drawing.start('section');
      drawing.addPoint([0, 0]);
      drawing.addPoint([0, y]);
      drawing.finish();
    }
    expect(place.address.get().shapes.map(({ kind }) => kind)).toEqual(['height', 'section']);
    expect(drawing.draft.get()).toBeNull();
    drawing.start('area');
    drawing.addPoint([0, 0]);
    drawing.dropPoint();
    drawing.dropPoint();
    expect(drawing.draft.get()).toBeNull();
  });
});

describe('undo', () => {
  it('forgets what was taken back once something new is done, and says when there is nothing', () => {
    const undo = new UndoList();
    const log: string[] = [];
    const step = (name: string) => ({ text: 'undo.drawn' as const, undo: () => { log.push(`-${name}`); }, redo: () => { log.push(`+${name}`); } });
    expect([undo.undo(), undo.redo()]).toEqual([null, null]);
    undo.did(step('a'));
    undo.did(step('b'));
    undo.undo();
    undo.did(step('c'));
    expect(undo.redo()).toBeNull();
    undo.undo();
    undo.undo();
    expect(log).toEqual(['-b', '-c', '-a']);
  });
});

describe('imports', () => {
  const file = (name: string): File => new File(['x'], name);
  /** The world outside: ids that count up, timers that run when told to, and what /api/imports answers. */
  const world = (upload: Upload, answers: unknown[] = []) => {
    const timers = new Set<() => void>();
    let ids = 0;
    const outside: ImportOutside = {
      upload,
      newId: () => `id-${++ids}`,
      fetch: async () => {
        const answer = answers.shift();
        if (answer === undefined) throw new Error('unreachable');
        return new Response(JSON.stringify(answer));
      },
      after: (_, run) => {
        const timer = (): void => { timers.delete(timer); run(); };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    };
    return { outside, timers, tick: async () => { for (const run of [...timers]) run(); await settle(); } };
  };
  it('send one file after the other and keep the report of each', async () => {
    let [running, most, done] = [0, 0, 0];
    const upload: Upload = async (path) => {
      most = Math.max(most, ++running);
      await settle();
      running--;
      return path.includes('bad') ? { status: 400, text: '{"title":"No map","detail":"line 3"}' } : { status: 200, text: '{"imported":2,"warnings":[{"reason":"r"}]}' };
    };
    const imports = new Imports(world(upload).outside, () => { done++; });
    imports.add([file('a.osm'), file('bad.osm'), file('c.osm')]);
    for (let i = 0; i < 6; i++) await settle();
    expect(imports.jobs.get().map(({ phase }) => phase)).toEqual(['done', 'failed', 'done']);
    expect([most, done]).toEqual([1, 2]);
    expect(imports.jobs.get()[0]?.report).toMatchObject({ imported: 2, warningsCount: 1 });
    expect(imports.jobs.get()[1]?.failure).toEqual({ kind: 'refused', detail: 'No map: line 3' });
  });
  it('can be given up, before and while they are sent, and sent again with answers', async () => {
    const paths: string[] = [];
    const upload: Upload = (path, _, __, signal) => new Promise((resolve, reject) => {
      paths.push(path);
      if (path.includes('EPSG')) resolve({ status: 200, text: '{"imported":1}' });
      signal.addEventListener('abort', () => reject(new Error('given up')));
    });
    const imports = new Imports(world(upload).outside, () => undefined);
    imports.add([file('a'), file('b')]);
    await settle();
    imports.giveUp(2);
    imports.giveUp(1);
    await settle();
    expect(imports.jobs.get().map(({ phase }) => phase)).toEqual(['givenUp', 'givenUp']);
    imports.again(1, { ...NO_ANSWERS, crs: ' EPSG:5186 ' });
    await settle();
    expect(imports.jobs.get()[0]?.phase).toBe('done');
    expect(paths).toEqual(['/api/import?name=a&id=id-1', '/api/import?name=a&id=id-2&crs=EPSG%3A5186']);
    expect(importPath('ä b.gml', 'x', NO_ANSWERS)).toBe('/api/import?name=%C3%A4+b.gml&id=x');
  });
  it('tell how far the server is while it reads, and ask no more at the end', async () => {
    let finish = (_: UploadAnswer): void => undefined;
    const upload: Upload = (_, __, onSent) => new Promise((resolve) => {
      onSent(1);
      finish = resolve;
    });
    const mine = { id: 'id-1', file: 'b.gml', bytesDone: 30, bytesTotal: 40, entities: 12 };
    const { outside, timers, tick } = world(upload, [{ imports: [] }, 'nonsense', { imports: [{ ...mine, id: 'other' }, mine] }]);
    const imports = new Imports(outside, () => undefined);
    const read = () => imports.jobs.get()[0]?.read;
    imports.add([file('a.zip')]);
    for (const told of [null, null, { file: 'b.gml', part: 0.75, entities: 12 }, { file: 'b.gml', part: 0.75, entities: 12 }]) {
      await tick();
      expect(read()).toEqual(told);
    }
    expect(timers.size).toBe(1);
    finish({ status: 200, text: '{"imported":12}' });
    await settle();
    expect(imports.jobs.get()[0]?.phase).toBe('done');
    expect(timers.size).toBe(0);
  });
});

describe('saved views', () => {
  it('live in the record: saved, renamed, deleted, each with a way back', async () => {
    const [server, undo] = [new Server(), new UndoList()];
    const views = new SavedViews(new CityApi(server.fetch), undo, () => '1');
    await views.save('아침', '?view=1,2,3,4,-5&filter=Building~height~1..2');
    expect(views.list.get().value).toMatchObject([{ name: '아침', query: '?view=1,2,3,4,-5&filter=Building~height~1..2' }]);
    expect(JSON.stringify([...server.entities.values()])).not.toMatch(/[=(<>]/);
    await views.rename(views.list.get().value![0]!, '저녁');
    expect(views.list.get().value?.[0]?.name).toBe('저녁');
    undo.undo();
    await settle();
    expect(views.list.get().value?.[0]?.name).toBe('아침');
    await views.remove(views.list.get().value![0]!);
    expect(server.entities.size).toBe(0);
    undo.undo();
    await settle();
    expect(server.entities.size).toBe(1);
  });
});

describe('moving things', () => {
  const change = (id: string, x: number, more: object = {}): Change => ({
    offset: 1, recordedAt: '2026-11-22T00:00:00Z', branch: 'main', entities: [{ id, type: ['Vehicle'], deleted: false, attributes: { location: { value: { type: 'Point', coordinates: [x, 37] } }, ...more } }],
  });
  it('come and move by the stream, know what they are, and go when deleted', () => {
    const moving = new MovingThings();
    moving.heard(change('a', 127, { vehicleType: { value: 'bus' }, invented: { value: true }, speed: { value: 30 } }), 0);
    moving.heard(change('a', 127.001), 1000);
    const thing = moving.all.get('a');
    expect(thing).toMatchObject({ kind: 'bus', invented: true, speed: 30 });
    expect(thing?.track.to[0]).toBe(127.001);
    moving.heard({ ...change('a', 0), entities: [{ id: 'a', type: ['Vehicle'], deleted: true, attributes: {} }] }, 2000);
    expect(moving.count.get()).toBe(0);
  });
  it('take a snapshot as all there is', () => {
    const moving = new MovingThings();
    moving.heard(change('old', 127), 0);
    moving.takeAll('Vehicle', [{ id: 'new', geometry: { type: 'Point', coordinates: [127, 37] }, names: {}, properties: { vehicleType: 'car' } }], 1000);
    expect([...moving.all.keys()]).toEqual(['new']);
  });
});

describe('tables of values', () => {
  it('are numbers when most values are, and keep what fits', () => {
    const rows = [['a', 1, 'MTR'], ['b', 2.5, undefined], ['c', 'tall', undefined], ['d', null, undefined]] as const;
    const table = tableOf('T', 'h', rows, 9);
    expect([table.kind, table.unitCode, table.values.size, table.total]).toEqual(['number', 'MTR', 2, 9]);
    expect(tableOf('T', 'flag', [['a', true, undefined]], 1)).toMatchObject({ kind: 'text', values: new Map([['a', 'true']]) });
  });
  it('are read once per moment', async () => {
    const server = new Server();
    server.entities.set('x', { id: 'x', type: 'T', h: { type: 'Property', value: 3 } });
    const tables = new ValueTables(new CityApi(server.fetch));
    tables.want([['T', 'h']], null, 0);
    tables.want([['T', 'h']], null, 0);
    await settle();
    expect(tables.get('T', 'h').value?.values.get('x')).toBe(3);
    expect(server.asked).toHaveLength(1);
    tables.want([['T', 'h']], '2026-01-01T00:00:00Z', 0);
    await settle();
    expect(server.asked).toHaveLength(2);
  });
});
