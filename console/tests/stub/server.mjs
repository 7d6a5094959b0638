// A stand-in for the server while looking at the console: node tests/stub/server.mjs FILE.osm [PORT]. Not used by ./test.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { readCity } from './osm.mjs';
import { buildTiles } from './tiles.mjs';

const [file, port = '8099'] = process.argv.slice(2);
const dist = new URL('../../dist', import.meta.url).pathname;
const started = Date.now() - 3600_000;
const city = file && file !== 'empty' ? readCity(file) : [];
const byId = new Map(city.map((entity) => [entity.id, entity]));
const buildings = city.filter((e) => e.type === 'Building');
const { tileset, glb } = buildings.length ? buildTiles(buildings, [127.1, 37.515]) : { tileset: null, glb: null };

const SENSORS = [['V02Q1940612', '잠실역 대기', 'Jamsil station air', 127.1002, 37.5133], ['V02Q1940068', '한강공원 대기', 'Han river park air', 127.0868, 37.5192], ['V02Q1940555', '아산병원 앞', 'Asan hospital', 127.1075, 37.5262]];
const value = (seed, base, at) => Math.round(base * (1 + 0.35 * Math.sin(at / 900_000 + seed) + 0.1 * Math.sin(at / 60_000 * (seed + 1))) * 10) / 10;
function sensor(index, now) {
  const [serial, ko, en, lon, lat] = SENSORS[index];
  const at = Math.floor(now / 5000) * 5000;
  const replay = index === 1 ? new Date(at - 7.5 * 365 * 86400_000) : new Date(index === 2 ? at - 5 * 3600_000 : at);
  const stamp = { observedAt: replay.toISOString(), modifiedAt: new Date(index === 2 ? at - 5 * 3600_000 : at).toISOString(), providedBy: { type: 'Property', value: 'seoul-air' } };
  const reading = (base, unitCode, k) => ({ type: 'Property', value: value(index + k, base, at), unitCode, ...stamp });
  return { id: `urn:ngsi-ld:AirQualityObserved:${serial}`, type: 'AirQualityObserved', name: { type: 'LanguageProperty', languageMap: { ko, en } }, location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [lon, lat] } }, pm25: reading(22, 'GQ', 0), pm10: reading(41, 'GQ', 2), o3: reading(0.02, '59', 3), no2: reading(0.03, '59', 4) };
}
const asOf = (url) => (url.searchParams.get('asOf') ? Date.parse(url.searchParams.get('asOf')) : Date.now());
const json = (response, body, type = 'application/json', headers = {}) => { response.writeHead(200, { 'content-type': type, ...headers }); response.end(JSON.stringify(body)); };

function summary(url) {
  const counts = new Map([['AirQualityObserved', SENSORS.length]]);
  for (const { type } of city) counts.set(type, (counts.get(type) ?? 0) + 1);
  return city.length ? { city: { name: 'seoul-jamsil', bbox: [127.078, 37.503, 127.122, 37.532] }, offset: 10, firstRecordedAt: new Date(started).toISOString(), now: new Date().toISOString(), types: [...counts].map(([type, count]) => ({ type, iri: `https://example.org/${type}`, count })) }
    : { city: null, offset: 0, firstRecordedAt: null, now: new Date().toISOString(), types: [] };
}
const ofType = (type, at) => (type === 'AirQualityObserved' ? (city.length ? SENSORS.map((_, i) => sensor(i, at)) : []) : city.filter((e) => e.type === type));
const simple = (entity) => Object.fromEntries(Object.entries(entity).map(([k, v]) => [k, v?.languageMap ? { languageMap: v.languageMap } : (v?.value ?? v)]));

function entities(request, response, url) {
  const [offset, limit] = [Number(url.searchParams.get('offset') ?? 0), Number(url.searchParams.get('limit') ?? 20)];
  const all = ofType(url.searchParams.get('type'), asOf(url));
  const page = all.slice(offset, offset + limit);
  const headers = { 'NGSILD-Results-Count': String(all.length) };
  const keyValues = url.searchParams.get('options')?.includes('keyValues');
  if (request.headers.accept?.includes('geo+json')) {
    const features = page.map((e) => ({ type: 'Feature', id: e.id, geometry: e.location.value, properties: keyValues ? simple(e) : e }));
    return json(response, { type: 'FeatureCollection', features }, 'application/geo+json', headers);
  }
  return json(response, keyValues ? page.map(simple) : page, 'application/json', headers);
}
const find = (id, at) => byId.get(id) ?? SENSORS.map((_, i) => sensor(i, at)).find((e) => e.id === id);
function search(url) {
  const q = (url.searchParams.get('q') ?? '').toLowerCase();
  const all = [...SENSORS.map((_, i) => sensor(i, Date.now())), ...city];
  const hit = all.filter((e) => [e.id, e.type, ...Object.values(e.name?.languageMap ?? {})].some((text) => text.toLowerCase().includes(q))).slice(0, 20);
  const point = (g) => ({ type: 'Point', coordinates: g.type === 'Point' ? g.coordinates : g.type === 'Polygon' ? g.coordinates[0][0] : g.coordinates[0] });
  return { results: hit.map((e) => ({ id: e.id, type: e.type, name: e.name?.languageMap.ko ?? e.name?.languageMap['@none'] ?? null, location: point(e.location.value) })) };
}
function history(id, url) {
  const attribute = url.searchParams.get('attrs');
  const now = Date.now();
  const index = SENSORS.findIndex(([serial]) => id.endsWith(serial));
  if (index < 0) { const a = byId.get(id)?.[attribute]; return { id, type: 'x', [attribute]: { type: 'Property', values: a ? [[a.value, new Date(started).toISOString()]] : [] } }; }
  const values = [];
  for (let at = started; at <= now; at += 30_000) { const a = sensor(index, at)[attribute]; values.push([a.value, a.observedAt]); }
  return { id, type: 'AirQualityObserved', [attribute]: { type: 'Property', values } };
}
function links() {
  return { links: [
    { name: 'seoul-air', kind: 'replay', state: 'running', detail: '', lastMessageAt: new Date(Date.now() - 3000).toISOString(), messagesPerSecond: 2.5, accepted: 12034, refused: 3, refusals: [{ at: new Date(Date.now() - 120_000).toISOString(), reason: 'pm25: expected a number, got "-"', sample: '{"time":"2018-01-01 01:00","pm25":"-"}' }], mailbox: { waiting: 0, capacity: 10000 } },
    { name: 'la-speed', kind: 'replay', state: 'ended', detail: 'end of file', lastMessageAt: new Date(Date.now() - 900_000).toISOString(), messagesPerSecond: 0, accepted: 417312, refused: 0, refusals: [], mailbox: { waiting: 0, capacity: 10000 } },
    { name: 'gangnam-mqtt', kind: 'mqtt', state: 'waiting', detail: 'connection refused by 127.0.0.1:1883', retryAt: new Date(Date.now() + 8000).toISOString(), lastMessageAt: null, messagesPerSecond: 0, accepted: 0, refused: 0, refusals: [], mailbox: { waiting: 0, capacity: 10000 } },
  ] };
}
function stream(request, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(':ok\n\n');
  let offset = 11;
  const timer = setInterval(() => {
    for (const index of [0, 1]) {
      const s = sensor(index, Date.now());
      const { id, type, name, location, ...attributes } = s;
      response.write(`event: change\nid: ${offset}\ndata: ${JSON.stringify({ offset: offset++, recordedAt: new Date().toISOString(), branch: 'main', entities: [{ id, type: [type], attributes, deleted: false }] })}\n\n`);
    }
  }, 5000);
  request.on('close', () => clearInterval(timer));
}
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.svg': 'image/svg+xml', '.png': 'image/png', '.wasm': 'application/wasm' };
async function asset(response, path) {
  try {
    const body = await readFile(join(dist, path === '/' || path === '' ? 'index.html' : path));
    response.writeHead(200, { 'content-type': TYPES[extname(path) || '.html'] ?? 'application/octet-stream' });
    response.end(body);
  } catch { response.writeHead(404); response.end(); }
}
const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://stub');
  const path = decodeURIComponent(url.pathname);
  const entity = path.match(/^\/ngsi-ld\/v1\/(temporal\/)?entities\/(.+)$/);
  if (request.method !== 'GET') { response.writeHead(405); return response.end(); }
  if (path === '/') { response.writeHead(302, { location: '/console/' }); return response.end(); }
  if (path.startsWith('/console')) return asset(response, path.slice(8));
  if (path === '/api/summary') return json(response, summary(url));
  if (path === '/api/search') return json(response, search(url));
  if (path === '/api/links') return json(response, links());
  if (path === '/api/stream') return stream(request, response);
  if (path === '/ngsi-ld/v1/entities') return entities(request, response, url);
  if (entity?.[1]) return json(response, history(entity[2], url));
  if (entity && find(entity[2], asOf(url))) return json(response, find(entity[2], asOf(url)));
  if (tileset && path === '/tiles/buildings/tileset.json') return json(response, tileset);
  if (glb && path === '/tiles/buildings/all.glb') { response.writeHead(200, { 'content-type': 'model/gltf-binary' }); return response.end(glb); }
  response.writeHead(404, { 'content-type': 'application/problem+json' });
  return response.end(JSON.stringify({ type: 'about:blank', title: 'Not found', status: 404 }));
});
server.listen(Number(port), '127.0.0.1', () => console.log(`stub at http://127.0.0.1:${server.address().port}/console/ (${city.length} entities)`));
