// The figures of a drawn shape in words: the most asked for first.
import { groundMetres, lineMetres, ringMeasures, straightMetres } from '../math/measure';
import type { Shape } from '../math/shape';
import type { TextKey, Words } from './words';

export interface Figure {
  readonly name: TextKey;
  readonly value: string;
}

function lengthText(metres: number, words: Words): string {
  return Math.abs(metres) >= 10_000 ? words.quantity(metres / 1000, 'KMT') : words.quantity(Number(metres.toFixed(2)), 'MTR');
}

function areaText(squareMetres: number, words: Words): string {
  if (squareMetres >= 1_000_000) return words.quantity(squareMetres / 1_000_000, 'KMK');
  return words.quantity(Number(squareMetres.toFixed(1)), 'MTK');
}

function heightFigures({ points: [first, second] }: Shape, words: Words): Figure[] {
  if (!first || !second) return [];
  const ground = groundMetres(first, second);
  const rise = (second[2] ?? 0) - (first[2] ?? 0);
  return [
    { name: 'measure.heightDifference', value: lengthText(rise, words) },
    { name: 'measure.groundDistance', value: lengthText(ground, words) },
    { name: 'measure.straight', value: lengthText(straightMetres(first, second), words) },
    ...(ground > 0.5 ? [{ name: 'measure.slope' as const, value: words.quantity(Number(((rise / ground) * 100).toFixed(1)), 'P1') }] : []),
  ];
}

/** Name and value of each figure of a shape. */
export function figuresOf(shape: Shape, words: Words): Figure[] {
  if (shape.kind === 'height') return heightFigures(shape, words);
  if (shape.kind === 'area' || shape.kind === 'dig') {
    const { area, edge } = ringMeasures(shape.points);
    return [{ name: 'measure.areaOnMap', value: areaText(area, words) }, { name: 'measure.edge', value: lengthText(edge, words) }];
  }
  const { ground, straight } = lineMetres(shape.points);
  return [{ name: 'measure.groundDistance', value: lengthText(ground, words) }, { name: 'measure.straight', value: lengthText(straight, words) }];
}

/** All figures as a text to copy, with the corners. */
export function figuresText(shape: Shape, words: Words): string {
  const figures = figuresOf(shape, words).map(({ name, value }) => `${words.t(name)}\t${value}`);
  const corners = shape.points.map((point, i) => `${i + 1}\t${words.position(point)}`);
  return [words.t(`shape.${shape.kind}`), ...figures, ...corners].join('\n');
}
