// What lies below the ground: networks with their colours, shapes for section drawings, and the depth of a thing.
import type { Theme } from './paint';

export type Network = 'water' | 'sewer' | 'stormwater' | 'gas' | 'electricity' | 'telecom' | 'heating' | 'oil' | 'transport' | 'other';
export const NETWORKS: readonly Network[] = ['gas', 'electricity', 'oil', 'heating', 'water', 'sewer', 'stormwater', 'telecom', 'transport', 'other'];

/** Near the colours by which the trade marks networks on the street; the dash of the legend tells them apart too. */
const COLOURS: Readonly<Record<Network, readonly [dark: string, light: string]>> = {
  gas: ['#f5d547', '#8a6d00'], electricity: ['#ff6b6b', '#b3141d'], oil: ['#c58af9', '#6c2bd9'], heating: ['#ff9a52', '#a84300'], water: ['#4fb0ff', '#0b62bb'],
  sewer: ['#b08968', '#6b4423'], stormwater: ['#7fd6d6', '#0f6f74'], telecom: ['#6fd08c', '#0a7d43'], transport: ['#d0d7de', '#57606a'], other: ['#95a1ad', '#59646f'],
};
const DASHES: Readonly<Partial<Record<Network, string>>> = { electricity: '8 3', telecom: '3 3', stormwater: '10 4 2 4', heating: '12 4', oil: '2 4', transport: '16 4' };

export function networkOf(value: unknown): Network {
  return NETWORKS.find((network) => network === value) ?? 'other';
}

export const networkColour = (network: Network, theme: Theme): string => COLOURS[network][theme === 'dark' ? 0 : 1];
export const networkDash = (network: Network): string | undefined => DASHES[network];

/** Types that lie below the ground. */
export const UNDERGROUND_TYPES: readonly string[] = ['Pipe', 'Cable', 'Tunnel', 'Basement', 'UndergroundStructure'];
export const isUnderground = (type: string): boolean => UNDERGROUND_TYPES.includes(type);

/** Depth that is drawn where none is known; the list says that it is not known. */
export const ASSUMED_DEPTH_M: Readonly<Record<string, number>> = { Pipe: 1.2, Cable: 0.9, Tunnel: 8, Basement: 0, UndergroundStructure: 1 };

/** Metres from the ground to the middle of a thing with a cover and a diameter, by whatever of both is known. */
export function axisDepth(type: string, cover: number | null, diameterMetres: number | null): number {
  return (cover ?? ASSUMED_DEPTH_M[type] ?? 1) + (diameterMetres ?? 0) / 2;
}

/** Width in pixels of a line that stands for a diameter. */
export function pipeWidth(diameterMetres: number | null): number {
  return Math.min(9, Math.max(2, 2 + (diameterMetres ?? 0.15) * 6));
}

export interface Scale {
  /** Pixel of a value. */
  readonly at: (value: number) => number;
  readonly marks: readonly number[];
}

/** A linear scale from values to pixels with round marks, at most about `most`. */
export function linearScale(low: number, high: number, pixelLow: number, pixelHigh: number, most: number): Scale {
  const span = high - low || 1;
  const rough = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const marks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) marks.push(Number((i * step).toPrecision(10)));
  return { at: (value) => pixelLow + ((value - low) / span) * (pixelHigh - pixelLow), marks };
}
