// What the server answers, by its own description; what its streams say; and how requests stand.
import type { components } from './server.generated';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

type Schemas = components['schemas'];

export type Summary = Schemas['Summary'];
export type SearchResult = Schemas['SearchResults']['results'][number];
export type Link = Schemas['Links']['links'][number];

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
