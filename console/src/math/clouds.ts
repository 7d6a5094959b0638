// What the colours of points mean: classes by LAS in the colours that the server gives points without colours of their own, or heights.
import { RAMP } from './classes';

export type CloudClass = 'building' | 'ground' | 'other' | 'road' | 'vegetation' | 'water';

const BY_NUMBER: Readonly<Record<number, CloudClass>> = { 2: 'ground', 3: 'vegetation', 4: 'vegetation', 5: 'vegetation', 6: 'building', 9: 'water', 11: 'road' };

export const CLOUD_COLOURS: Readonly<Record<CloudClass, string>> = {
  ground: '#a67c52', vegetation: '#58964c', building: '#cd6955', water: '#4682c8', road: '#78787d', other: '#bebebe',
};

export const cloudClassOf = (number: number): CloudClass => BY_NUMBER[number] ?? 'other';

export const CLOUD_COLOURINGS = ['own', 'height'] as const;
export type CloudColouring = (typeof CLOUD_COLOURINGS)[number];

/** From the lowest to the highest point; the same on every ground, for points cover it. */
export const HEIGHT_RAMP: readonly string[] = RAMP;

export interface HeightRange {
  readonly lowMetres: number;
  readonly highMetres: number;
}
