// Objects of the library: which entity is which object, where its model is, and placing with a way back.
import { describe, expect, it } from 'vitest';
import { CityApi } from '../../src/state/api';
import { readEntity } from '../../src/state/ngsi';
import { modelPath, objectOf, Objects, objectTypes } from '../../src/state/objects';
import { rasterTiles, stepAt } from '../../src/state/rasters';
import type { ObjectCatalogue, RasterInfo } from '../../src/state/types';
import { UndoList } from '../../src/state/undo';

const catalogue: ObjectCatalogue = {
  version: '1', categories: [{ id: 'furniture', name: { ko: '시설물', en: 'Furniture' } }],
  kinds: [{
    kind: 'bench', category: 'furniture', name: { ko: '벤치', en: 'Bench' }, model: '/api/objects/bench.glb',
    parameters: [{ id: 'length', name: { ko: '길이', en: 'Length' }, kind: 'number', unitCode: 'MTR', default: 1.8, min: 0.6, max: 4, step: 0.1 }, { id: 'back', name: { ko: '등받이', en: 'Back' }, kind: 'flag', default: true }],
  }],
  placing: [{ type: 'PointOfInterest', categories: ['bench'], kind: 'bench', parameters: { length: '2' } }],
};
const point = { type: 'GeoProperty', value: { type: 'Point', coordinates: [127.1, 37.5] } };
const facts = (json: object): NonNullable<ReturnType<typeof readEntity>> => {
  const read = readEntity(json);
  if (!read) throw new Error('no entity');
  return read;
};

describe('objects', () => {
  it('are known by their kind, or by a rule', () => {
    const own = objectOf(facts({ id: 'urn:a', type: 'CityObject', kind: { type: 'Property', value: 'bench' }, parameters: { type: 'JsonProperty', json: { back: false } }, heading: { type: 'Property', value: 90 }, location: point }), catalogue);
    expect(own).toMatchObject({ kind: 'bench', values: { back: false }, heading: 90, position: [127.1, 37.5] });
    const ruled = objectOf(facts({ id: 'urn:b', type: 'PointOfInterest', category: { type: 'Property', value: 'bench' }, location: point }), catalogue);
    expect(ruled).toMatchObject({ kind: 'bench', values: { length: '2' }, heading: 0 });
    expect(objectOf(facts({ id: 'urn:c', type: 'PointOfInterest', category: { type: 'Property', value: 'cafe' }, location: point }), catalogue)).toBeNull();
    expect(objectOf(facts({ id: 'urn:d', type: 'CityObject', kind: { type: 'Property', value: 'unknown' }, location: point }), catalogue)).toBeNull();
    expect(objectTypes(catalogue, ['Building', 'PointOfInterest', 'CityObject'])).toEqual(['PointOfInterest', 'CityObject']);
  });

  it('share a model where their values are the usual ones', () => {
    const [bench] = catalogue.kinds;
    if (!bench) throw new Error('no kind');
    expect(modelPath(bench, { length: 1.8, back: true })).toBe('/api/objects/bench.glb');
    expect(modelPath(bench, { length: 2.4, wings: 3 }, true)).toBe('/api/objects/bench.glb?length=2.4&lod=1');
  });

  it('are placed, changed and removed with a way back', async () => {
    const asked: string[] = [];
    const api = new CityApi((path, options) => {
      asked.push(`${options?.method} ${String(path)}`);
      return Promise.resolve(new Response(null, { status: 204 }));
    });
    const undo = new UndoList();
    const objects = new Objects(api, undo, () => '7');
    expect(await objects.placeAt([127, 37])).toBeNull();
    objects.choose('bench');
    objects.turn(-90);
    expect(await objects.placeAt([127, 37])).toBe('urn:ngsi-ld:CityObject:7');
    expect(objects.placing.get()).toMatchObject({ kind: 'bench', heading: 270 });
    undo.undo();
    undo.redo();
    await Promise.resolve();
    const id = encodeURIComponent('urn:ngsi-ld:CityObject:7');
    expect(asked).toEqual(['POST /ngsi-ld/v1/entities', `DELETE /ngsi-ld/v1/entities/${id}`, 'POST /ngsi-ld/v1/entities']);
    await objects.change({ id: 'urn:ngsi-ld:CityObject:7', type: 'CityObject', kind: 'bench', values: {}, heading: 0, position: [127, 37] }, { heading: 375 });
    expect(asked.at(-1)).toBe(`POST /ngsi-ld/v1/entities/${id}/attrs`);
    expect(objects.edition.get()).toBeGreaterThan(1);
  });
});

describe('raster layers', () => {
  const raster: RasterInfo = { id: 'urn:ngsi-ld:RasterLayer:flood', unitCode: 'MTR', min: 0, max: 1, times: ['2026-11-22T01:00:00Z', '2026-11-22T03:00:00Z'], legend: [], tiles: '/tiles/raster/x/{z}/{x}/{y}.png' };

  it('show the last step before the moment', () => {
    expect(stepAt(raster, Date.parse('2026-11-22T02:00:00Z'))).toBe('2026-11-22T01:00:00Z');
    expect(stepAt(raster, Date.parse('2026-11-22T09:00:00Z'))).toBe('2026-11-22T03:00:00Z');
    expect(stepAt(raster, 0)).toBe('2026-11-22T01:00:00Z');
    expect(stepAt({ ...raster, times: [] }, 0)).toBeNull();
    expect(rasterTiles(raster, '2026-11-22T01:00:00Z', null)).toBe('/tiles/raster/x/{z}/{x}/{y}.png?time=2026-11-22T01%3A00%3A00Z');
  });
});
