// What leaves a stop next, by the timetable that was imported, with the names of its lines.
import type { CityApi, ReadOptions } from './api';
import { readEntities, type Names } from './ngsi';
import { parseInstant } from '../math/time';

export const STOP_TYPE = 'TransitStop';
const WITHIN_MINUTES = 120;
const DEPARTURES_MAX = 12;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

export interface Departure {
  readonly atMs: number;
  readonly route: string;
  readonly trip: string;
  /** The line as signs call it, and its colour; null where the timetable does not say. */
  readonly line: string | null;
  readonly colour: string | null;
  /** Where to: what the trip's sign says, else the names of its line. */
  readonly towards: Names;
  /** Between the times that the timetable gives. */
  readonly approximate: boolean;
}

export interface Departures {
  readonly fromMs: number;
  readonly timeZone: string;
  /** The first and the last day that the timetable holds for ("2019-04-15"). */
  readonly validFrom: string;
  readonly validTo: string;
  readonly list: readonly Departure[];
}

/** What the server answers. */
interface Answer {
  readonly from: string;
  readonly timeZone: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly departures: readonly { readonly at: string; readonly route: string; readonly trip: string; readonly headsign: string; readonly approximate: boolean }[];
}

interface Line {
  readonly names: Names;
  readonly short: string | null;
  readonly colour: string | null;
}

async function linesOf(api: CityApi, routes: readonly string[], { asOf, signal }: ReadOptions): Promise<ReadonlyMap<string, Line>> {
  if (routes.length === 0) return new Map();
  const entities = readEntities(await api.door('/ngsi-ld/v1/entities', { id: routes.join(), attrs: 'name,shortName,colour', asOf }, signal));
  return new Map(entities.map(({ id, names, attributes }) => {
    const text = (name: string): string | null => attributes.map((one) => (one.name === name && typeof one.value === 'string' ? one.value : null)).find((value) => value !== null) ?? null;
    return [id, { names, short: text('shortName'), colour: text('colour') }];
  }));
}

/** Reads what leaves a stop from a moment on; from now on when null. */
export async function readDepartures(api: CityApi, stop: string, atMs: number | null, options: ReadOptions): Promise<Departures> {
  const at = atMs === null ? null : new Date(atMs).toISOString();
  const answer = (await api.door('/api/transit/departures', { stop, at, within: WITHIN_MINUTES, limit: DEPARTURES_MAX, asOf: options.asOf }, options.signal)) as Answer;
  const lines = await linesOf(api, [...new Set(answer.departures.map(({ route }) => route))], options);
  const list = answer.departures.map(({ at: leaves, route, trip, headsign, approximate }): Departure => {
    const line = lines.get(route);
    return { atMs: parseInstant(leaves) ?? 0, route, trip, line: line?.short ?? null, colour: line?.colour ?? null, towards: headsign ? { '@none': headsign } : (line?.names ?? {}), approximate };
  });
  const { timeZone, validFrom, validTo } = answer;
  return { fromMs: parseInstant(answer.from) ?? 0, timeZone, validFrom, validTo, list };
}

/** The moment nearest to another, of the same weekday and time, on which a timetable holds; null when it holds for less than a week. The moment itself where it holds then. */
export function whenItHolds(ms: number, { validFrom, validTo }: Pick<Departures, 'validFrom' | 'validTo'>): number | null {
  const [first, end] = [Date.parse(`${validFrom}T00:00:00Z`), Date.parse(`${validTo}T00:00:00Z`) + DAY_MS];
  if (Number.isNaN(first) || Number.isNaN(end)) return null;
  const weeks = ms >= end ? -Math.ceil((ms - end + 1) / WEEK_MS) : ms < first ? Math.ceil((first - ms) / WEEK_MS) : 0;
  const moved = ms + weeks * WEEK_MS;
  return moved >= first && moved < end ? moved : null;
}
