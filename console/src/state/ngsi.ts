// Reads NGSI-LD entities (normalized) and histories (temporal values) into what the panels show.
import { isGeometry, type Geometry, type Position } from '../math/geo';
import { parseInstant } from '../math/time';
import type { Json } from './types';

export type Names = Readonly<Record<string, string>>;
export type AttributeKind = 'value' | 'relationship' | 'geometry' | 'names';

/** One instance of an attribute with everything known about it. */
export interface AttributeFact {
  readonly name: string;
  readonly datasetId: string | null;
  readonly kind: AttributeKind;
  readonly value: Json;
  readonly unitCode: string | undefined;
  readonly observedMs: number | null;
  readonly receivedMs: number | null;
  readonly providedBy: string | null;
  /** Sub-attributes apart from those above, such as heightSource. */
  readonly notes: readonly { readonly name: string; readonly value: Json }[];
}

export interface EntityFacts {
  readonly id: string;
  readonly types: readonly string[];
  readonly names: Names;
  readonly geometry: Geometry | null;
  readonly attributes: readonly AttributeFact[];
}

export interface HistoryPoint {
  readonly ms: number;
  readonly value: number;
}

const NOT_ATTRIBUTES = new Set(['id', 'type', '@id', '@type', '@context', 'scope', 'createdAt', 'modifiedAt', 'deletedAt', 'expiresAt']);
const NOT_NOTES = new Set(['type', 'value', 'object', 'languageMap', 'vocab', 'json', 'valueList', 'objectList', 'unitCode', 'observedAt',
  'createdAt', 'modifiedAt', 'deletedAt', 'datasetId', 'instanceId', 'providedBy', 'objectType', 'previousValue']);

type Fields = { readonly [key: string]: Json };

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const textOf = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

/** The value of an attribute instance, whichever kind it is. */
function valueOf(fields: Fields): Json {
  for (const key of ['value', 'object', 'languageMap', 'vocab', 'json', 'valueList', 'objectList']) {
    const value = fields[key];
    if (value !== undefined) return value;
  }
  return null;
}

function kindOf(fields: Fields, value: Json): AttributeKind {
  if (fields['object'] !== undefined) return 'relationship';
  if (fields['languageMap'] !== undefined) return 'names';
  return isGeometry(value) ? 'geometry' : 'value';
}

/** A source as text: a plain string, the object of a relationship, or the texts of a small record. */
function sourceText(value: Json | undefined): string | null {
  if (value === undefined || value === null) return null;
  if (!isFields(value)) return String(value);
  const inner = valueOf(value);
  if (inner !== null) return isFields(inner) ? Object.values(inner).map(String).join(' ') : String(inner);
  return Object.values(value).filter((one) => typeof one === 'string').join(' ');
}

function factOf(name: string, fields: Fields): AttributeFact {
  const value = valueOf(fields);
  const notes = Object.entries(fields)
    .filter(([key]) => !NOT_NOTES.has(key))
    .map(([key, note]) => ({ name: key, value: isFields(note) ? valueOf(note) : note }));
  return {
    name,
    datasetId: textOf(fields['datasetId']) ?? null,
    kind: kindOf(fields, value),
    value,
    unitCode: textOf(fields['unitCode']),
    observedMs: parseInstant(textOf(fields['observedAt'])),
    receivedMs: parseInstant(textOf(fields['modifiedAt'])),
    providedBy: sourceText(fields['providedBy']),
    notes,
  };
}

/** Names by language from a language map, a plain text, or nothing. */
export function namesOf(value: Json | undefined): Names {
  if (typeof value === 'string') return { '@none': value };
  if (!isFields(value)) return {};
  const map = isFields(value['languageMap']) ? value['languageMap'] : value;
  const pairs = Object.entries(map).map(([language, text]) => [language, Array.isArray(text) ? text.join(', ') : text] as const);
  return Object.fromEntries(pairs.filter((pair): pair is readonly [string, string] => typeof pair[1] === 'string'));
}

/** The name in `language`, else as the place itself writes it, else any; null when nameless. */
export function nameIn(names: Names, language: string): string | null {
  return names[language] ?? names['@none'] ?? names['ko'] ?? names['en'] ?? Object.values(names)[0] ?? null;
}

/** Reads one normalized entity; null when it is none. */
export function readEntity(json: unknown): EntityFacts | null {
  if (!isFields(json) || typeof json['id'] !== 'string') return null;
  const type = json['type'] ?? [];
  const attributes: AttributeFact[] = [];
  for (const [name, raw] of Object.entries(json)) {
    if (NOT_ATTRIBUTES.has(name)) continue;
    for (const instance of Array.isArray(raw) ? raw : [raw]) {
      if (isFields(instance)) attributes.push(factOf(name, instance));
    }
  }
  const place = attributes.find((one) => one.name === 'location' && one.kind === 'geometry') ?? attributes.find((one) => one.kind === 'geometry');
  return {
    id: json['id'],
    types: (Array.isArray(type) ? type : [type]).map(String),
    names: namesOf(attributes.find((one) => one.name === 'name')?.value),
    geometry: place && isGeometry(place.value) ? place.value : null,
    attributes,
  };
}

/** Reads a list of normalized entities, leaving out what is none. */
export function readEntities(json: unknown): EntityFacts[] {
  return Array.isArray(json) ? json.map(readEntity).filter((one): one is EntityFacts => one !== null) : [];
}

/** The numeric points of one attribute from an answer with temporalValues, oldest first. */
export function readHistory(json: unknown, attribute: string): HistoryPoint[] {
  if (!isFields(json)) return [];
  const raw = json[attribute];
  const points: HistoryPoint[] = [];
  for (const series of Array.isArray(raw) ? raw : [raw]) {
    const values = isFields(series) ? series['values'] : undefined;
    for (const pair of Array.isArray(values) ? values : []) {
      const [value, at] = Array.isArray(pair) ? (pair as readonly Json[]) : [];
      const ms = parseInstant(textOf(at));
      if (typeof value === 'number' && ms !== null) points.push({ ms, value });
    }
  }
  return points.sort((a, b) => a.ms - b.ms);
}

/** One feature of a map layer. */
export interface MapFeature {
  readonly id: string;
  readonly geometry: Geometry;
  readonly names: Names;
  readonly properties: { readonly [key: string]: Json };
}

/** Reads a GeoJSON feature collection, leaving out features without an id or a geometry that we can draw. */
export function readFeatures(json: unknown): MapFeature[] {
  const list = isFields(json) && Array.isArray(json['features']) ? (json['features'] as readonly Json[]) : [];
  const features: MapFeature[] = [];
  for (const one of list) {
    if (!isFields(one) || typeof one['id'] !== 'string' || !isGeometry(one['geometry'])) continue;
    const properties = isFields(one['properties']) ? one['properties'] : {};
    features.push({ id: one['id'], geometry: one['geometry'], names: namesOf(properties['name']), properties });
  }
  return features;
}

/** A property of a feature as plain value, whether it came simplified or normalized. */
export function plainValue(value: Json | undefined): Json {
  return value === undefined ? null : isFields(value) && 'type' in value ? valueOf(value) : value;
}

/** Where an entity stands when it is a point. */
export function pointOf(geometry: Geometry | null): Position | null {
  return geometry?.type === 'Point' ? geometry.coordinates : null;
}

/** Id, value and unit of one attribute from normalized entities; the first instance counts. */
export function readValues(json: unknown, attribute: string): [string, Json | undefined, string | undefined][] {
  const rows: [string, Json | undefined, string | undefined][] = [];
  for (const one of Array.isArray(json) ? (json as readonly Json[]) : []) {
    if (!isFields(one) || typeof one['id'] !== 'string') continue;
    const raw = one[attribute];
    const instance = Array.isArray(raw) ? (raw as readonly Json[])[0] : raw;
    rows.push([one['id'], isFields(instance) ? valueOf(instance) : instance, isFields(instance) ? textOf(instance['unitCode']) : undefined]);
  }
  return rows;
}
