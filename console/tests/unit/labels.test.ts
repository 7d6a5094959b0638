// Labels of a crowd: the important ones stay, and none lies over another.
import { describe, expect, it } from 'vitest';
import { freeOfOverlap } from '../../src/math/labels';

const box = (x: number, y: number): { x: number; y: number; width: number; height: number } => ({ x, y, width: 40, height: 20 });

describe('labels', () => {
  it('stay where they are free', () => expect(freeOfOverlap([box(0, 0), box(50, 0), box(0, 30)])).toEqual([true, true, true]));

  it('give way to those before them', () => expect(freeOfOverlap([box(0, 0), box(30, 10), box(60, 0)])).toEqual([true, false, true]));

  it('do not give way to one that gave way itself', () => expect(freeOfOverlap([box(0, 0), box(30, 0), box(50, 0)])).toEqual([true, false, true]));
});
