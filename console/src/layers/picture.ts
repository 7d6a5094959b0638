// Pictures and short films of the map, with a caption that says place, time and source. Everything happens in the browser.

export interface Caption {
  readonly title: string;
  readonly lines: readonly string[];
}

export interface FilmPlan {
  readonly seconds: number;
  /** Moves eye or time to a part of the film, 0 to 1. */
  readonly step: (part: number) => void;
  readonly caption: () => Caption;
  readonly frame: () => HTMLCanvasElement;
  /** Waits for all that the first frame shows. */
  readonly ready: () => Promise<void>;
}

const FONT = '"Pretendard", "Noto Sans KR", "Noto Sans CJK KR", system-ui, sans-serif';
const FILM_WIDTH_MOST = 1280;
const FILM_BITS = 6_000_000;
const FRAMES_PER_SECOND = 25;

/** The labels that float over the map as elements of the page, at the scale of the picture. */
function drawLabels(context: CanvasRenderingContext2D, map: HTMLElement, scale: number): void {
  const origin = map.getBoundingClientRect();
  context.font = `600 ${12 * scale}px ${FONT}`;
  context.textBaseline = 'middle';
  for (const label of map.querySelectorAll<HTMLElement>('.sensor-label:not([hidden])')) {
    const box = label.getBoundingClientRect();
    const style = getComputedStyle(label);
    const [x, y, width, height] = [(box.left - origin.left) * scale, (box.top - origin.top) * scale, box.width * scale, box.height * scale];
    context.fillStyle = style.backgroundColor;
    context.fillRect(x, y, width, height);
    context.fillStyle = style.color;
    context.fillText(label.textContent ?? '', x + 6 * scale, y + height / 2);
  }
}

function drawCaption(context: CanvasRenderingContext2D, width: number, top: number, height: number, { title, lines }: Caption): void {
  const unit = height / (lines.length + 2);
  context.fillStyle = '#10141a';
  context.fillRect(0, top, width, height);
  context.textBaseline = 'alphabetic';
  context.fillStyle = '#f2f5f7';
  context.font = `650 ${unit * 0.82}px ${FONT}`;
  context.fillText(title, unit * 0.8, top + unit * 1.15, width - unit * 1.6);
  context.fillStyle = '#b3bdc7';
  context.font = `400 ${unit * 0.66}px ${FONT}`;
  lines.forEach((line, i) => context.fillText(line, unit * 0.8, top + unit * (2.1 + i * 0.95), width - unit * 1.6));
}

function captionHeight(width: number, caption: Caption): number {
  return Math.round(Math.min(26, Math.max(15, width / 60)) * (caption.lines.length + 2));
}

/** Draws map, labels and caption into a canvas of their own. */
export function composePicture(canvas: HTMLCanvasElement, map: HTMLElement, caption: Caption, into = document.createElement('canvas'), widthMost = Infinity): HTMLCanvasElement {
  const scale = Math.min(1, widthMost / canvas.width);
  // Video encoders want even sizes.
  const even = (value: number): number => Math.max(2, Math.floor(value / 2) * 2);
  const [width, mapHeight] = [even(canvas.width * scale), even(canvas.height * scale)];
  const below = even(captionHeight(width, caption));
  if (into.width !== width || into.height !== mapHeight + below) [into.width, into.height] = [width, mapHeight + below];
  const context = into.getContext('2d');
  if (!context) return into;
  context.drawImage(canvas, 0, 0, width, mapHeight);
  drawLabels(context, map, width / Math.max(1, map.clientWidth));
  drawCaption(context, width, mapHeight, below, caption);
  return into;
}

/** The picture as a PNG file. */
export function pngOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png'));
}

/** Whether this browser can make films. */
export const canFilm = (): boolean => typeof MediaRecorder !== 'undefined' && filmType() !== null;

const filmType = (): string | null => ['video/webm;codecs=vp9', 'video/webm;codecs=vp8', 'video/webm'].find((type) => MediaRecorder.isTypeSupported(type)) ?? null;

const nextFrame = (): Promise<void> => new Promise((resolve) => { window.setTimeout(resolve, 1000 / FRAMES_PER_SECOND); });

/** Records a film as it plays. `onPart` tells the part done. Resolves to null when given up. */
export async function recordFilm(plan: FilmPlan, map: HTMLElement, onPart: (part: number) => void, signal: AbortSignal): Promise<Blob | null> {
  const type = filmType();
  if (!type) throw new Error('no MediaRecorder');
  plan.step(0);
  await plan.ready();
  if (signal.aborted) return null;
  const canvas = composePicture(plan.frame(), map, plan.caption(), undefined, FILM_WIDTH_MOST);
  const recorder = new MediaRecorder(canvas.captureStream(FRAMES_PER_SECOND), { mimeType: type, videoBitsPerSecond: FILM_BITS });
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => { if (data.size > 0) parts.push(data); };
  const ended = new Promise<void>((resolve) => { recorder.onstop = () => resolve(); });
  recorder.start(500);
  const start = performance.now();
  for (let part = 0; part < 1 && !signal.aborted;) {
    part = Math.min(1, (performance.now() - start) / (plan.seconds * 1000));
    plan.step(part);
    composePicture(plan.frame(), map, plan.caption(), canvas, FILM_WIDTH_MOST);
    onPart(part);
    await nextFrame();
  }
  recorder.stop();
  await ended;
  return signal.aborted ? null : new Blob(parts, { type: 'video/webm' });
}

/** Hands a file to the person who asked for it. */
export function saveFile(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
