// Which labels of a crowd are shown: none lies over another.

/** A label as it would stand, in pixels; `x` is its middle. */
export interface LabelBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const GAP = 2;
const [EDGE_PIXELS, SIGN_PIXELS, WIDE_SIGN_PIXELS] = [14, 7.5, 13];
/** Korean and what comes after it in the order of signs is as wide as high. */
const FIRST_WIDE_SIGN = 0x1100;

/** What a label's text takes: asking the page for it in each frame would lay it out anew each time. */
export const labelWidth = (text: string): number => [...text].reduce((sum, sign) => sum + ((sign.codePointAt(0) ?? 0) >= FIRST_WIDE_SIGN ? WIDE_SIGN_PIXELS : SIGN_PIXELS), EDGE_PIXELS);


const overlaps = (a: LabelBox, b: LabelBox): boolean => Math.abs(a.x - b.x) * 2 < a.width + b.width + 2 * GAP && Math.abs(a.y - b.y) * 2 < a.height + b.height + 2 * GAP;

/** For each box, most important first, whether it is free of all those that are shown before it. */
export function freeOfOverlap(boxes: readonly LabelBox[]): boolean[] {
  const shown: LabelBox[] = [];
  return boxes.map((box) => {
    const free = !shown.some((other) => overlaps(box, other));
    if (free) shown.push(box);
    return free;
  });
}
