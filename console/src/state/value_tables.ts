// The values of one attribute over all entities of a type: what filters, colours and histograms are made from.
import { numberClassesOf, textClassesOf } from '../math/classes';
import type { PaintClass, Theme } from '../math/paint';
import type { Address } from './address';
import type { CityApi, ReadOptions } from './api';
import { isAbort, failureOf } from './api';
import { plainValue } from './ngsi';
import { Store } from './store';
import { IDLE, type Json, type Loadable } from './types';

/** Of a type only so many values are read; panels say when that was not all. */
export const VALUES_MAX = 50_000;
const PAGE = 1000;

export interface ValueTable {
  readonly type: string;
  readonly attribute: string;
  readonly unitCode: string | undefined;
  readonly kind: 'number' | 'text';
  readonly values: ReadonlyMap<string, number | string>;
  /** How many entities of the type there are in all. */
  readonly total: number;
  readonly cut: boolean;
}

export const tableKey = (type: string, attribute: string): string => `${type}~${attribute}`;

/** The tables that the choices of an address need. */
export function wantedTables({ paints, filters }: Pick<Address, 'paints' | 'filters'>): (readonly [type: string, attribute: string])[] {
  return [...Object.entries(paints), ...Object.entries(filters).map(([type, { attribute }]) => [type, attribute] as const)];
}

/** A value to class by: numbers and texts; yes and no as texts; everything else is nothing. */
export function classable(raw: Json | undefined): number | string | null {
  const value = plainValue(raw);
  if (typeof value === 'number' || (typeof value === 'string' && value !== '')) return value;
  return typeof value === 'boolean' ? String(value) : null;
}

/** Makes a table from what was read. Attributes that are mostly numbers are numbers. */
export function tableOf(type: string, attribute: string, rows: readonly (readonly [string, Json | undefined, string | undefined])[], total: number): ValueTable {
  const known = rows.map(([id, raw]) => [id, classable(raw)] as const).filter((pair): pair is readonly [string, number | string] => pair[1] !== null);
  const numbers = known.filter(([, value]) => typeof value === 'number').length;
  const kind = numbers * 2 > known.length ? 'number' : 'text';
  const values = new Map(known.filter(([, value]) => (typeof value === 'number') === (kind === 'number')));
  return { type, attribute, kind, unitCode: rows.find(([, , unit]) => unit !== undefined)?.[2], values, total, cut: rows.length >= VALUES_MAX };
}

/** The classes by which the values are coloured. */
export function classesOf(table: ValueTable, theme: Theme): PaintClass[] {
  const values = [...table.values.values()];
  return table.kind === 'number' ? numberClassesOf(values as number[], theme) : textClassesOf(values as string[], theme);
}

async function readTable(api: CityApi, type: string, attribute: string, options: ReadOptions): Promise<ValueTable> {
  const rows: [string, Json | undefined, string | undefined][] = [];
  let total = 0;
  while (rows.length < VALUES_MAX) {
    const page = await api.values(type, attribute, { offset: rows.length, limit: PAGE }, options);
    rows.push(...page.items);
    total = page.total ?? rows.length;
    if (page.items.length < PAGE) break;
  }
  return tableOf(type, attribute, rows, total);
}

/** The tables in use, each read once per moment and edition of the city. */
export class ValueTables {
  readonly tables = new Store<ReadonlyMap<string, Loadable<ValueTable>>>(new Map());
  readonly #api: CityApi;
  readonly #requests = new Map<string, { readonly at: string; readonly abort: AbortController }>();

  constructor(api: CityApi) {
    this.#api = api;
  }

  get(type: string, attribute: string): Loadable<ValueTable> {
    return this.tables.get().get(tableKey(type, attribute)) ?? IDLE;
  }

  /** Reads the tables wanted that are not there yet; `asOf` and `edition` name the city looked at. */
  want(wanted: readonly (readonly [type: string, attribute: string])[], asOf: string | null, edition: number): void {
    const at = `${asOf ?? 'now'} ${edition}`;
    for (const [type, attribute] of wanted) {
      const key = tableKey(type, attribute);
      if (this.#requests.get(key)?.at !== at) void this.#read(key, type, attribute, asOf, at);
    }
  }

  /** Forgets a table that failed, so that it is read again when wanted. */
  forget(type: string, attribute: string): void {
    this.#requests.delete(tableKey(type, attribute));
  }

  async #read(key: string, type: string, attribute: string, asOf: string | null, at: string): Promise<void> {
    this.#requests.get(key)?.abort.abort();
    const abort = new AbortController();
    this.#requests.set(key, { at, abort });
    const before = this.tables.get().get(key)?.value ?? null;
    this.#put(key, { state: 'loading', value: before, error: null });
    try {
      const value = await readTable(this.#api, type, attribute, { asOf, signal: abort.signal });
      this.#put(key, { state: 'ready', value, error: null });
    } catch (error) {
      if (!isAbort(error)) this.#put(key, { state: 'failed', value: before, error: failureOf(error) });
    }
  }

  #put(key: string, table: Loadable<ValueTable>): void {
    this.tables.update((tables) => new Map([...tables, [key, table]]));
  }
}
