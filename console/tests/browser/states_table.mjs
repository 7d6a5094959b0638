// The panels and what each asks for. A row: how its panel is shown, which request it makes, where its states are seen, what "nothing" is as
// an answer (a number: that status), and an answer for what the sample city lacks. `fresh`: what it read is kept, so the page is opened anew.
const point = (x, y) => ({ type: 'GeoProperty', value: { type: 'Point', coordinates: [x, y] } });
const square = (x, y) => ({ type: 'GeoProperty', value: { type: 'Polygon', coordinates: [[[x, y], [x + 0.001, y], [x + 0.001, y + 0.001], [x, y + 0.001], [x, y]]] } });
const number = (value, unitCode) => ({ type: 'Property', value, ...(unitCode && { unitCode }) });
const id = (type) => `urn:ngsi-ld:${type}:sample`;

/** One thing of each kind that a panel shows. */
export const SAMPLES = [
  { id: id('Building'), type: 'Building', location: square(127.1, 37.5), height: number(30, 'MTR'), levels: number(9), category: number('office') },
  { id: id('Device'), type: 'Device', location: point(127.102, 37.5), temperature: { ...number(20, 'CEL'), observedAt: '2026-01-01T00:00:00Z' } },
  { id: id('TransitStop'), type: 'TransitStop', location: point(127.103, 37.5), category: number('bus') },
  { id: id('BuildingStorey'), type: 'BuildingStorey', inBuilding: { type: 'Relationship', object: id('Building') } },
  { id: id('Room'), type: 'Room', inBuilding: { type: 'Relationship', object: id('Building') }, area: number(20, 'MTK') },
  { id: id('Pipe'), type: 'Pipe', location: { type: 'GeoProperty', value: { type: 'LineString', coordinates: [[127.1, 37.5], [127.102, 37.501]] } } },
  { id: id('RasterLayer'), type: 'RasterLayer' },
  { id: id('PointCloud'), type: 'PointCloud', location: square(127.104, 37.5) },
  { id: id('SavedView'), type: 'SavedView', viewName: number('sample'), viewQuery: number('%3Fpanel%3Dsun') },
];

const SUMMARY = /\/api\/summary/;
const NO_CITY = { name: 'cityloom', version: '0', now: '2026-01-01T00:00:00Z', types: [], city: null, firstRecordedAt: null };
const ENTITY = (type) => new RegExp(`/ngsi-ld/v1/entities/${encodeURIComponent(id(type))}`);
const HISTORY = /\/ngsi-ld\/v1\/temporal\/entities\//;
const NO_VALUES = { id: id('Device'), type: 'Device', temperature: { type: 'Property', values: [] } };
const WAY = [[127.1, 37.5, 0], [127.101, 37.501, 0]];
const OTHER_WAY = [[127.1, 37.5, 0], [127.102, 37.501, 0]];
const RING = [[127.1, 37.5, 0], [127.101, 37.5, 0], [127.101, 37.501, 0]];
const line = { geometry: { type: 'LineString', coordinates: WAY }, properties: { length_m: 120, duration_s: 30 } };
const shape = (kind, points = WAY) => ({ shapes: [{ kind, points }] });
const inspector = (type) => ({ panel: 'inspector', selected: id(type) });
const indoors = { ...inspector('Building'), inside: { building: id('Building'), storey: id('BuildingStorey') } };
const plan = (features) => ({ building: { id: id('Building'), name: 'sample' }, storeys: [{ id: id('BuildingStorey'), name: '1', order: 0, rooms: 1, things: 0 }], storey: id('BuildingStorey'), features });
const room = { id: id('Room'), geometry: null, properties: { type: 'Room', category: 'office', number: '101' } };
const timetable = (departures) => ({ from: '2026-01-01T00:00:00Z', timeZone: 'Asia/Seoul', validFrom: '2025-01-01', validTo: '2027-01-01', departures });
const departure = { at: '2026-01-01T00:05:00Z', route: 'urn:ngsi-ld:TransitRoute:sample', trip: '1', headsign: 'Jamsil', approximate: false };
const raster = { id: id('RasterLayer'), name: 'Depth', unitCode: 'MTR', min: 0, max: 2, times: [], legend: [{ value: 0, colour: '#000' }, { value: 2, colour: '#fff' }], tiles: '/tiles/rasters/sample' };
const section = (objects) => ({ length_m: 120, terrain: [], objects });
const buried = { id: id('Pipe'), type: 'Pipe', network: 'water', station_m: 60, top_m: -1, bottom_m: -1.3, depthMin_m: 1, conflict: 'no' };
const dig = (objects) => ({ depth_m: 3, objects, hazards: 0 });
const PLAN = { id: 'scenario-1', name: 'sample', description: '', status: 'draft', branch: 'scenario-1' };
const CATALOGUE = { categories: [{ id: 'street', name: { ko: '거리', en: 'Street' } }], kinds: [], placing: [] };
const kind = { kind: 'bench', category: 'street', name: { ko: '의자', en: 'Bench' }, model: '/api/objects/bench.glb', parameters: [] };
const wayOut = (page) => page.click('.indoors-way > .button');
const typed = (text) => (page) => page.fill('#search-input', text);
const byFile = (name) => (page) => page.setInputFiles('#import-files', { name, mimeType: 'text/csv', buffer: Buffer.from('a,b') });
const report = (imported) => ({ imported, unchanged: 0, removed: 0, entities: {}, warningsCount: 0, warnings: [] });

const ofSummary = (name, panel, more = {}) => ({ name, show: { panel }, asks: SUMMARY, in: `.panel-right:has(.panel-head)`, nothing: NO_CITY, fresh: true, ...more });

export const REQUESTS = [
  { name: 'layers', show: {}, asks: SUMMARY, in: '.panel-layers', nothing: NO_CITY, good: '.panel-layers .layer', fresh: true },
  { name: 'time bar', show: {}, asks: SUMMARY, in: '.time', loading: '[role=status].slider', failed: '.slider:has(.link-button)', empty: '.slider', good: '#time-slider', nothing: NO_CITY, fresh: true, short: true },
  ofSummary('list without a city', 'list', { good: '.panel-list tbody tr' }),
  ofSummary('filters without a city', 'filters', { good: '#filter-type' }),
  ofSummary('compare', 'compare', { good: '.panel-right .row .button' }),
  ofSummary('underground', 'under', { beside: true }),
  { name: 'links', show: { panel: 'links' }, asks: /\/api\/links/, in: '.panel-right', good: '.panel-right .note-empty', nothing: { links: [] }, fresh: true },
  { name: 'sensors in the layers', show: {}, asks: /entities\?type=Device&offset=0&limit=1000/, in: '.panel-layers', beside: true, good: '[data-layer=Device] select', nothing: [], fresh: true },
  { name: 'grids in the layers', show: {}, asks: /\/api\/rasters/, in: '.panel-layers', good: '[data-raster]', nothing: { rasters: [] }, answer: { rasters: [raster] }, fresh: true },
  { name: 'points in the layers', show: { off: [] }, asks: /entities\?type=PointCloud/, in: '[data-layer=PointCloud]', nothing: { type: 'FeatureCollection', features: [] }, fresh: true },
  { name: 'map', show: {}, asks: /entities\?type=Building&offset=0&limit=1000/, in: '.map-messages', good: '.map canvas', fresh: true, short: true },
  { name: 'map of another time', show: { compare: { mode: 'swipe', atMs: Date.parse('2026-01-01T00:00:00Z'), split: 0.5 } }, asks: /\/api\/summary\?asOf=/, in: '.compare', good: '.compare', fresh: true },
  { name: 'inspector', show: inspector('Building'), asks: ENTITY('Building'), in: '#inspector', good: '#inspector .attributes', nothing: { id: id('Building'), type: 'Building' } },
  { name: 'history of a value', show: inspector('Device'), asks: HISTORY, in: '.history', good: '.history .chart', nothing: NO_VALUES },
  { name: 'list', show: { panel: 'list', listType: 'Pipe' }, asks: /entities\?type=Pipe&offset=0&limit=1000/, in: '.panel-list', good: '.panel-list tbody tr', nothing: [] },
  { name: 'departures', show: inspector('TransitStop'), asks: /\/api\/transit\/departures/, in: '.departures', good: '.departures tbody tr', nothing: timetable([]), answer: timetable([departure]) },
  { name: 'inside of a building', show: indoors, asks: /\/api\/indoors\?/, in: '.indoors', good: '[data-room]', nothing: plan([]), answer: plan([room]) },
  { name: 'way out of a room', show: { ...inspector('Room'), inside: indoors.inside }, given: [/\/api\/indoors\?/, plan([room])], do: wayOut, asks: /\/api\/indoors\/route/, in: '.indoors-way', good: '.indoors-way p', nothing: 404, answer: line },
  { name: 'charts', show: { panel: 'charts', series: [{ id: id('Device'), attribute: 'temperature' }] }, asks: ENTITY('Device'), in: '[data-series]', good: '[data-series] .chart', nothing: { id: id('Device'), type: 'Device' } },
  { name: 'history in the charts', show: { panel: 'charts', series: [{ id: id('Device'), attribute: 'temperature' }] }, asks: HISTORY, in: '[data-series]', good: '[data-series] .chart', nothing: NO_VALUES },
  { name: 'filters', show: { panel: 'filters' }, asks: /entities\?type=Building&offset=0&limit=200/, in: '.panel-right', good: '#filter-attribute', nothing: [] },
  { name: 'values in the filters', show: { panel: 'filters', paints: { Building: 'height' } }, again: { panel: 'filters', paints: { Building: 'levels' } }, asks: /entities\?type=Building&attrs=/, in: '.panel-right', good: '.panel-right [aria-live]', nothing: [], fresh: true },
  { name: 'colours in the layers', show: { paints: { Building: 'height' } }, asks: /entities\?type=Building&attrs=/, in: '.look-legend', good: '.look-legend .legend-list li', nothing: [], fresh: true },
  { name: 'object library', show: { panel: 'objects' }, asks: /\/api\/objects$/, in: '.panel-right', good: '.object-category', nothing: CATALOGUE, answer: { ...CATALOGUE, kinds: [kind] }, fresh: true },
  { name: 'route', show: { panel: 'measure', ...shape('route') }, again: { panel: 'measure', ...shape('route', OTHER_WAY) }, asks: /\/api\/route\?/, in: '[data-shape=route]', nothing: 404, answer: line },
  { name: 'line of sight', show: { panel: 'measure', ...shape('sight') }, again: { panel: 'measure', ...shape('sight', OTHER_WAY) }, asks: /\/api\/terrain\/(height|line)/, in: '[data-shape=sight]', nothing: 404,
    answer: (url) => (url.includes('/height') ? { heights: [{ height_m: 1 }, { height_m: 2 }] } : { clear: true, complete: true, distance_m: 120, leastClearance_m: 3, obstacle: null }) },
  { name: 'profile', show: { panel: 'section', ...shape('section') }, again: { panel: 'section', ...shape('section', OTHER_WAY) }, asks: /entities\?type=Building&georel=intersects&geometry=LineString/, in: '[data-section=above]', good: '[data-section=above] .drawing', nothing: { type: 'FeatureCollection', features: [] } },
  { name: 'section below the ground', show: { panel: 'section', ...shape('section') }, asks: /\/api\/underground\/section/, in: '[data-section=below]', good: '[data-section=below] .drawing', nothing: section([]), answer: section([buried]) },
  { name: 'dig', show: { panel: 'under', ...shape('dig', RING) }, asks: /\/api\/underground\?/, in: '[data-dig]', good: '[data-buried]', nothing: dig([]), answer: dig([buried]) },
  { name: 'scenarios', show: { panel: 'scenarios' }, asks: /\/api\/scenarios$/, in: '.panel-right', good: '[data-scenario]', nothing: { scenarios: [] }, answer: { scenarios: [PLAN] } },
  { name: 'models', show: { panel: 'models' }, asks: /\/processes\?/, in: '.panel-right', good: '[data-model]', nothing: { processes: [] }, answer: { processes: [{ id: 'echo', title: 'Echo' }] } },
  { name: 'saved views', show: { panel: 'views' }, asks: /entities\?type=SavedView/, in: '.panel-right', good: '[data-view]', nothing: [] },
  { name: 'import of a file', show: { panel: 'import' }, do: byFile('first.csv'), doAgain: byFile('second.csv'), asks: /\/api\/import\?/, in: '[data-import]:first-child', loading: 'progress', good: '[data-import=done]', nothing: report(0), answer: report(1) },
  { name: 'search', show: {}, do: typed('sample'), doAgain: typed('sampl'), asks: /\/api\/search/, in: '.search-results', good: '#search-results', nothing: { results: [] } },
  // Programs are asked for once: what did not come is asked for again by the page, opened anew.
  { name: 'program of a panel', show: { panel: 'sun' }, asks: /assets\/SunPanel-/, in: '.panel-right', retry: '.panel-right .button', fails: 'abort', good: '#sun-on', fresh: true },
  { name: 'picture', show: { panel: 'picture' }, asks: /assets\/plane-/, in: '.panel-right', failed: '.note-empty', fails: 'abort', good: '#take-picture', fresh: true },
  { name: 'program of the map', show: {}, asks: /assets\/plane-/, in: '.map', failed: '.map-note[role=alert]', retry: '.map-note .button', fails: 'abort', good: '.map canvas', fresh: true },
];

/** What asks nothing has nothing to wait for: only that there is nothing yet, and what to do. */
export const WITHOUT_REQUEST = [
  { name: 'inspector', show: { panel: 'inspector' }, in: '.panel-right' },
  { name: 'measure', show: { panel: 'measure' }, in: '.panel-right' },
  { name: 'section', show: { panel: 'section' }, in: '.panel-right' },
  { name: 'charts', show: { panel: 'charts' }, in: '.panel-right' },
  { name: 'sun', show: { panel: 'sun' }, in: '.panel-right' },
  { name: 'dig', show: { panel: 'under' }, in: '.panel-right' },
];
