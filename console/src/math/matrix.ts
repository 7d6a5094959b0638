// 4x4 matrices in column order, as WebGL takes them; only what the small pictures need.

export type Matrix = readonly number[];

export function matrixProduct(a: Matrix, b: Matrix): Matrix {
  return Array.from({ length: 16 }, (_, i) => {
    const [row, column] = [i % 4, Math.floor(i / 4)];
    return [0, 1, 2, 3].reduce((sum, k) => sum + (a[k * 4 + row] ?? 0) * (b[column * 4 + k] ?? 0), 0);
  });
}

/** A view of `half` to each side of the middle, and `depth` before and behind it. */
export function orthographic(half: number, depth: number): Matrix {
  return [1 / half, 0, 0, 0, 0, 1 / half, 0, 0, 0, 0, -1 / depth, 0, 0, 0, 0, 1];
}

/** Puts `centre` in the middle and looks at it from `aside` radians to the right of +z and `above` radians up. */
export function viewFrom(centre: readonly number[], aside: number, above: number): Matrix {
  const [s, c, t, u] = [Math.sin(aside), Math.cos(aside), Math.sin(above), Math.cos(above)];
  // Rows: right, up and back of the eye.
  const rows = [[c, 0, -s], [-s * t, u, -c * t], [s * u, t, c * u]];
  const shift = rows.map((row) => -row.reduce((sum, value, i) => sum + value * (centre[i] ?? 0), 0));
  return [0, 1, 2].flatMap((column) => [...rows.map((row) => row[column] ?? 0), 0]).concat([...shift, 1]);
}
