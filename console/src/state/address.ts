// What the address of the page says: view, selection, layers, colours, time, panel, language. A link reopens the same.
import { formatView, parseView, type View } from '../math/camera';
import { COLOUR_BY, type ColourBy } from '../math/paint';
import { parseInstant } from '../math/time';

export type Language = 'ko' | 'en';
export type Panel = 'inspector' | 'layers' | 'links' | 'list';
const PANELS: readonly Panel[] = ['inspector', 'layers', 'links', 'list'];

export interface Address {
  readonly view: View | null;
  readonly selected: string | null;
  /** Layers (entity types) switched on or off against their default. */
  readonly on: readonly string[];
  readonly off: readonly string[];
  readonly colourBy: ColourBy;
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
}

const list = (text: string | null): string[] => (text ? text.split(',').filter((part) => part !== '') : []);

function readShown(text: string | null): Record<string, string> {
  const pairs = list(text).map((part) => part.split(':'));
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair.length === 2));
}

/** Reads the query of an address; what cannot be read falls back to its default. */
export function parseAddress(query: string): Address {
  const parameters = new URLSearchParams(query);
  const get = (key: string): string | null => parameters.get(key);
  const colour = get('colour') as ColourBy;
  const panel = get('panel') as Panel;
  const language = get('lang');
  return {
    view: parseView(get('view') ?? ''),
    selected: get('sel') || null,
    on: list(get('on')),
    off: list(get('off')),
    colourBy: COLOUR_BY.includes(colour) ? colour : 'height',
    atMs: parseInstant(get('t')),
    language: language === 'ko' || language === 'en' ? language : null,
    panel: PANELS.includes(panel) ? panel : null,
    listType: get('list') || null,
    shown: readShown(get('show')),
    light: get('light') === null ? null : get('light') !== '0',
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
    ['t', address.atMs === null ? null : new Date(address.atMs).toISOString()],
    ['lang', address.language],
    ['panel', address.panel],
    ['list', address.panel === 'list' ? address.listType : null],
    ['show', Object.entries(address.shown).map(([type, attribute]) => `${type}:${attribute}`).join(',')],
    ['light', address.light === null ? null : address.light ? '1' : '0'],
  ];
  const given = parameters.filter((pair): pair is [string, string] => pair[1] !== null && pair[1] !== '');
  const readable = new URLSearchParams(given).toString().replaceAll('%3A', ':').replaceAll('%2C', ',');
  return readable ? `?${readable}` : '';
}

/** The language to show: as the address says, else the browser's first that we speak, else English. */
export function languageOf(address: Address, preferred: readonly string[]): Language {
  if (address.language) return address.language;
  const known = preferred.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === 'ko' || tag === 'en');
  return known === 'ko' ? 'ko' : 'en';
}
