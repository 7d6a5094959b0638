// Scenarios and runs: what is drawn of changes, footprints, fields of a form, indicators, and the address.
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../../src/state/address';
import { formatCompare, parseCompare } from '../../src/state/address_parts';
import { faultOf, firstText, indicatorsOf, inputsOf, layerOf, plainResults, valueOf, type Process, type ProcessInput } from '../../src/state/processes';
import { bareValue, changeName, footprintOf, overlaidOf, unitOf, type ScenarioChange } from '../../src/state/scenarios';

const road: ScenarioChange = {
  id: 'urn:road', kind: 'changed', types: ['RoadSegment'], name: { type: 'LanguageProperty', languageMap: { ko: '올림픽로', en: 'Olympic-ro' } },
  location: { type: 'LineString', coordinates: [[127, 37], [127.1, 37]] }, attributes: [{ name: 'closed', after: { type: 'Property', value: true } }],
};

describe('changes of a scenario', () => {
  it('are drawn by what they do', () => {
    expect(overlaidOf(road)).toMatchObject({ kind: 'closed', heightMetres: 0 });
    const tower: ScenarioChange = { ...road, kind: 'created', attributes: [{ name: 'height', after: { type: 'Property', value: 180, unitCode: 'MTR' } }] };
    expect(overlaidOf(tower)).toMatchObject({ kind: 'created', heightMetres: 180 });
    for (const value of [-5, 'high', null]) expect(overlaidOf({ ...tower, attributes: [{ name: 'height', after: { value } }] })?.heightMetres).toBe(0);
    expect(overlaidOf({ ...tower, attributes: [{ name: 'height', after: { value: 1e99 } }] })?.heightMetres).toBe(1000);
    const { location: _, ...placeless } = road;
    expect(overlaidOf(placeless)).toBeNull();
  });

  it('say their name, value and unit', () => {
    expect(changeName(road, 'en')).toBe('Olympic-ro');
    expect(bareValue([{ type: 'Property', value: 3 }, { value: 4 }])).toBe(3);
    expect(unitOf({ type: 'Property', value: 3, unitCode: 'MTR' })).toBe('MTR');
    expect(unitOf(undefined)).toBeUndefined();
  });

  it('have footprints that are closed and run against the clock', () => {
    const clockwise = footprintOf([[0, 0, 9], [0, 1, 9], [1, 1, 9]]);
    expect(clockwise).toEqual({ type: 'Polygon', coordinates: [[[1, 1], [0, 1], [0, 0], [1, 1]]] });
    expect(footprintOf([[0, 0], [1, 0], [1, 1]])).toEqual({ type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] });
  });
});

describe('the form of a run', () => {
  const rain: ProcessInput = { schema: { oneOf: [{ type: 'number', minimum: 0, maximum: 500 }, { type: 'array' }], default: 80 }, minOccurs: 0 };
  const cells: ProcessInput = { schema: { type: 'integer', minimum: 1, maximum: 10 } };
  it('reads values by their schema', () => {
    expect(valueOf(rain.schema ?? {}, '80')).toBe(80);
    expect(valueOf(rain.schema ?? {}, '[[0, 80]]')).toEqual([[0, 80]]);
    expect(valueOf({ type: 'boolean' }, 'true')).toBe(true);
    expect(valueOf({ enum: [1, 2] }, '2')).toBe(2);
    expect(valueOf({ type: 'number' }, '  ')).toBeUndefined();
    expect(firstText(rain)).toBe('80');
  });

  it('names what is wrong', () => {
    expect(['', '0', '11', '2.5', 'x', '7'].map((text) => faultOf(cells, text))).toEqual(['missing', 'low', 'high', 'whole', 'invalid', null]);
    expect(faultOf(rain, '501')).toBe('high');
    expect(faultOf({ ...cells, minOccurs: 0 }, '')).toBeNull();
  });

  it('sends what a person gives, and leaves to the server what the city has', () => {
    const process: Process = { id: 'flood', inputs: { area: {}, rain, terrain: { 'x-city': true }, cells } };
    expect(inputsOf(process, { rain: '80', cells: '', terrain: 'x' }, [1, 2, 3, 4])).toEqual({ rain: 80, area: [1, 2, 3, 4] });
  });
});

describe('results', () => {
  const results = plainResults({ deepest: 1.5, audit: { value: { rain: 3, parts: { end: 2 } } }, depth: { href: '/f', time_s: 0, layer: 'urn:ngsi-ld:RasterLayer:a' }, wet: [{ value: 1 }] });
  it('give their numbers, not those of files and lists', () => expect(indicatorsOf(results)).toEqual([['deepest', 1.5], ['audit.rain', 3], ['audit.parts.end', 2]]));
  it('give their layers', () => expect(Object.values(results).map(layerOf).filter(Boolean)).toEqual(['urn:ngsi-ld:RasterLayer:a']));
});

describe('the address', () => {
  it('holds the open scenario and what it is compared with', () => {
    expect(parseAddress(formatAddress({ ...parseAddress(''), scenario: 'scenario-31' })).scenario).toBe('scenario-31');
    expect(parseAddress('?scenario=../etc').scenario).toBeNull();
    const compare = { mode: 'swipe', atMs: Date.UTC(2026, 0, 1), split: 0.5, scenario: 'main' } as const;
    expect(parseCompare(formatCompare(compare))).toEqual(compare);
    expect(parseCompare('side~2026-01-01T00:00:00Z~0.5')).not.toHaveProperty('scenario');
  });
});
