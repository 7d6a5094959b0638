// What the address of the page says: view, selection, layers, colours, time, panel, language. A link reopens the same.
import { formatView, parseView, type View } from '../math/camera';
import { CLOUD_COLOURINGS, type CloudColouring } from '../math/clouds';
import { COLOUR_BY, type ColourBy } from '../math/paint';
import { formatShape, parseShape, type Shape } from '../math/shape';
import { parseInstant } from '../math/time';
import {
  formatCompare, formatFilters, formatInside, formatSun, formatUnder, parseCompare, parseFilters, parseInside, parseSun, parseUnder,
  type ByType, type CompareSetting, type Filter, type InsideSetting, type SunSetting, type UnderSetting,
} from './address_parts';

export type Language = 'ko' | 'en';
export const PANELS = [
  'inspector', 'layers', 'links', 'list', 'tools', 'sun', 'measure', 'section', 'under', 'filters', 'charts', 'views', 'import', 'picture', 'compare', 'objects', 'scenarios', 'models',
] as const;
export type Panel = (typeof PANELS)[number];

/** One series of a chart: an attribute of an entity. */
export interface SeriesName {
  readonly id: string;
  readonly attribute: string;
}

export interface Address {
  readonly view: View | null;
  readonly selected: string | null;
  /** Layers (entity types) switched on or off against their default. */
  readonly on: readonly string[];
  readonly off: readonly string[];
  readonly colourBy: ColourBy;
  /** Whether what has pictures (textures) or colours of its own shows them. */
  readonly pictures: boolean;
  /** By what point clouds are coloured. */
  readonly cloudColouring: CloudColouring;
  /** The moment looked at; null is live. */
  readonly atMs: number | null;
  /** null: as the browser prefers. */
  readonly language: Language | null;
  readonly panel: Panel | null;
  readonly listType: string | null;
  /** Attribute shown at the sensors of a type. */
  readonly shown: Readonly<Record<string, string>>;
  /** null: found out by itself. */
  readonly light: boolean | null;
  /** The flat map, also where WebGL works. */
  readonly flat: boolean;
  /** null: even light, no sun. */
  readonly sun: SunSetting | null;
  readonly shapes: readonly Shape[];
  readonly under: UnderSetting | null;
  readonly inside: InsideSetting | null;
  readonly compare: CompareSetting | null;
  readonly filters: ByType<Filter>;
  /** Attribute by which the entities of a type are coloured, other than the layer's own way. */
  readonly paints: ByType<string>;
  /** The moving thing that the eye follows. */
  readonly follow: string | null;
  readonly series: readonly SeriesName[];
  /** The scenario that is open: its branch is shown over the city. */
  readonly scenario: string | null;
}

const list = (text: string | null): string[] => (text ? text.split(',').filter((part) => part !== '') : []);

function readShown(text: string | null): Record<string, string> {
  const pairs = list(text).map((part) => part.split(':'));
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair.length === 2));
}

function readSeries(text: string): SeriesName | null {
  const cut = text.lastIndexOf('~');
  return cut > 0 && cut < text.length - 1 ? { id: text.slice(0, cut), attribute: text.slice(cut + 1) } : null;
}

const pairsText = (pairs: Readonly<Record<string, string>>): string => Object.entries(pairs).map(([type, attribute]) => `${type}:${attribute}`).join(',');

/** Reads the query of an address; what cannot be read falls back to its default. */
export function parseAddress(query: string): Address {
  const parameters = new URLSearchParams(query);
  const get = (key: string): string | null => parameters.get(key);
  const colour = get('colour') as ColourBy;
  const panel = get('panel') as Panel;
  const clouds = get('clouds') as CloudColouring;
  const language = get('lang');
  return {
    view: parseView(get('view') ?? ''),
    selected: get('sel') || null,
    on: list(get('on')),
    off: list(get('off')),
    colourBy: COLOUR_BY.includes(colour) ? colour : 'height',
    pictures: get('pictures') !== '0',
    cloudColouring: CLOUD_COLOURINGS.includes(clouds) ? clouds : 'own',
    atMs: parseInstant(get('t')),
    language: language === 'ko' || language === 'en' ? language : null,
    panel: PANELS.includes(panel) ? panel : null,
    listType: get('list') || null,
    shown: readShown(get('show')),
    light: get('light') === null ? null : get('light') !== '0',
    flat: get('flat') === '1',
    sun: parseSun(get('sun')),
    shapes: (get('draw') ?? '').split(' ').map(parseShape).filter((shape): shape is Shape => shape !== null),
    under: parseUnder(get('under')),
    inside: parseInside(get('in')),
    compare: parseCompare(get('compare')),
    filters: parseFilters(get('filter')),
    paints: readShown(get('paint')),
    follow: get('follow') || null,
    scenario: /^[A-Za-z0-9._-]{1,64}$/.test(get('scenario') ?? '') ? get('scenario') : null,
    series: (get('series') ?? '').split(' ').map(readSeries).filter((one): one is SeriesName => one !== null),
  };
}

/** The query for an address, without what is default. */
export function formatAddress(address: Address): string {
  const parameters: [string, string | null][] = [
    ['view', address.view && formatView(address.view)],
    ['sel', address.selected],
    ['on', address.on.join(',')],
    ['off', address.off.join(',')],
    ['colour', address.colourBy === 'height' ? null : address.colourBy],
    ['pictures', address.pictures ? null : '0'],
    ['clouds', address.cloudColouring === 'own' ? null : address.cloudColouring],
    ['t', address.atMs === null ? null : new Date(address.atMs).toISOString()],
    ['lang', address.language],
    ['panel', address.panel],
    ['list', address.panel === 'list' ? address.listType : null],
    ['show', pairsText(address.shown)],
    ['light', address.light === null ? null : address.light ? '1' : '0'],
    ['flat', address.flat ? '1' : null],
    ['sun', formatSun(address.sun)],
    ['draw', address.shapes.map(formatShape).join(' ')],
    ['under', formatUnder(address.under)],
    ['in', formatInside(address.inside)],
    ['compare', formatCompare(address.compare)],
    ['filter', formatFilters(address.filters)],
    ['paint', pairsText(address.paints)],
    ['follow', address.follow],
    ['scenario', address.scenario],
    ['series', address.series.map(({ id, attribute }) => `${id}~${attribute}`).join(' ')],
  ];
  const given = parameters.filter((pair): pair is [string, string] => pair[1] !== null && pair[1] !== '');
  const readable = new URLSearchParams(given).toString().replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%7E', '~');
  return readable ? `?${readable}` : '';
}

/** The language to show: as the address says, else the browser's first that we speak, else English. */
export function languageOf(address: Address, preferred: readonly string[]): Language {
  if (address.language) return address.language;
  const known = preferred.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === 'ko' || tag === 'en');
  return known === 'ko' ? 'ko' : 'en';
}
