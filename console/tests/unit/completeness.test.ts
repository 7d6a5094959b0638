// Whether the map says at the right moment that its picture is complete.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Completeness } from '../../src/layers/completeness';
import type { App } from '../../src/state/app';
import type { Missing } from '../../src/state/map_controls';
import { Store } from '../../src/state/store';
import { Waits } from '../../src/state/waits';

describe('what is on its way', () => {
  it('is counted until it ends, once each, also when it fails', async () => {
    const waits = new Waits();
    const end = waits.begin();
    const failing = waits.during(Promise.reject(new Error('no')));
    expect(waits.count.get()).toBe(2);
    await expect(failing).rejects.toThrow('no');
    end();
    end();
    expect(waits.count.get()).toBe(0);
    expect(await waits.during(Promise.resolve(7))).toBe(7);
  });
});

describe('a map', () => {
  let app: App;
  let lacks: Missing | null;
  let asked: number;
  let completeness: Completeness;
  const state = (): Missing | null => app.missing.get();
  const draw = (frames: number): void => { for (let i = 0; i < frames; i++) completeness.drawn(); };

  beforeEach(() => {
    vi.stubGlobal('window', globalThis);
    vi.useFakeTimers();
    app = { waits: new Waits(), missing: new Store<Missing | null>('frames') } as unknown as App;
    [lacks, asked] = [null, 0];
    completeness = new Completeness(app, () => { asked++; }, () => lacks);
  });

  afterEach(() => {
    vi.clearAllTimers();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is complete after a few frames that lack nothing, and asks for those itself', () => {
    draw(2);
    expect([state(), asked]).toEqual(['frames', 2]);
    draw(1);
    expect([state(), asked]).toEqual([null, 2]);
    draw(5);
    expect(asked).toBe(2);
  });

  it('says what it lacks, looks again by itself, and counts anew when one more thing is missing', () => {
    lacks = 'shapes';
    draw(1);
    expect([state(), asked]).toEqual(['shapes', 0]);
    vi.advanceTimersByTime(1000);
    expect(asked).toBe(1);
    lacks = null;
    draw(2);
    lacks = 'tiles';
    draw(1);
    lacks = null;
    draw(2);
    expect(state()).toBe('tiles');
    draw(1);
    expect(state()).toBeNull();
  });

  it('is not complete while an answer is on its way, from the moment it is asked for', () => {
    draw(3);
    const end = app.waits.begin();
    expect(state()).toBe('answers');
    draw(5);
    expect(state()).toBe('answers');
    const before = asked;
    end();
    expect(asked).toBe(before + 1);
    draw(3);
    expect(state()).toBeNull();
  });

  it('tells those who wait only of frames drawn after they asked', async () => {
    draw(3);
    let told = false;
    void completeness.reached().then(() => { told = true; });
    expect(asked).toBe(3);
    draw(2);
    await Promise.resolve();
    expect(told).toBe(false);
    draw(1);
    await Promise.resolve();
    expect(told).toBe(true);
  });

  it('follows nothing any more once it is gone', () => {
    lacks = 'ground';
    draw(1);
    completeness.destroy();
    app.waits.begin();
    vi.advanceTimersByTime(1000);
    expect([state(), asked]).toEqual(['ground', 0]);
  });
});
