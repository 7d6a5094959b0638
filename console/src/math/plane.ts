// A flat map seen straight from above: places to pixels and back. Good for a city; the earth's curve is left out.
import type { View } from './camera';
import type { Box, Position } from './geo';
import { metresPerDegree } from './measure';

export interface Plane {
  readonly centre: Position;
  readonly pixelsPerMetre: number;
  readonly width: number;
  readonly height: number;
}

/** Half of the angle that the eye of the 3D map sees from top to bottom, as a tangent. */
const HALF_VIEW = Math.tan((30 * Math.PI) / 180);
const PIXELS_PER_METRE_LEAST = 0.0005;
const PIXELS_PER_METRE_MOST = 20;

const clamp = (value: number): number => Math.min(PIXELS_PER_METRE_MOST, Math.max(PIXELS_PER_METRE_LEAST, value));

/** Pixel of a place. */
export function pixelOn(plane: Plane, [longitude, latitude]: Position): { readonly x: number; readonly y: number } {
  const scale = metresPerDegree(plane.centre[1]);
  return {
    x: plane.width / 2 + (longitude - plane.centre[0]) * scale.east * plane.pixelsPerMetre,
    y: plane.height / 2 - (latitude - plane.centre[1]) * scale.north * plane.pixelsPerMetre,
  };
}

/** The place at a pixel. */
export function placeOn(plane: Plane, x: number, y: number): Position {
  const scale = metresPerDegree(plane.centre[1]);
  return [
    plane.centre[0] + (x - plane.width / 2) / plane.pixelsPerMetre / scale.east,
    plane.centre[1] - (y - plane.height / 2) / plane.pixelsPerMetre / scale.north,
  ];
}

/** The plane moved so that the place at one pixel comes to another. */
export function dragged(plane: Plane, fromX: number, fromY: number, toX: number, toY: number): Plane {
  return { ...plane, centre: placeOn(plane, plane.width / 2 + fromX - toX, plane.height / 2 + fromY - toY) };
}

/** Nearer (factor below 1) or farther, keeping the place at a pixel where it is. */
export function zoomed(plane: Plane, factor: number, x = plane.width / 2, y = plane.height / 2): Plane {
  const place = placeOn(plane, x, y);
  const nearer = { ...plane, pixelsPerMetre: clamp(plane.pixelsPerMetre / factor) };
  const at = pixelOn(nearer, place);
  return dragged(nearer, at.x, at.y, x, y);
}

/** The box that is seen. */
export function boxOn(plane: Plane): Box {
  const [west, north] = placeOn(plane, 0, 0);
  const [east, south] = placeOn(plane, plane.width, plane.height);
  return [west, south, east, north];
}

/** The view from above that shows the same; the address holds views. */
export function viewOn(plane: Plane): View {
  return { longitude: plane.centre[0], latitude: plane.centre[1], heightMetres: plane.height / plane.pixelsPerMetre / 2 / HALF_VIEW, headingDegrees: 0, pitchDegrees: -90 };
}

/** What a view of the 3D map looks at, seen from above at the same scale. */
export function planeOf(view: View, width: number, height: number): Plane {
  const down = (-view.pitchDegrees * Math.PI) / 180;
  const forward = down > 0.1 ? Math.min(view.heightMetres * 5, view.heightMetres / Math.tan(down)) : 0;
  const distance = Math.hypot(forward, view.heightMetres);
  const scale = metresPerDegree(view.latitude);
  const heading = (view.headingDegrees * Math.PI) / 180;
  const centre: Position = [view.longitude + (Math.sin(heading) * forward) / scale.east, view.latitude + (Math.cos(heading) * forward) / scale.north];
  return { centre, width, height, pixelsPerMetre: clamp(height / (2 * distance * HALF_VIEW)) };
}
