// How things without a layer of their own look: a colour for each type, or the one that a thing brings.
import { SCENE, type Theme } from './paint';

type Colours = readonly [dark: string, light: string];

const KNOWN: Readonly<Record<string, Colours>> = {
  TransitRoute: ['#c9a2f2', '#7a3fb0'], TransitStop: ['#dcc2f7', '#5f2a91'],
  WaterNetworkNode: ['#4fb0ff', '#0b62bb'], Pump: ['#7fd6d6', '#0f6f74'], Valve: ['#9fc3ff', '#274f9c'],
  PointCloud: ['#a9b4bf', '#55606b'], GeographicFeature: ['#8fd0c0', '#1f6f66'],
};
/** Of the colour of all other marks. */
const PLAIN = ['TrafficSignal', 'Crossing', 'Junction', 'PointOfInterest'];
/** For types that nobody foresaw. */
const OTHERS: readonly Colours[] = [['#e0b04c', '#8a5f00'], ['#e59ac0', '#a8427a'], ['#a9c46c', '#4f6d12'], ['#e39a7c', '#9c4524'], ['#9fb4e8', '#3f5aa6'], ['#c7b08a', '#6f5a33']];

/** The colour of the places of a type; the same for a type each time. */
export function placeColour(type: string, theme: Theme): string {
  if (PLAIN.includes(type)) return SCENE[theme].point;
  let sum = 0;
  for (const letter of type) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  return (KNOWN[type] ?? OTHERS[sum % OTHERS.length] ?? ['#888888', '#666666'])[theme === 'dark' ? 0 : 1];
}

/** Lightness as WCAG 2 counts it, 0 to 1. */
function luminance(hex: string): number {
  const part = (at: number): number => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

const LEAST_CONTRAST = 1.8;

/** The colour that a thing names for itself ("#0a5c36"), as a line of transit does, where it is told from the ground; else null. */
export function ownColour(value: unknown, theme: Theme): string | null {
  if (typeof value !== 'string' || !/^#[0-9a-f]{6}$/i.test(value)) return null;
  const [a, b] = [luminance(value), luminance(SCENE[theme].ground)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) >= LEAST_CONTRAST ? value : null;
}
