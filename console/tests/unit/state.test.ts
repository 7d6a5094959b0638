// Addresses, NGSI-LD reading, layers, sensors and the change stream.
import { describe, expect, it } from 'vitest';
import { formatAddress, languageOf, parseAddress } from '../../src/state/address';
import { CityApi, failureOf, pathWith, RequestError } from '../../src/state/api';
import { isShown, layerOf, maySense, switchLayer } from '../../src/state/catalogue';
import { nameIn, readEntity, readFeatures, readHistory } from '../../src/state/ngsi';
import { applyChange, measuredBy, sensorOf, type Sensor } from '../../src/state/sensors';
import { Store, watch } from '../../src/state/store';
import { ChangeStream, readChange, waitMs, type EventSourceLike } from '../../src/state/stream';
import type { Change } from '../../src/state/types';

describe('address', () => {
  it('comes back from its query', () => {
    const address = {
      ...parseAddress(''), view: { longitude: 127.1, latitude: 37.5, heightMetres: 900, headingDegrees: 10, pitchDegrees: -40 }, selected: 'urn:ngsi-ld:Building:osm-way-1',
      on: ['Crossing'], off: ['Water', 'RoadSegment'], colourBy: 'levels', atMs: Date.UTC(2026, 10, 22, 8, 5), language: 'ko', panel: 'list', listType: 'Building', shown: { AirQualityObserved: 'o3' }, light: true,
    } as const;
    expect(parseAddress(formatAddress(address))).toEqual(address);
    expect(formatAddress(address)).toContain('sel=urn:ngsi-ld:Building:osm-way-1');
  });
  it('is empty when all is default', () => expect(formatAddress(parseAddress(''))).toBe(''));
  it('falls back where it cannot be read', () => {
    const address = parseAddress('?view=1,2&t=yesterday&panel=kitchen&colour=mood&lang=fr&show=a,b:c:d,e:f');
    expect(address).toEqual({ ...parseAddress(''), shown: { e: 'f' } });
  });
  it('chooses the language: said, else of the browser, else English', () => {
    expect(languageOf(parseAddress('?lang=en'), ['ko-KR'])).toBe('en');
    expect(languageOf(parseAddress(''), ['fr', 'ko-KR', 'en'])).toBe('ko');
    expect(languageOf(parseAddress(''), ['fr'])).toBe('en');
  });
});

const BUILDING = {
  id: 'urn:ngsi-ld:Building:osm-way-1', type: 'Building', createdAt: '2026-11-22T00:00:00Z',
  name: { type: 'LanguageProperty', languageMap: { ko: '롯데월드타워', en: 'Lotte World Tower' } },
  height: { type: 'Property', value: 554.5, unitCode: 'MTR', modifiedAt: '2026-11-22T00:00:00Z', heightSource: { type: 'Property', value: 'measured' }, providedBy: { type: 'Property', value: 'a.osm way/1' } },
  location: { type: 'GeoProperty', value: { type: 'Polygon', coordinates: [[[127, 37], [127.1, 37], [127.1, 37.1], [127, 37]]] } },
  partOf: { type: 'Relationship', object: 'urn:x:Block:1', providedBy: { type: 'Relationship', object: 'urn:source' } },
};

describe('NGSI-LD', () => {
  it('reads attributes with unit, source, times and notes', () => {
    const entity = readEntity(BUILDING);
    const height = entity?.attributes.find(({ name }) => name === 'height');
    expect(height).toMatchObject({ value: 554.5, unitCode: 'MTR', providedBy: 'a.osm way/1', kind: 'value', observedMs: null, receivedMs: Date.UTC(2026, 10, 22), notes: [{ name: 'heightSource', value: 'measured' }] });
    expect(entity?.geometry?.type).toBe('Polygon');
    expect(entity?.attributes.find(({ name }) => name === 'partOf')).toMatchObject({ kind: 'relationship', providedBy: 'urn:source' });
    expect(entity?.attributes.map(({ name }) => name)).not.toContain('createdAt');
    expect(nameIn(entity?.names ?? {}, 'ko')).toBe('롯데월드타워');
    expect(nameIn({ '@none': 'X', en: 'Y' }, 'ko')).toBe('X');
  });
  it('keeps every instance of an attribute', () => {
    const entity = readEntity({ id: 'a', type: ['T'], speed: [{ type: 'Property', value: 1 }, { type: 'Property', value: 2, datasetId: 'urn:d' }] });
    expect(entity?.attributes.map(({ value, datasetId }) => [value, datasetId])).toEqual([[1, null], [2, 'urn:d']]);
  });
  it('refuses what is no entity', () => {
    for (const wrong of [null, 5, 'x', [], {}, { id: 7 }]) expect(readEntity(wrong)).toBeNull();
  });
  it('reads histories, oldest first, without what is no number', () => {
    const answer = { id: 'a', pm25: { type: 'Property', values: [[3, '2026-01-01T02:00:00Z'], ['-', '2026-01-01T03:00:00Z'], [1, '2026-01-01T01:00:00Z'], [9, 'never']] } };
    expect(readHistory(answer, 'pm25').map(({ value }) => value)).toEqual([1, 3]);
    expect(readHistory(answer, 'pm10')).toEqual([]);
    expect(readHistory(null, 'pm10')).toEqual([]);
  });
  it('reads features that can be drawn', () => {
    const point = { type: 'Feature', id: 'a', geometry: { type: 'Point', coordinates: [1, 2] }, properties: { name: { languageMap: { ko: '가' } } } };
    expect(readFeatures({ features: [point, { ...point, id: 5 }, { ...point, geometry: null }] })).toMatchObject([{ id: 'a', names: { ko: '가' } }]);
  });
});

describe('layers', () => {
  it('are shown by default or not, and switched in the address', () => {
    const address = parseAddress('');
    expect([isShown(address, 'Building'), isShown(address, 'Crossing'), isShown(address, 'NewSensor')]).toEqual([true, false, true]);
    const off = switchLayer(address, 'Building');
    expect([isShown(off, 'Building'), off.off]).toEqual([false, ['Building']]);
    expect(switchLayer(off, 'Building').off).toEqual([]);
    expect(isShown(switchLayer(address, 'Crossing'), 'Crossing')).toBe(true);
    expect([maySense('Building'), maySense('TurnRestriction'), maySense('AirQualityObserved'), layerOf('X').kind]).toEqual([false, false, true, 'sensors']);
  });
});

const SENSOR = readEntity({ id: 's1', type: 'Air', location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [127, 37] } }, pm25: { type: 'Property', value: 10, unitCode: 'GQ', observedAt: '2026-01-01T00:00:00Z' }, o3: { type: 'Property', value: 0.02 } });
const change = (entities: Change['entities'], recordedAt = '2026-01-01T01:00:00Z'): Change => ({ offset: 5, recordedAt, branch: 'main', entities });

describe('sensors', () => {
  const sensor = SENSOR && sensorOf(SENSOR);
  const sensors = new Map<string, Sensor>(sensor ? [['s1', sensor]] : []);
  it('are entities at a point with numbers', () => {
    expect(sensor?.readings['pm25']).toMatchObject({ value: 10, unitCode: 'GQ' });
    const building = readEntity(BUILDING);
    expect(building && sensorOf(building)).toBeNull();
    expect(measuredBy(sensors, 'Air')).toEqual(['pm25', 'o3']);
  });
  it('take changes and keep their unit', () => {
    const next = applyChange(sensors, change([{ id: 's1', type: ['Air'], attributes: { pm25: { value: 12 } }, deleted: false }]));
    expect(next.sensors.get('s1')?.readings['pm25']).toMatchObject({ value: 12, unitCode: 'GQ', receivedMs: Date.UTC(2026, 0, 1, 1) });
    expect(sensors.get('s1')?.readings['pm25']?.value).toBe(10);
    const after = applyChange(next.sensors, change([{ id: 's1', type: ['Air'], attributes: { pm25: { value: 13 } }, deleted: false }], '2026-01-01T01:00:30Z'));
    expect(after.sensors.get('s1')?.readings['pm25']?.intervalMs).toBe(30_000);
  });
  it('end when deleted, and unknown ones are named', () => {
    expect(applyChange(sensors, change([{ id: 's1', type: ['Air'], attributes: {}, deleted: true }])).sensors.size).toBe(0);
    const { sensors: same, unknown } = applyChange(sensors, change([{ id: 's9', type: ['Air'], attributes: {}, deleted: false }]));
    expect([same, unknown]).toEqual([sensors, [{ id: 's9', type: ['Air'] }]]);
  });
});

/** An event source that a test speaks through, and a clock that it moves. */
function fakeStream(): { opened: { url: string; say: (type: string, data?: string) => void; closed: boolean }[]; run: () => void; outside: ConstructorParameters<typeof ChangeStream>[0]; waits: number[] } {
  const opened: { url: string; say: (type: string, data?: string) => void; closed: boolean }[] = [];
  const waits: number[] = [];
  let pending: (() => void) | null = null;
  const open = (url: string): EventSourceLike => {
    const listeners = new Map<string, (event: MessageEvent<string>) => void>();
    const source = { url, closed: false, say: (type: string, data = '') => listeners.get(type)?.({ data } as MessageEvent<string>) };
    opened.push(source);
    return { addEventListener: (type, listener) => listeners.set(type, listener), close: () => { source.closed = true; } };
  };
  const after = (ms: number, run: () => void): (() => void) => {
    waits.push(ms);
    pending = run;
    return () => { pending = null; };
  };
  return { opened, waits, run: () => pending?.(), outside: { open, nowMs: () => 1000, after } };
}

describe('change stream', () => {
  it('hears changes and resumes after the last one', () => {
    const { opened, run, outside } = fakeStream();
    const heard: number[] = [];
    let gaps = 0;
    const stream = new ChangeStream(outside, ({ offset }) => heard.push(offset), () => { gaps++; });
    stream.start();
    opened[0]?.say('open');
    expect(stream.state.get().phase).toBe('live');
    opened[0]?.say('change', JSON.stringify(change([])));
    opened[0]?.say('change', 'not json');
    expect(heard).toEqual([5]);
    opened[0]?.say('error');
    expect(stream.state.get()).toMatchObject({ phase: 'lost', retryAtMs: 2000 });
    run();
    expect(opened[1]?.url).toBe('/api/stream?from=5');
    opened[1]?.say('open');
    opened[1]?.say('lag');
    expect([stream.state.get().phase, gaps, opened[0]?.closed]).toEqual(['live', 2, true]);
  });
  it('waits longer after each failure, up to half a minute', () => {
    const { opened, run, outside, waits } = fakeStream();
    new ChangeStream(outside, () => undefined, () => undefined).start();
    for (let i = 0; i < 8; i++) {
      opened.at(-1)?.say('error');
      run();
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 15_000, 30_000, 30_000, 30_000]);
    expect(waitMs(99)).toBe(30_000);
  });
  it('refuses data that is no change', () => {
    for (const data of ['', '{}', '[]', '{"offset":"1"}']) expect(readChange(data)).toBeNull();
  });
});

describe('requests', () => {
  const answer = (status: number, body: unknown): typeof fetch => () => Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }));
  const failing = async (fetchFunction: typeof fetch): Promise<unknown> => new CityApi(fetchFunction).summary().then(() => 'answered', (error: unknown) => (error instanceof RequestError ? error.failure : error));
  it('say why they failed', async () => {
    expect(await failing(answer(404, { title: 'Not found', detail: 'no such entity' }))).toEqual({ kind: 'notFound', detail: 'Not found: no such entity' });
    expect(await failing(answer(429, 'slow down'))).toMatchObject({ kind: 'busy' });
    expect(await failing(answer(500, ''))).toMatchObject({ kind: 'server' });
    expect(await failing(answer(400, {}))).toMatchObject({ kind: 'refused' });
    expect(await failing(answer(200, '<html>'))).toMatchObject({ kind: 'unreadable' });
    expect(await failing(() => Promise.reject(new TypeError('Failed to fetch')))).toEqual({ kind: 'unreachable', detail: 'Failed to fetch' });
    expect(failureOf('odd')).toEqual({ kind: 'unreachable', detail: 'odd' });
  });
  it('write paths without what is absent', () => {
    expect(pathWith('/api/search', { q: '잠실 역', limit: 20, asOf: null })).toBe('/api/search?q=%EC%9E%A0%EC%8B%A4+%EC%97%AD&limit=20');
    expect(pathWith('/x', { a: undefined })).toBe('/x');
  });
  it('read features page by page until one is short', async () => {
    const feature = (id: string): unknown => ({ type: 'Feature', id, geometry: { type: 'Point', coordinates: [1, 2] }, properties: {} });
    const asked: string[] = [];
    const api = new CityApi((url) => {
      asked.push(String(url));
      const count = asked.length === 1 ? 1000 : 3;
      return Promise.resolve(new Response(JSON.stringify({ features: Array.from({ length: count }, (_, i) => feature(`f${asked.length}-${i}`)) })));
    });
    const sizes: number[] = [];
    await api.features('RoadSegment', (features) => sizes.push(features.length));
    expect(sizes).toEqual([1000, 3]);
    expect(asked[1]).toContain('offset=1000');
  });
});

describe('store', () => {
  it('tells of changes, not of the same value, and stops when asked', () => {
    const store = new Store({ a: 1, b: 1 });
    const seen: number[] = [];
    const stop = watch(store, ({ a }) => a, (a) => seen.push(a));
    store.set({ a: 1, b: 2 });
    store.set({ a: 2, b: 2 });
    stop();
    store.set({ a: 3, b: 2 });
    expect(seen).toEqual([1, 2]);
  });
});
