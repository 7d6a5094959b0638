// Places: types that nobody foresaw are drawn as far as they measure nothing, and in colours that are told from the ground.
import { describe, expect, it } from 'vitest';
import { partAround, suffices } from '../../src/math/parts';
import { ownColour, placeColour } from '../../src/math/places';
import { SCENE } from '../../src/math/paint';
import type { App } from '../../src/state/app';
import { layerOf, maySense, PLACE_TYPES } from '../../src/state/catalogue';
import { formatAddress, parseAddress } from '../../src/state/address';
import { CLOUD_TYPE, cloudTiles, coloursOfClouds, heightsOfClouds } from '../../src/state/clouds';
import { Credits } from '../../src/state/credits';
import { CityApi } from '../../src/state/api';
import { readDepartures, whenItHolds } from '../../src/state/departures';
import type { EntityFacts, MapFeature } from '../../src/state/ngsi';
import { isPlaceOnly, OpenPlaces, placesAmong, placeTypes } from '../../src/state/places';
import type { Sensors } from '../../src/state/sensors';
import { ko } from '../../src/state/texts.ko';
import type { Change, Loadable, Summary } from '../../src/state/types';

const entity = (id: string, type: string, place = true): EntityFacts => ({ id, types: [type], names: {}, geometry: place ? { type: 'Point', coordinates: [127, 37] } : null, attributes: [] });
const sensors = (...ids: [string, string][]): Sensors => new Map(ids.map(([id, type]) => [id, { id, type }])) as unknown as Sensors;
const change = (entities: Partial<Change['entities'][number]>[]): Change => ({ offset: 1, recordedAt: '', branch: 'main', entities }) as unknown as Change;

function appOf(places: OpenPlaces, sensing: Sensors): Pick<App, 'places' | 'sensors'> {
  return { places, sensors: { get: () => ({ value: sensing }) } } as unknown as Pick<App, 'places' | 'sensors'>;
}

describe('places', () => {
  it('are types with a place that measure nothing', () => {
    const places = new OpenPlaces();
    const sensing = sensors(['c', 'Camera'], ['a', 'Air']);
    places.take([entity('h', 'Hydrant'), entity('c', 'Camera'), entity('d', 'Camera'), entity('a', 'Air'), entity('n', 'Note', false)], sensing);
    expect([...places.editions.get().keys()]).toEqual(['Camera', 'Hydrant']);
    const app = appOf(places, sensing);
    expect(placeTypes(app)).toEqual([...PLACE_TYPES, 'Camera', 'Hydrant']);
    expect(['Hydrant', 'Camera', 'Air'].map((type) => isPlaceOnly(app, type))).toEqual([true, false, false]);
    const features = [{ id: 'c' }, { id: 'd' }] as unknown as MapFeature[];
    expect(placesAmong(app, 'Camera', features).map(({ id }) => id)).toEqual(['d']);
    expect(placesAmong(app, 'TransitStop', features)).toBe(features);
  });

  it('are read again when one of them moves, comes or goes, not when it says something else', () => {
    const places = new OpenPlaces();
    places.take([entity('h', 'Hydrant'), entity('k', 'Kiosk')], new Map());
    expect(places.movedBy(change([{ id: 'h', type: ['Hydrant'], attributes: { state: { value: 'open' } }, deleted: false }]))).toEqual([]);
    const moved = places.movedBy(change([{ id: 'h', type: ['Hydrant'], attributes: { location: {} }, deleted: false }, { id: 'x', type: ['Air'], attributes: {}, deleted: true }]));
    expect(moved).toEqual(['Hydrant']);
    places.renew(new Set(moved));
    expect([...places.editions.get()]).toEqual([['Hydrant', 1], ['Kiosk', 0]]);
    const before = places.editions.get();
    places.take([entity('k', 'Kiosk'), entity('h', 'Hydrant')], new Map());
    expect(places.editions.get()).toBe(before);
  });

  it('have a row, a name and a colour', () => {
    for (const type of PLACE_TYPES) {
      expect(`type.${type}` in ko, type).toBe(true);
      expect([layerOf(type).kind, maySense(type)], type).toEqual([type === CLOUD_TYPE ? 'clouds' : 'places', false]);
    }
    expect(placeColour('Hydrant', 'dark')).toBe(placeColour('Hydrant', 'dark'));
    expect(placeColour('Crossing', 'light')).toBe(SCENE.light.point);
  });

  it('keep the colour they name for themselves where it is told from the ground', () => {
    expect(ownColour('#ff0000', 'dark')).toBe('#ff0000');
    expect([ownColour('#101010', 'dark'), ownColour('#ffffff', 'light'), ownColour('red', 'dark'), ownColour(7, 'dark')]).toEqual([null, null, null, null]);
    expect(ownColour('#101010', 'light')).toBe('#101010');
  });
});

describe('point clouds', () => {
  const cloud = (properties: MapFeature['properties']): MapFeature => ({ id: 'c', names: {}, geometry: { type: 'Point', coordinates: [0, 0] }, properties });

  it('say what their colours mean: a picture, or the classes that they have', () => {
    expect(coloursOfClouds([cloud({ hasColour: true, pointCountsByClass: { 6: 5 } })])).toEqual({ pictured: true, classes: [] });
    expect(coloursOfClouds([cloud({ hasColour: false, pointCountsByClass: { type: 'JsonProperty', json: { 2: 9, 4: 1, 5: 2, 77: 3 } } }), cloud({ pointCountsByClass: { json: { 9: 1 } } })]))
      .toEqual({ pictured: false, classes: ['ground', 'other', 'vegetation', 'water'] });
    expect(coloursOfClouds([])).toEqual({ pictured: false, classes: [] });
  });

  it('are coloured from their lowest to their highest point, as far as they say it, and a link keeps that', () => {
    expect(heightsOfClouds([cloud({ heightMin: 12, heightMax: 80 }), cloud({ heightMin: -3, heightMax: 40 }), cloud({})])).toEqual({ lowMetres: -3, highMetres: 80 });
    expect(heightsOfClouds([cloud({})])).toBeNull();
    expect(formatAddress({ ...parseAddress(''), cloudColouring: 'height' })).toBe('?clouds=height');
    expect([parseAddress('?clouds=height'), parseAddress('?clouds=smell')].map(({ cloudColouring }) => cloudColouring)).toEqual(['height', 'own']);
  });

  it('have their tiles under their id', () => {
    expect(cloudTiles('urn:ngsi-ld:PointCloud:a', '2026-01-01T00:00:00Z')).toBe('/tiles/points/urn%3Angsi-ld%3APointCloud%3Aa/tileset.json?asOf=2026-01-01T00%3A00%3A00Z');
  });
});

describe('departures', () => {
  const HOLDS = { validFrom: '2019-04-15', validTo: '2019-07-15' };

  it('are shown for the same weekday and time while the timetable held', () => {
    const now = Date.UTC(2026, 10, 27, 18, 22);
    const then = whenItHolds(now, HOLDS) ?? 0;
    expect(new Date(then).toISOString()).toBe('2019-07-12T18:22:00.000Z');
    expect(new Date(then).getUTCDay()).toBe(new Date(now).getUTCDay());
    expect(new Date(whenItHolds(Date.UTC(2019, 0, 1, 5), HOLDS) ?? 0).toISOString()).toBe('2019-04-16T05:00:00.000Z');
    expect(whenItHolds(Date.UTC(2019, 5, 1), HOLDS)).toBe(Date.UTC(2019, 5, 1));
    expect(whenItHolds(Date.UTC(2019, 6, 15, 23), HOLDS)).toBe(Date.UTC(2019, 6, 15, 23));
    expect(whenItHolds(now, { validFrom: '2019-07-15', validTo: '2019-07-15' })).toBeNull();
    expect(whenItHolds(now, { validFrom: '', validTo: '' })).toBeNull();
  });

  it('have the names of their lines, and where to', async () => {
    const asked: string[] = [];
    const departure = (route: string, headsign: string): object => ({ at: '2019-05-02T15:02:00.000Z', stop: 's', route, trip: 't', headsign, serviceDate: '2019-05-02', time: '12:02:00', approximate: false });
    const answers: Record<string, unknown> = {
      '/api/transit/departures': { ...HOLDS, from: '2019-05-02T15:00:00Z', timeZone: 'America/Sao_Paulo', departures: [departure('r1', ''), departure('r1', 'Centro'), departure('r2', '')] },
      '/ngsi-ld/v1/entities': [{ id: 'r1', type: 'TransitRoute', name: { type: 'LanguageProperty', languageMap: { '@none': 'Santa Teresa' } }, shortName: { type: 'Property', value: '244' }, colour: { type: 'Property', value: '#FF0000' } }],
    };
    const api = new CityApi((async (path: string) => {
      asked.push(path);
      return new Response(JSON.stringify(answers[path.split('?')[0] ?? '']));
    }) as typeof fetch);
    const { list } = await readDepartures(api, 's', Date.UTC(2019, 4, 2, 15), {});
    expect(asked[0]).toContain('at=2019-05-02T15%3A00%3A00.000Z');
    expect(asked[1]).toContain('id=r1%2Cr2');
    expect(list.map(({ line, towards }) => [line, towards['@none']])).toEqual([['244', 'Santa Teresa'], ['244', 'Centro'], [null, undefined]]);
  });
});

describe('places past what is drawn at once', () => {
  it('are read around what is seen, and again when the eye leaves that or comes much nearer to some of them', () => {
    const part = partAround([10, 50, 12, 52]);
    expect(part.box).toEqual([9.5, 49.5, 12.5, 52.5]);
    expect([suffices(null, part.seen), suffices(part, [9.6, 49.6, 11, 51]), suffices(part, [9, 50, 11, 52])]).toEqual([false, true, false]);
    expect([suffices({ ...part, whole: false }, part.seen), suffices({ ...part, whole: false }, [10, 50, 11, 51])]).toEqual([true, false]);
  });
});

describe('credits', () => {
  const summaryOf = (...types: [string, number][]): Loadable<Summary> => ({ state: 'ready', error: null, value: { types: types.map(([type, count]) => ({ type, count })) } }) as unknown as Loadable<Summary>;

  it('name the contributors of OpenStreetMap where something is of them, and ask again when there is more', async () => {
    const asked: string[] = [];
    const credits = new Credits({ hasAny: (types: readonly string[]) => (asked.push(types.join()), Promise.resolve(types.includes('RoadSegment'))) } as unknown as CityApi);
    await credits.follow(summaryOf(['AirQualityObserved', 3]));
    await credits.follow(summaryOf(['Building', 3], ['City', 1]));
    await credits.follow(summaryOf(['Building', 3], ['City', 1]));
    expect([credits.list.get(), asked]).toEqual([['map.inventedCity'], ['Building']]);
    await credits.follow(summaryOf(['Building', 3], ['RoadSegment', 9]));
    expect(credits.list.get()).toEqual(['map.copyright']);
  });
  it('are asked for again when there was no answer', async () => {
    let failing = true;
    const credits = new Credits({ hasAny: () => (failing ? Promise.reject(new Error('lost')) : Promise.resolve(true)) } as unknown as CityApi);
    await credits.follow(summaryOf(['Building', 3]));
    failing = false;
    await credits.follow(summaryOf(['Building', 3]));
    expect(credits.list.get()).toEqual(['map.copyright']);
  });
});
