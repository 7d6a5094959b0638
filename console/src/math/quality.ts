// Levels of drawing quality and when to change between them.

export interface Quality {
  /** Part of the screen's pixels that are drawn. */
  readonly resolution: number;
  /** Error of shapes allowed on the screen, in pixels. */
  readonly screenSpaceError: number;
  /** The same of the ground; the picture on it is as fine as that allows. */
  readonly groundError: number;
  readonly samples: number;
}

/** From the finest to the coarsest. */
export const QUALITIES: readonly [Quality, ...Quality[]] = [
  { resolution: 1, screenSpaceError: 10, groundError: 2, samples: 4 },
  { resolution: 0.85, screenSpaceError: 16, groundError: 2.5, samples: 2 },
  { resolution: 0.7, screenSpaceError: 24, groundError: 3, samples: 1 },
  { resolution: 0.5, screenSpaceError: 32, groundError: 4, samples: 1 },
];

export interface FrameTimes {
  /** Frames of one level so far, and their usual time. */
  readonly count: number;
  readonly meanMs: number;
}

const TOO_SLOW_MS = 45;
const SPARE_MS = 18;
const FRAMES_TO_FALL = 20;
const FRAMES_TO_RISE = 240;

/** The level to draw at from now on: one coarser soon when frames are slow, one finer after long ease. */
export function nextQuality(level: number, { count, meanMs }: FrameTimes): number {
  if (count >= FRAMES_TO_FALL && meanMs > TOO_SLOW_MS) return Math.min(QUALITIES.length - 1, level + 1);
  return count >= FRAMES_TO_RISE && meanMs < SPARE_MS ? Math.max(0, level - 1) : level;
}
