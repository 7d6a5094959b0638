// Small marks for points on the map. The shape says as much as the colour.

export type MarkShape = 'circle' | 'ring' | 'diamond' | 'square' | 'triangle' | 'bars' | 'target';

const SIZE = 40;
const MIDDLE = SIZE / 2;
const cache = new Map<string, HTMLCanvasElement>();

function polygon(context: CanvasRenderingContext2D, points: readonly (readonly [number, number])[]): void {
  context.beginPath();
  points.forEach(([x, y], i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  context.closePath();
}

function outline(context: CanvasRenderingContext2D, shape: MarkShape): void {
  const r = 12;
  if (shape === 'diamond') polygon(context, [[MIDDLE, MIDDLE - r - 3], [MIDDLE + r + 3, MIDDLE], [MIDDLE, MIDDLE + r + 3], [MIDDLE - r - 3, MIDDLE]]);
  else if (shape === 'square' || shape === 'bars') polygon(context, [[8, 8], [SIZE - 8, 8], [SIZE - 8, SIZE - 8], [8, SIZE - 8]]);
  else if (shape === 'triangle') polygon(context, [[MIDDLE, 6], [SIZE - 6, SIZE - 9], [6, SIZE - 9]]);
  else {
    context.beginPath();
    context.arc(MIDDLE, MIDDLE, shape === 'target' ? 17 : r, 0, 2 * Math.PI);
  }
}

function draw(shape: MarkShape, colour: string, halo: string): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIZE;
  const context = canvas.getContext('2d');
  if (!context) return canvas;
  const hollow = shape === 'ring' || shape === 'target';
  outline(context, shape);
  context.lineWidth = hollow ? 9 : 5;
  context.strokeStyle = halo;
  context.stroke();
  if (hollow) {
    context.lineWidth = 5;
    context.strokeStyle = colour;
    context.stroke();
  } else {
    context.fillStyle = colour;
    context.fill();
  }
  if (shape === 'bars') {
    context.fillStyle = halo;
    for (const x of [12, 18, 24]) context.fillRect(x, 8, 3, SIZE - 16);
  }
  return canvas;
}

/** The mark as an image, drawn once per shape and colours. Draw at scale 0.5. */
export function markImage(shape: MarkShape, colour: string, halo: string): { id: string; image: HTMLCanvasElement } {
  const id = `${shape}${colour}${halo}`;
  const image = cache.get(id) ?? draw(shape, colour, halo);
  cache.set(id, image);
  return { id, image };
}

/** The shape of a fixed point layer. */
export function shapeOfType(type: string): MarkShape {
  if (type === 'TrafficSignal') return 'triangle';
  return type === 'Crossing' ? 'bars' : 'square';
}

export type MovingShape = 'car' | 'long' | 'person';

function movingOutline(context: CanvasRenderingContext2D, shape: MovingShape): void {
  if (shape === 'person') {
    context.beginPath();
    context.arc(MIDDLE, MIDDLE, 8, 0, 2 * Math.PI);
    context.closePath();
  } else if (shape === 'long') polygon(context, [[MIDDLE, 2], [MIDDLE + 9, 11], [MIDDLE + 9, SIZE - 3], [MIDDLE - 9, SIZE - 3], [MIDDLE - 9, 11]]);
  else polygon(context, [[MIDDLE, 4], [MIDDLE + 11, SIZE - 6], [MIDDLE, SIZE - 12], [MIDDLE - 11, SIZE - 6]]);
}

/** The arrow of a moving thing, pointing north; an invented one is hollow. */
export function movingImage(shape: MovingShape, colour: string, halo: string, invented: boolean): { id: string; image: HTMLCanvasElement } {
  const id = `moving ${shape}${colour}${halo}${invented}`;
  const known = cache.get(id);
  if (known) return { id, image: known };
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIZE;
  const context = canvas.getContext('2d');
  if (context) {
    movingOutline(context, shape);
    context.lineWidth = 4;
    context.strokeStyle = halo;
    context.stroke();
    context.fillStyle = invented ? halo : colour;
    context.fill();
    context.lineWidth = invented ? 4 : 1;
    context.strokeStyle = colour;
    context.stroke();
  }
  cache.set(id, canvas);
  return { id, image: canvas };
}
