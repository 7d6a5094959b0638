// What panels and actions may ask of the map; src/layers implements it.
import type { View } from '../math/camera';
import type { Geometry, Position } from '../math/geo';

export interface MapControls {
  flyToView(view: View): void;
  /** Shows a place from near by: from three times its size, but from `leastMetres` (450) at least. */
  flyToPlace(place: Geometry, leastMetres?: number): void;
  /** Puts the eye there at once. */
  putView(view: View): void;
  /** Tells the view now, and every movement of the eye frame by frame; the answer ends that. */
  watchView(moved: (view: View) => void): () => void;
  home(): void;
  zoom(factor: number): void;
  turn(degrees: number): void;
  tilt(degrees: number): void;
  pan(rightward: number, forward: number): void;
  faceNorth(): void;
  /** Id of what is drawn at a pixel of the map (CSS pixels), the middle when none is given. */
  pick(at?: { readonly x: number; readonly y: number }): string | null;
  /** The place drawn at a pixel of the map, on tiles or ground, the middle when none is given; null where there is sky. */
  placeAt(at?: { readonly x: number; readonly y: number }): Position | null;
  /** The place on the ground that the middle of the map looks at. */
  target(): Position;
  /** Keeps the eye on a place that moves: called for each of its steps. */
  lookFrom(target: Position): void;
  /** Height of the ground above the ellipsoid as it is drawn, in metres. */
  groundAt(longitude: number, latitude: number): number;
  /** Draws the scene once and answers its canvas, to be copied at once. */
  drawn(): HTMLCanvasElement;
  /** The same at the full resolution of the screen, however coarsely a slow machine draws; the canvas only holds it within `use`. */
  drawnFinely<T>(use: (canvas: HTMLCanvasElement) => T): T;
  /** Resolves once all that is seen is drawn, in frames drawn from now on. */
  complete(): Promise<void>;
  /** Pixel of a place on the map, null when it is behind the eye. */
  pixelOf(longitude: number, latitude: number, heightMetres: number): { readonly x: number; readonly y: number } | null;
}

/** `flat`: the map seen from above, where there is no WebGL 2. */
export type MapPhase = 'starting' | 'ready' | 'flat' | 'noWebGl' | 'failed';

/**
 * What keeps the picture from being complete: answers on their way, an eye that moves, ground, tiles or shapes that are not there yet, or
 * frames that must show it.
 */
export type Missing = 'answers' | 'eye' | 'ground' | 'tiles' | 'shapes' | 'frames';

/** What the map says of itself. */
export interface MapStatus {
  readonly phase: MapPhase;
  readonly light: boolean;
  /** How finely the scene is drawn: 0 is the finest. */
  readonly quality: number;
  readonly tiles: 'none' | 'loading' | 'ready' | 'failed';
  readonly layersLoading: number;
  /** Whether parts of the ground that are seen, and what is drawn on it, are on their way. */
  readonly groundLoading: boolean;
  readonly layersFailed: readonly string[];
  /** Types of which there are too many to be drawn at once, and how many are. */
  readonly partly: Readonly<Record<string, number>>;
  /** Whether something was seen that brings pictures or colours of its own. */
  readonly dressed: boolean;
  readonly headingDegrees: number;
  readonly metresPerPixel: number | null;
}

export const MAP_STARTING: MapStatus = {
  phase: 'starting', light: false, quality: 0, tiles: 'none', layersLoading: 0, groundLoading: false, layersFailed: [], partly: {}, dressed: false, headingDegrees: 0, metresPerPixel: null,
};
