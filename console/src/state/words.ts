// Puts things into words of one language: texts by key, types, attributes, moments, ages, values.
import i18next from 'i18next';
import type { Position } from '../math/geo';
import { ageOf, parseInstant } from '../math/time';
import { formatQuantity } from '../math/units';
import type { Language } from './address';
import { nameIn, type Names } from './ngsi';
import { Store } from './store';
import { en } from './texts.en';
import { ko, type TextKey } from './texts.ko';
import type { Json } from './types';

export type { TextKey } from './texts.ko';
/** Texts of an empty state: each has another that says what to do. */
export type EmptyText = { [K in TextKey]: `${K}.do` extends TextKey ? K : never }[TextKey];
export type TextValues = Readonly<Record<string, string | number>>;

export type Fields = { readonly [key: string]: Json };

const JUST_NOW_MS = 2000;
const ADDRESS_KEYS = new Set(['streetAddress', 'addressLocality', 'district', 'addressRegion', 'postalCode', 'addressCountry', 'type', '@type']);

/** Whether a record is an address as schema.org writes it. */
export function isAddress(record: Fields): boolean {
  return ['streetAddress', 'addressLocality', 'addressRegion', 'postalCode'].some((key) => record[key] !== undefined);
}

const texts = i18next.createInstance();
void texts.init({
  resources: { ko: { translation: ko }, en: { translation: en } },
  lng: 'en',
  keySeparator: false,
  nsSeparator: false,
  interpolation: { escapeValue: false },
  initAsync: false,
  showSupportNotice: false,
});

/** "reading" of "https://example.org/city#reading". */
const lastPart = (name: string): string => name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('#')) + 1) || name;

const IRREGULAR: Readonly<Record<string, string>> = { People: 'Person', 'Other places and areas': 'Other place or area' };

/** "Water body" of "Water bodies", "Point of interest" of "Points of interest". */
const singularOf = (plural: string): string => IRREGULAR[plural] ?? plural.replace(/^(.*?)(ies|s)(?= of |$)/, (_, stem: string, end: string) => stem + (end === 'ies' ? 'y' : ''));

const lowered = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

let toKorean: ((sentence: string) => string) | null = null;
/** Whether the Korean of the server's sentences is here: what said one before says it again. */
export const sentencesKnown = new Store(false);

/** Loads the Korean of the server's sentences, which is large; until then they stand as they are. */
export async function loadSentences(): Promise<void> {
  toKorean = (await import('./server_sentences')).inKorean;
  sentencesKnown.set(true);
}

/** Words of one language. */
export class Words {
  readonly language: Language;
  readonly locale: string;
  readonly #day: Intl.DateTimeFormat;
  readonly #zone: Intl.DateTimeFormat;
  readonly #clock: Intl.DateTimeFormat;
  readonly #mark: Intl.DateTimeFormat;
  readonly #age: Intl.RelativeTimeFormat;
  readonly #count: Intl.NumberFormat;

  constructor(language: Language) {
    this.language = language;
    this.locale = language === 'ko' ? 'ko-KR' : 'en-GB';
    this.#day = new Intl.DateTimeFormat(this.locale, { year: 'numeric', month: language === 'ko' ? '2-digit' : 'short', day: '2-digit' });
    this.#zone = new Intl.DateTimeFormat(this.locale, { timeZoneName: 'short' });
    this.#clock = new Intl.DateTimeFormat(this.locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
    this.#mark = new Intl.DateTimeFormat(this.locale, { month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    this.#age = new Intl.RelativeTimeFormat(this.locale, { numeric: 'always', style: 'short' });
    this.#count = new Intl.NumberFormat(this.locale);
  }

  t = (key: TextKey, values: TextValues = {}): string => texts.t(key, { ...values, lng: this.language });

  #known(prefix: string, word: string): string | null {
    const key = `${prefix}.${word}`;
    return key in ko ? this.t(key as TextKey) : null;
  }

  /** "Buildings"; a type without a text stays as it is. */
  type = (type: string): string => this.#known('type', type) ?? lastPart(type);
  /** "Building" */
  one = (type: string): string => (this.language === 'en' && this.#known('type', type) !== null ? singularOf(this.type(type)) : this.type(type));
  /** "Unnamed building" */
  unnamed = (type: string): string => this.t('inspector.unnamed', { type: this.#known('type', type) === null ? this.one(type) : lowered(this.one(type)) });
  /** A name that JSON-LD keeps for itself ("properties") comes with its vocabulary before it, which is nothing to read. */
  attribute = (name: string): string => {
    const own = lastPart(name);
    return this.#known('attr', own) ?? own;
  };
  geometryKind = (type: string): string => this.#known('geometry', type) ?? type;
  linkKind = (kind: string): string => this.#known('links.kind', kind) ?? kind;
  hazard = (kind: string): string => this.#known('hazard', kind) ?? kind;
  /** A sentence that the server made in English: what went wrong, and what to do. */
  said = (sentence: string): string => (this.language === 'ko' && toKorean ? toKorean(sentence) : sentence);
  name = (names: Names): string | null => nameIn(names, this.language);

  /** Date and time with zone. */
  moment = (ms: number): string => {
    const zone = this.#zone.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    return `${this.#day.format(ms)} ${this.clock(ms)} ${zone}`;
  };
  /** "14:05" on the clocks of a zone such as "America/Sao_Paulo"; on ours when nobody knows the zone. */
  hourIn = (ms: number, timeZone: string): string => this.#in(ms, timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  /** Weekday, date and time there. */
  momentIn = (ms: number, timeZone: string): string => this.#in(ms, timeZone, { weekday: 'short', year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' });

  #in(ms: number, timeZone: string, options: Intl.DateTimeFormatOptions): string {
    try {
      return new Intl.DateTimeFormat(this.locale, { ...options, timeZone }).format(ms);
    } catch {
      return new Intl.DateTimeFormat(this.locale, { ...options, timeZoneName: 'short' }).format(ms);
    }
  }

  clock = (ms: number): string => this.#clock.format(ms);
  mark = (ms: number): string => this.#mark.format(ms);
  number = (count: number): string => this.#count.format(count);
  quantity = (value: number, unitCode: string | undefined): string => formatQuantity(value, unitCode, this.locale);

  /** "5 min. ago" */
  age = (ms: number): string => {
    if (ms < JUST_NOW_MS) return this.t('time.justNow');
    const { unit, count } = ageOf(ms);
    return this.#age.format(-count, unit);
  };

  /** "5 min" */
  span = (ms: number): string => {
    const { unit, count } = ageOf(ms);
    return new Intl.NumberFormat(this.locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
  };

  /** "in 8 sec." */
  until = (ms: number): string => {
    const { unit, count } = ageOf(Math.max(1000, ms));
    return this.#age.format(count, unit);
  };

  /** "37.513300° N, 127.100200° E", with the height above the ellipsoid where there is one. */
  position = ([longitude, latitude, heightM]: Position): string => {
    const side = (value: number, plus: string, minus: string): string => `${Math.abs(value).toFixed(6)}° ${value < 0 ? minus : plus}`;
    const place = `${side(latitude, 'N', 'S')}, ${side(longitude, 'E', 'W')}`;
    return heightM === undefined ? place : `${place}, ${this.t('position.altitude', { height: this.quantity(heightM, 'MTR') })}`;
  };

  /** The lines of an address as its country's people write them: from large to small in Korean, the other way in English. */
  address = (record: Fields): string[] => {
    const text = (key: string): string => (typeof record[key] === 'string' || typeof record[key] === 'number' ? String(record[key]) : '');
    const smallFirst = [text('streetAddress'), text('addressLocality'), text('district'), text('addressRegion')];
    const country = text('addressCountry');
    const place = (country ? [...smallFirst, this.#country(country)] : smallFirst).filter((part, i, all) => part !== '' && part !== all[i - 1]);
    const lines = [this.language === 'ko' ? place.reverse().join(' ') : place.join(', ')];
    if (text('postalCode')) lines.push(`${this.attribute('postalCode')} ${text('postalCode')}`);
    for (const [key, value] of Object.entries(record)) {
      if (!ADDRESS_KEYS.has(key)) lines.push(`${this.attribute(key)} ${this.value(value, undefined, key)}`);
    }
    return lines.filter(Boolean);
  };

  #country(code: string): string {
    try {
      return (/^[A-Z]{2}$/.test(code) && new Intl.DisplayNames(this.locale, { type: 'region' }).of(code)) || code;
    } catch {
      return code;
    }
  }

  /** Any plain value as one text: numbers with unit, yes and no, known words, moments, lists, records by their fields. */
  value = (value: Json, unitCode?: string, attribute = ''): string => {
    if (value === null) return this.t('value.none');
    if (typeof value === 'number') return this.quantity(value, unitCode);
    if (typeof value === 'boolean') return this.t(value ? 'value.true' : 'value.false');
    if (typeof value === 'string') return this.#word(value, attribute);
    if (Array.isArray(value)) return value.map((one: Json) => this.value(one, unitCode, attribute)).join(', ');
    const record = value as Fields;
    if (record['@value'] !== undefined) return this.value(record['@value'], unitCode, attribute);
    if (isAddress(record)) return this.address(record).join(', ');
    return Object.entries(record).map(([key, one]) => `${this.attribute(key)} ${this.value(one, undefined, key)}`).join(', ');
  };

  #word(value: string, attribute: string): string {
    const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) ? parseInstant(value) : null;
    if (ms !== null) return this.moment(ms);
    if (attribute === 'heightSource') return this.#known('class', value) ?? value;
    return this.#known(attribute, value) ?? this.#known('value', value) ?? value;
  }
}

const made = new Map<Language, Words>();

/** The words of a language, made once. */
export function wordsOf(language: Language): Words {
  const words = made.get(language) ?? new Words(language);
  made.set(language, words);
  return words;
}
