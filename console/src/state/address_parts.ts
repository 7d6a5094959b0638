// The parts of an address that are small languages of their own: sun, underground, comparing, filters, colours by attribute.
import { clockText, parseClock } from '../math/sun';
import { parseInstant } from '../math/time';

/** The sun on the map. `minutes` null: as it stands at the moment shown. */
export interface SunSetting {
  readonly minutes: number | null;
  readonly shadows: boolean;
}

/** Looking below the ground: down to which depth, and how much the ground is seen (0 to 1). */
export interface UnderSetting {
  readonly depthMetres: number;
  readonly ground: number;
  /** Whether a pit is cut into the ground around the middle of the map. */
  readonly cut: boolean;
}

/** Looking into a building: at one storey, or (null) all of them. */
export interface InsideSetting {
  readonly building: string;
  readonly storey: string | null;
}

/** Another moment beside the one shown: the earlier one is always drawn on the left. */
export interface CompareSetting {
  readonly mode: 'side' | 'swipe';
  readonly atMs: number;
  /** Where the swipe line stands, 0 to 1. */
  readonly split: number;
  /** Not another moment but another plan is beside it: a scenario, or 'main' for the city as it is. */
  readonly scenario?: string;
}

/** Keeps entities of a type by one attribute: a range of numbers (either end open) or a choice of texts. */
export type Filter =
  | { readonly attribute: string; readonly from: number | null; readonly to: number | null }
  | { readonly attribute: string; readonly values: readonly string[] };

export type ByType<T> = Readonly<Record<string, T>>;

export function formatSun(sun: SunSetting | null): string | null {
  if (!sun) return null;
  return `${sun.minutes === null ? 'now' : clockText(sun.minutes)}${sun.shadows ? '~shadows' : ''}`;
}

export function parseSun(text: string | null): SunSetting | null {
  if (!text) return null;
  const [when = '', more] = text.split('~');
  const minutes = parseClock(when);
  return when === 'now' || minutes !== null ? { minutes, shadows: more === 'shadows' } : null;
}

export function formatUnder(under: UnderSetting | null): string | null {
  return under && `${under.depthMetres},${under.ground}${under.cut ? ',cut' : ''}`;
}

export function parseUnder(text: string | null): UnderSetting | null {
  const [depth, ground, cut] = (text ?? '').split(',');
  const [depthMetres, seen] = [Number(depth), Number(ground)];
  const good = text && depthMetres > 0 && depthMetres <= 200 && seen >= 0 && seen <= 1;
  return good ? { depthMetres, ground: seen, cut: cut === 'cut' } : null;
}

export function formatInside(inside: InsideSetting | null): string | null {
  return inside && `${inside.building}${inside.storey === null ? '' : `~${inside.storey}`}`;
}

export function parseInside(text: string | null): InsideSetting | null {
  const [building = '', storey] = (text ?? '').split('~');
  return building === '' ? null : { building, storey: storey || null };
}

export function formatCompare(compare: CompareSetting | null): string | null {
  return compare && `${compare.mode}~${new Date(compare.atMs).toISOString()}~${Number(compare.split.toFixed(3))}${compare.scenario === undefined ? '' : `~${compare.scenario}`}`;
}

export function parseCompare(text: string | null): CompareSetting | null {
  const [mode, at, split, scenario] = (text ?? '').split('~');
  const atMs = parseInstant(at);
  if ((mode !== 'side' && mode !== 'swipe') || atMs === null) return null;
  const part = Number(split ?? 0.5);
  const setting = { mode, atMs, split: part >= 0 && part <= 1 ? part : 0.5 } as const;
  return scenario !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(scenario) ? { ...setting, scenario } : setting;
}

const escaped = (text: string): string => encodeURIComponent(text).replaceAll('~', '%7E');

/** "Building~height~10..40" or "Building~category~=school|hotel" */
export function formatFilters(filters: ByType<Filter>): string {
  return Object.entries(filters).map(([type, filter]) => {
    const rule = 'values' in filter ? `=${filter.values.map(escaped).join('|')}` : `${filter.from ?? ''}..${filter.to ?? ''}`;
    return [escaped(type), escaped(filter.attribute), rule].join('~');
  }).join(' ');
}

function parseFilter(attribute: string, rule: string): Filter | null {
  if (rule.startsWith('=')) return { attribute, values: rule.slice(1).split('|').filter(Boolean).map(decodeURIComponent) };
  const [from = '', to = ''] = rule.split('..');
  const end = (text: string): number | null => (text === '' || !Number.isFinite(Number(text)) ? null : Number(text));
  return rule.includes('..') ? { attribute, from: end(from), to: end(to) } : null;
}

export function parseFilters(text: string | null): ByType<Filter> {
  const filters: Record<string, Filter> = {};
  for (const part of (text ?? '').split(' ').filter(Boolean)) {
    try {
      const [type = '', attribute = '', rule = ''] = part.split('~');
      const filter = type && attribute ? parseFilter(decodeURIComponent(attribute), rule) : null;
      if (filter) filters[decodeURIComponent(type)] = filter;
    } catch {
      // A link cut off in the middle: the rest of it still counts.
    }
  }
  return filters;
}

/** Whether a value passes a filter; a missing value never does. */
export function passes(filter: Filter | undefined, value: unknown): boolean {
  if (!filter) return true;
  if ('values' in filter) return filter.values.includes(String(value));
  if (typeof value !== 'number') return false;
  return (filter.from === null || value >= filter.from) && (filter.to === null || value <= filter.to);
}
