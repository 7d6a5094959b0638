// What the server answers, by its own description; what its streams say; and how requests stand.
import type { components } from './server.generated';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

type Schemas = components['schemas'];

export type Summary = Schemas['Summary'];
export type SearchResult = Schemas['SearchResults']['results'][number];
export type Link = Schemas['Links']['links'][number];
export type Subscriptions = Schemas['Subscriptions'];
export type Quality = Schemas['Quality'];
export type QualitySource = Quality['types'][number]['sources'][number];
export type QualityExample = QualitySource['examples'][number];
export type ObjectCatalogue = Schemas['ObjectCatalogue'];
export type ObjectKind = Schemas['ObjectKind'];
export type ObjectParameter = ObjectKind['parameters'][number];

/** A raster layer as /api/rasters tells it; the name is a text or a map by language. */
export interface RasterInfo {
  readonly id: string;
  readonly name?: string | Readonly<Record<string, string>>;
  readonly unitCode: string;
  readonly min: number;
  readonly max: number;
  readonly bbox?: readonly number[];
  readonly times: readonly string[];
  readonly legend: readonly { readonly value: number; readonly colour: string }[];
  readonly tiles: string;
}

export interface ChangedAttribute {
  readonly value?: Json;
  readonly unitCode?: string;
  readonly observedAt?: string;
}

export interface ChangedEntity {
  readonly id: string;
  readonly type: readonly string[];
  readonly attributes: Readonly<Record<string, ChangedAttribute>>;
  readonly deleted: boolean;
}

export interface Change {
  readonly offset: number;
  readonly recordedAt: string;
  readonly branch: string;
  readonly entities: readonly ChangedEntity[];
}

/** Something that is fetched: the value of an earlier fetch stays while a new one runs or has failed. */
export interface Loadable<T> {
  readonly state: 'idle' | 'loading' | 'ready' | 'failed';
  readonly value: T | null;
  readonly error: ApiFailure | null;
}

export type FailureKind = 'unreachable' | 'timeout' | 'notFound' | 'refused' | 'busy' | 'server' | 'unreadable';

/** Why a request gave no answer, for people: `kind` picks the words, `detail` is the server's own. */
export interface ApiFailure {
  readonly kind: FailureKind;
  readonly detail: string;
}

export const IDLE: Loadable<never> = { state: 'idle', value: null, error: null };

/** The English with `{}` where something varies, and the Korean with `{0}`, `{1}`, ... or `{}` for each in order. */
export type SentencePair = readonly [english: string, korean: string];
