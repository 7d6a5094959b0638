// The figures of a drawn shape in words: the most asked for first.
import { groundMetres, lineMetres, ringMeasures, straightMetres } from '../math/measure';
import type { Shape } from '../math/shape';
import type { Sight, Way } from './ways';
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

function sightFigures(sight: Sight, words: Words): Figure[] {
  const { clear, complete, metres, clearanceMetres, eye, obstacle } = sight;
  return [
    { name: 'measure.sight', value: words.t(clear ? (complete ? 'measure.sightClear' : 'measure.sightUnsure') : 'measure.sightBlocked') },
    ...(obstacle ? [{ name: 'measure.blockedAfter' as const, value: lengthText(Math.round(straightMetres(eye, obstacle)), words) }, { name: 'measure.blockedAt' as const, value: words.position(obstacle) }] : []),
    ...(clearanceMetres === null ? [] : [{ name: 'measure.clearance' as const, value: lengthText(Number(clearanceMetres.toFixed(1)), words) }]),
    { name: 'measure.straight', value: lengthText(Math.round(metres), words) },
  ];
}

function wayFigures(way: Way, words: Words): Figure[] {
  if (way.kind === 'sight') return sightFigures(way, words);
  return [{ name: 'measure.routeLength', value: lengthText(Math.round(way.lengthMetres), words) }, { name: 'measure.routeTime', value: durationText(way.seconds, words) }];
}

/** "1 hour 20 minutes" */
function durationText(seconds: number, words: Words): string {
  const minutes = Math.max(1, Math.round(seconds / 60));
  const parts = [Math.floor(minutes / 60) * 3_600_000, (minutes % 60) * 60_000].filter((ms) => ms > 0);
  return parts.map(words.span).join(' ');
}

/** Name and value of each figure of a shape; of a route or a line of sight those of `way`, none before it is known. */
export function figuresOf(shape: Shape, words: Words, way: Way | null = null): Figure[] {
  if (shape.kind === 'route' || shape.kind === 'sight') return way ? wayFigures(way, words) : [];
  if (shape.kind === 'height') return heightFigures(shape, words);
  if (shape.kind === 'area' || shape.kind === 'dig' || shape.kind === 'footprint') {
    const { area, edge } = ringMeasures(shape.points);
    return [{ name: 'measure.areaOnMap', value: areaText(area, words) }, { name: 'measure.edge', value: lengthText(edge, words) }];
  }
  const { ground, straight } = lineMetres(shape.points);
  return [{ name: 'measure.groundDistance', value: lengthText(ground, words) }, { name: 'measure.straight', value: lengthText(straight, words) }];
}

/** All figures as a text to copy, with the corners. */
export function figuresText(shape: Shape, words: Words, way: Way | null = null): string {
  const figures = figuresOf(shape, words, way).map(({ name, value }) => `${words.t(name)}\t${value}`);
  const corners = shape.points.map((point, i) => `${i + 1}\t${words.position(point)}`);
  return [words.t(`shape.${shape.kind}`), ...figures, ...corners].join('\n');
}

/** The one line that stands on the map beside a shape; null before there is one. */
export function labelOf(shape: Shape, words: Words, way: Way | null): string | null {
  const figures = figuresOf(shape, words, way);
  return figures.length === 0 ? null : way?.kind === 'route' ? figures.map(({ value }) => value).join(' · ') : (figures[0]?.value ?? null);
}
