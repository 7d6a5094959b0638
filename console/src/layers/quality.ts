// How finely the scene is drawn, by how long its frames take: coarser when it stutters, finer again when there is time to spare.
import type { Scene } from 'cesium';
import { nextQuality, QUALITIES, type FrameTimes } from '../math/quality';
import type { App } from '../state/app';

/** Frames farther apart than this do not belong to one movement. */
const PAUSE_MS = 400;

/** Watches the frames; `apply` is called with the level at first and whenever it changes. The answer ends that. */
export function followFrames(app: App, scene: Scene, apply: (level: number) => void): () => void {
  let level = app.mapStatus.get().light ? QUALITIES.length - 1 : 0;
  const best = level;
  let times: FrameTimes = { count: 0, meanMs: 0 };
  let lastMs = 0;
  const set = (next: number): void => {
    level = next;
    times = { count: 0, meanMs: 0 };
    apply(level);
    app.mapStatus.update((status) => ({ ...status, quality: level }));
  };
  set(level);
  return scene.postRender.addEventListener(() => {
    const nowMs = performance.now();
    const tookMs = nowMs - lastMs;
    lastMs = nowMs;
    if (tookMs > PAUSE_MS) return;
    times = { count: times.count + 1, meanMs: times.count === 0 ? tookMs : times.meanMs * 0.94 + tookMs * 0.06 };
    const next = Math.max(best, nextQuality(level, times));
    if (next !== level) set(next);
  }) as () => void;
}
