// Both languages say the same things, and every text is used.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { en } from '../../src/state/texts.en';
import { ko, type TextKey } from '../../src/state/texts.ko';
import { wordsOf } from '../../src/state/words';

const keys = Object.keys(ko) as TextKey[];
const holes = (text: string): string[] => [...text.matchAll(/{{(\w+)}}/g)].map((match) => match[1] ?? '').sort();

describe('texts', () => {
  it('have the same keys in Korean and English', () => expect(Object.keys(en).sort()).toEqual([...keys].sort()));

  it('take the same values in both', () => {
    const empty = (key: TextKey): boolean => ko[key].trim() === '' || en[key].trim() === '';
    expect(keys.filter((key) => holes(ko[key]).join() !== holes(en[key]).join() || empty(key))).toEqual([]);
  });

  it('are Korean in Korean and not in English', () => {
    const hangul = /\p{Script=Hangul}/u;
    expect(keys.filter((key) => hangul.test(en[key]) && key !== 'action.language')).toEqual([]);
    expect(keys.filter((key) => !hangul.test(ko[key]) && /[a-z]{5,}/i.test(ko[key].replace(/{{\w+}}/g, ''))).sort()).toEqual(['app.title']);
  });

  it('are all used', () => {
    const source = fileURLToPath(new URL('../../src', import.meta.url));
    const names = (readdirSync(source, { recursive: true }) as string[]).filter((path) => /\.tsx?$/.test(path) && !/(texts|data)(\.\w+)?\.(ko|en)/.test(path));
    const code = names.map((path) => readFileSync(join(source, path), 'utf8')).join('\n');
    const dynamic = /^(shape|action\.draw|sun|network|hazard|compare|import\.phase|picture|type|attr|category|roadClass|roofShape|clouds|motorVehicle|material|accuracyClass|areaSource|restriction|geometry|value|class|colour|road|fresh|error|links\.(state|explain|kind)|quality\.(share|fate|mode)|subscribers\.state|scenarios\.(status|to|kind)|models\.(status|fault)|stream)\./;
    const isNamed = (key: string): boolean => code.includes(`'${key}'`) || code.includes(`"${key}"`);
    // An empty state shows what to do by the name of its text.
    expect(keys.filter((key) => !dynamic.test(key) && !isNamed(key) && !isNamed(key.replace(/\.do$/, '')))).toEqual([]);
  });

  it('fill in values and words of the language', () => {
    expect(wordsOf('ko').t('links.running', { count: 2 })).toBe('작동 2');
    expect(wordsOf('en').t('links.running', { count: 2 })).toBe('2 running');
    expect(wordsOf('ko').type('Building')).toBe('건물');
    expect(wordsOf('en').attribute('madeUpThing')).toBe('madeUpThing');
    expect(wordsOf('en').value(true)).toBe('Yes');
    expect(wordsOf('ko').value('measured', undefined, 'heightSource')).toBe('잰 값');
    expect(wordsOf('en').quantity(123.456, 'MTR')).toBe('123.46 m');
    expect(wordsOf('en').age(5 * 60_000)).toContain('5');
  });
});
