// What the server answers under /api, as the console reads it.
import type { Geometry } from '../math/geo';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface TypeCount {
  readonly type: string;
  readonly iri: string;
  readonly count: number;
}

export interface Summary {
  readonly city: { readonly name: string; readonly bbox: readonly [number, number, number, number] } | null;
  readonly offset: number;
  readonly firstRecordedAt: string | null;
  readonly now: string;
  readonly types: readonly TypeCount[];
}

export interface SearchResult {
  readonly id: string;
  readonly type: string;
  readonly name: string | null;
  readonly location: Geometry | null;
}

export interface Refusal {
  readonly at: string;
  readonly reason: string;
  readonly sample: string;
}

export type LinkPhase = 'connecting' | 'running' | 'waiting' | 'ended' | 'failed';

export interface Link {
  readonly name: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly kind: string;
  readonly state: LinkPhase;
  readonly detail: string;
  readonly retryAt?: string | null;
  readonly lastMessageAt: string | null;
  readonly messagesPerSecond: number;
  readonly accepted: number;
  readonly refused: number;
  readonly refusals: readonly Refusal[];
  readonly mailbox: { readonly waiting: number; readonly capacity: number };
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
