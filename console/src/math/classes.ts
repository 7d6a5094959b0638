// Classes and histograms of an attribute's values: round bounds for numbers, the most frequent for texts, colours that keep
// their order in grey print and for colour-blind eyes.
import type { PaintClass, Theme } from './paint';

/** From dark blue over grey to yellow: lightness grows steadily. On a light ground it runs the other way. */
export const RAMP: readonly string[] = ['#3b5998', '#5f7396', '#7f8c8d', '#a8a474', '#d2bf58', '#fee838'];
/** Colours of categories, told apart by all common kinds of colour blindness (after Okabe and Ito), lighter and darker by turns. */
const CATEGORIES: Readonly<Record<Theme, readonly string[]>> = {
  dark: ['#56b4e9', '#e69f00', '#33c6a0', '#f0e442', '#5f8fd9', '#e8763a', '#dd8fbb', '#c9d1d9'],
  light: ['#0072b2', '#b07400', '#007a5a', '#8c8000', '#3f4f9e', '#c24a00', '#a64a7c', '#4a5560'],
};
export const REST_COLOUR: Readonly<Record<Theme, string>> = { dark: '#5d6670', light: '#b4bcc4' };
export const CATEGORIES_MAX = 8;
const CLASSES = RAMP.length;

/** A length of 1, 2, 2.5 or 5 times a power of ten, at least `rough`. */
export function roundStep(rough: number): number {
  if (!(rough > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
}

/** The value below which `part` (0 to 1) of the sorted values lie. */
export function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const [low, high] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
  return low + (high - low) * (place - Math.floor(place));
}

const tidy = (value: number): number => Number(value.toPrecision(6));

/** Classes of numbers with round bounds; few far values do not stretch them. The last class takes what has no value. */
export function numberClassesOf(values: readonly number[], theme: Theme): PaintClass[] {
  const rest: PaintClass = { key: 'unknown', colour: REST_COLOUR[theme] };
  if (values.length === 0) return [rest];
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [quantile(sorted, 0.02), quantile(sorted, 0.98)];
  const colours = theme === 'dark' ? RAMP : [...RAMP].reverse();
  if (high <= low) return [{ key: String(low), colour: colours[3] ?? rest.colour, from: -Infinity }, rest];
  const step = roundStep((high - low) / CLASSES);
  const first = Math.floor(low / step) * step;
  const bounds = Array.from({ length: CLASSES }, (_, i) => tidy(first + step * i)).filter((bound, i) => i === 0 || bound < high);
  const classes = bounds.map((from, i): PaintClass => {
    const to = bounds[i + 1];
    const colour = colours[Math.round((i * (CLASSES - 1)) / Math.max(1, bounds.length - 1))] ?? rest.colour;
    return { key: String(from), colour, from: i === 0 ? -Infinity : from, ...(to === undefined ? {} : { to }) };
  });
  return [...classes, rest];
}

/** How often each text occurs, the most frequent first. */
export function frequencies(values: Iterable<string>): (readonly [text: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

/** A class for each of the most frequent texts; the last takes the rest. */
export function textClassesOf(values: Iterable<string>, theme: Theme): PaintClass[] {
  const named = frequencies(values).slice(0, CATEGORIES_MAX);
  return [...named.map(([text], i): PaintClass => ({ key: text, colour: CATEGORIES[theme][i] ?? REST_COLOUR[theme], values: [text] })), { key: 'unknown', colour: REST_COLOUR[theme] }];
}

export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Equal bins with round bounds, at most about `most`. A few far values all fall into the first or the last bin, which is then wider. */
export function binsOf(values: readonly number[], most: number): Bin[] {
  const sorted = [...values].sort((a, b) => a - b);
  const [lowest, highest] = [sorted[0], sorted.at(-1)];
  if (lowest === undefined || highest === undefined) return [];
  if (highest === lowest) return [{ from: lowest, to: lowest, count: values.length }];
  const [usualLow, usualHigh] = [quantile(sorted, 0.01), quantile(sorted, 0.99)];
  const spread = usualHigh - usualLow || highest - lowest;
  const low = lowest < usualLow - spread ? usualLow : lowest;
  const high = highest > usualHigh + spread ? usualHigh : highest;
  const step = roundStep((high - low) / most);
  const first = Math.floor(low / step) * step;
  const counts = new Array<number>(Math.floor((high - first) / step) + 1).fill(0);
  for (const value of values) {
    const place = Math.max(0, Math.min(counts.length - 1, Math.floor((value - first) / step)));
    counts[place] = (counts[place] ?? 0) + 1;
  }
  return counts.map((count, i) => ({
    from: i === 0 ? Math.min(lowest, tidy(first)) : tidy(first + i * step),
    to: i === counts.length - 1 ? Math.max(highest, tidy(first + (i + 1) * step)) : tidy(first + (i + 1) * step),
    count,
  }));
}
