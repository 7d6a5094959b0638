// How layers of tiles look: what is hidden, what keeps its pictures, what is coloured by its type.
import { describe, expect, it } from 'vitest';
import { bodiesLook, buildingsLook } from '../../src/layers/tile_looks';
import { BODY_LAYERS, BODY_TYPES, bodyColour } from '../../src/math/bodies';
import { parseAddress } from '../../src/state/address';
import type { App } from '../../src/state/app';
import { isOfCity, layerOf, maySense } from '../../src/state/catalogue';
import { ko } from '../../src/state/texts.ko';

/** An App of which only the address, the theme and values by attribute are asked. */
function appAt(query: string, values: Readonly<Record<string, string>> = {}): App {
  const store = <T>(value: T): { get: () => T } => ({ get: () => value });
  const table = { attribute: 'state', kind: 'text', values: new Map(Object.entries(values)), total: 1 };
  return { address: store(parseAddress(query)), settings: store({ theme: 'light' }), cityEdition: store(1), restingAsOf: store(null), tables: { get: () => ({ value: table }) } } as unknown as App;
}

describe('layers of tiles', () => {
  it('draws every type with a body in one layer, with a name, a colour and a row', () => {
    expect(new Set(BODY_TYPES).size).toBe(BODY_TYPES.length);
    for (const type of BODY_TYPES) {
      expect(`type.${type}` in ko, type).toBe(true);
      expect(bodyColour(type, 'light'), type).not.toBe(bodyColour('', 'light'));
      expect(maySense(type), type).toBe(false);
      expect(isOfCity(type) ? layerOf(type).kind : 'bodies', type).toBe('bodies');
    }
  });

  it('hides the types that are switched off and all when none is left', () => {
    const types = BODY_LAYERS['water'] ?? [];
    expect(bodiesLook(appAt(''), types).style.show).toBe('true');
    expect(bodiesLook(appAt('?off=Waterway'), types).style.show).toBe("${category} === 'WaterBody'");
    const none = bodiesLook(appAt('?off=Waterway,WaterBody'), types);
    expect([none.shown, none.style.show]).toEqual([false, 'false']);
  });

  it('leaves pictures untinted unless asked not to show them, and never above the selected thing', () => {
    const conditions = (query: string): readonly [string, string][] => buildingsLook(appAt(query)).style.color.conditions;
    expect(conditions('')[0]).toEqual(["${appearance} === 'textures' || ${appearance} === 'colours'", "color('#ffffff')"]);
    expect(conditions('?pictures=0').some(([condition]) => condition.includes('appearance'))).toBe(false);
    expect(buildingsLook(appAt('?pictures=0')).pictured).toBe(false);
    expect(conditions('?sel=urn:a')[0]?.[0]).toBe("${id} === 'urn:a'");
    expect(conditions("?sel=urn:a' || 'x").some(([condition]) => condition.includes('||') && condition.includes('urn'))).toBe(false);
  });

  it('colours by a value instead of pictures when somebody chose that, and by filter keeps the pictures', () => {
    const painted = buildingsLook(appAt('?paint=Building:state', { 'urn:a': 'good' }));
    expect(painted.pictured).toBe(false);
    expect(painted.paint?.({ id: 'urn:a', category: '', dressed: true }).colour).not.toBe('#ffffff');
    const filtered = buildingsLook(appAt('?filter=Building~state~=good', { 'urn:a': 'good' }));
    expect(filtered.paint?.({ id: 'urn:a', category: '', dressed: true }).colour).toBe('#ffffff');
    expect(filtered.paint?.({ id: 'urn:a', category: '', dressed: false }).colour).not.toBe('#ffffff');
    const water = bodiesLook(appAt('?paint=WaterBody:state&off=Waterway', { 'urn:w': 'good' }), BODY_LAYERS['water'] ?? []);
    expect(water.paint?.({ id: 'urn:c', category: 'Waterway', dressed: false }).shown).toBe(false);
    expect(water.paint?.({ id: 'urn:w', category: 'WaterBody', dressed: false }).shown).toBe(true);
  });
});
