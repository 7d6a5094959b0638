// Where the eye is: a view as numbers, its text in the address, and views that frame a box or a point.
import { diagonalMetres, middleOf, moved, type Box, type Position } from './geo';

/** Eye position and direction. Heights in metres above the ellipsoid, angles in degrees; pitch -90 looks straight down. */
export interface View {
  readonly longitude: number;
  readonly latitude: number;
  readonly heightMetres: number;
  readonly headingDegrees: number;
  readonly pitchDegrees: number;
}

/** Of what is longer one part of the earth is seen. */
const LONGEST_BOX_METRES = 3_500_000;
/** What is longer is seen from steeply above, as a country is: heights are too small there to be seen. */
const TILTED_METRES = 150_000;

/** "127.1,37.51,900,0,-40": five numbers, short enough for an address. */
export function formatView(view: View): string {
  const parts = [
    view.longitude.toFixed(6),
    view.latitude.toFixed(6),
    view.heightMetres.toFixed(0),
    (((view.headingDegrees % 360) + 360) % 360).toFixed(1),
    view.pitchDegrees.toFixed(1),
  ];
  return parts.map((part) => String(Number(part))).join(',');
}

/** Reads formatView's text; null when it is not five numbers in range. */
export function parseView(text: string): View | null {
  const numbers = text.split(',').map(Number);
  if (numbers.length !== 5 || !numbers.every(Number.isFinite)) return null;
  const [longitude = 0, latitude = 0, heightMetres = 0, headingDegrees = 0, pitchDegrees = 0] = numbers;
  const inRange = Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90 && heightMetres >= 1 && heightMetres <= 5e7;
  if (!inRange || Math.abs(pitchDegrees) > 90) return null;
  return { longitude, latitude, heightMetres, headingDegrees, pitchDegrees };
}

/** A place at a height. */
export const standing = ([longitude, latitude]: Position, heightMetres: number): Position => [longitude, latitude, heightMetres];

/** A view of `target` (its third number: metres above the ellipsoid) from `distanceMetres` away, looking down by -pitchDegrees. */
export function viewOf(target: Position, distanceMetres: number, headingDegrees = 0, pitchDegrees = -40): View {
  const down = (-pitchDegrees * Math.PI) / 180;
  const [longitude, latitude] = moved(target, Math.cos(down) * distanceMetres, headingDegrees + 180);
  const above = Math.max(20, Math.sin(down) * distanceMetres);
  return { longitude, latitude, heightMetres: Math.max(1, (target[2] ?? 0) + above), headingDegrees, pitchDegrees };
}

/** A view that shows the whole box, one of a city tilted so that heights are seen. `aspect` is the width of the window by its height. */
export function viewOfBox(box: Box, aspect = 1.6, groundMetres = 0): View {
  const size = Math.min(LONGEST_BOX_METRES, Math.max(200, diagonalMetres(box)));
  const narrowing = Math.max(1, 1.1 / Math.max(0.3, aspect) ** 0.85);
  return viewOf(standing(middleOf(box), groundMetres), size * 0.74 * narrowing, 0, size > TILTED_METRES ? -75 : -42);
}
