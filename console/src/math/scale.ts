// Steps of a scale bar: round lengths that fit a width.

/** The longest of 1, 2, 5 times a power of ten metres that fits `maxPixels`, with its width. */
export function scaleBar(metresPerPixel: number, maxPixels: number): { metres: number; pixels: number } | null {
  const longest = metresPerPixel * maxPixels;
  if (!(longest > 0) || !Number.isFinite(longest)) return null;
  const power = 10 ** Math.floor(Math.log10(longest));
  const metres = [5, 2, 1].map((step) => step * power).find((length) => length <= longest) ?? power;
  return { metres, pixels: metres / metresPerPixel };
}
