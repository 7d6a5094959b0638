// How the answers to drawn shapes are told apart on the map: by colour, by width, and by a ring where the ground stands in the way.
import type { Theme } from './paint';

export type WayPaint = 'route' | 'clear' | 'blocked';

const COLOURS: Readonly<Record<WayPaint, readonly [dark: string, light: string]>> = {
  route: ['#ffd24a', '#a35c00'], clear: ['#53d18a', '#0a7d43'], blocked: ['#ff6b6b', '#b3141d'],
};

export const WAY_PIXELS: Readonly<Record<WayPaint, number>> = { route: 5, clear: 4, blocked: 2 };

export const wayColour = (paint: WayPaint, theme: Theme): string => COLOURS[paint][theme === 'dark' ? 0 : 1];
