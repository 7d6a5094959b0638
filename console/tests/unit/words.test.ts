// Values as people read them, in both languages.
import { describe, expect, it } from 'vitest';
import { wordsOf } from '../../src/state/words';

const [ko, en] = [wordsOf('ko'), wordsOf('en')];
const seoul = { streetAddress: '올림픽로 300', addressLocality: '신천동', district: '송파구', addressRegion: '서울특별시', postalCode: '05551', addressCountry: 'KR' };

describe('words', () => {
  it('write an address from large to small in Korean and from small to large in English', () => {
    expect(ko.address(seoul)).toEqual(['대한민국 서울특별시 송파구 신천동 올림픽로 300', '우편번호 05551']);
    expect(en.address(seoul)).toEqual(['올림픽로 300, 신천동, 송파구, 서울특별시, South Korea', 'Postcode 05551']);
    expect(ko.address({ streetAddress: '올림픽로 300', postalCode: '05551' })).toEqual(['올림픽로 300', '우편번호 05551']);
    expect(en.address({ addressCountry: 'somewhere', addressLocality: 'Monaco', building: 'B' })).toEqual(['Monaco, somewhere', 'building B']);
  });

  it('put records, lists, moments and codes into words, never into braces', () => {
    expect(ko.value(seoul)).toBe('대한민국 서울특별시 송파구 신천동 올림픽로 300, 우편번호 05551');
    expect(en.value({ temperature: 21.5, status: 'ok', deep: { levels: 3 } })).toBe('Temperature 21.5, Status ok, deep Levels 3');
    expect(en.value([1, 2.5], 'MTR')).toBe('1 m, 2.5 m');
    expect(en.value('2026-11-23T08:11:45Z')).toBe(en.moment(Date.parse('2026-11-23T08:11:45Z')));
    expect(en.value({ '@type': 'DateTime', '@value': '2026-11-23T08:11:45Z' })).toBe(en.moment(Date.parse('2026-11-23T08:11:45Z')));
    expect(en.value('2026-99-99T99:99')).toBe('2026-99-99T99:99');
    expect(ko.value('no_left_turn', undefined, 'restriction')).toBe('좌회전 금지');
    expect(ko.value('mall', undefined, 'category')).toBe('쇼핑몰');
    for (const words of [ko, en]) expect(words.value([{ a: [{ b: null }] }])).not.toMatch(/[{}[\]]/);
  });

  it('name attributes without the vocabulary that JSON-LD puts before them', () => {
    expect(en.attribute('ngsi-ld:default-context/properties')).toBe('Properties');
    expect(ko.attribute('ngsi-ld:default-context/unheardOf')).toBe('unheardOf');
  });

  it('name one of a type', () => {
    expect(['Building', 'WaterBody', 'PointOfInterest', 'BuildingStorey', 'Person', 'FacilityPart', 'AirQualityObserved', 'GeographicFeature', 'Bus'].map(en.one))
      .toEqual(['Building', 'Water body', 'Point of interest', 'Storey', 'Person', 'Part of facilities', 'Air quality', 'Other place or area', 'Bus']);
    expect([ko.unnamed('Building'), en.unnamed('Building'), en.unnamed('FloodZones')]).toEqual(['이름 없는 건물', 'Unnamed building', 'Unnamed FloodZones']);
  });

  it('give positions six digits and the height where there is one', () => {
    expect(en.position([127.1025001, 37.5125004])).toBe('37.512500° N, 127.102500° E');
    expect(en.position([-70.5, -33.25, 12.5])).toBe('33.250000° S, 70.500000° W, height 12.5 m');
  });

  it('call what has just come just now', () => {
    expect(ko.age(900)).toBe('방금');
    expect(en.age(3000)).toContain('3');
  });
});
