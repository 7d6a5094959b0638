// The classes of points by LAS, and the colours that the server gives points of clouds without colours of their own.

export type CloudClass = 'building' | 'ground' | 'other' | 'road' | 'vegetation' | 'water';

const BY_NUMBER: Readonly<Record<number, CloudClass>> = { 2: 'ground', 3: 'vegetation', 4: 'vegetation', 5: 'vegetation', 6: 'building', 9: 'water', 11: 'road' };

export const CLOUD_COLOURS: Readonly<Record<CloudClass, string>> = {
  ground: '#a67c52', vegetation: '#58964c', building: '#cd6955', water: '#4682c8', road: '#78787d', other: '#bebebe',
};

export const cloudClassOf = (number: number): CloudClass => BY_NUMBER[number] ?? 'other';
