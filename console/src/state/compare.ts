// Comparing two moments, the one shown and another, or two plans.
import type { App } from './app';

const HOUR_MS = 3_600_000;

/** Compares with a moment: the one given, the one chosen before, or an hour before the one shown (the start of the record at most). */
export function startComparing(app: App, mode: 'side' | 'swipe', atMs?: number): void {
  const { range } = app;
  const shown = app.address.get().atMs ?? app.nowMs.get();
  const before = Math.max(range?.startMs ?? shown - HOUR_MS, shown - HOUR_MS);
  const { compare } = app.address.get();
  app.go({ compare: { mode, atMs: atMs ?? compare?.atMs ?? before, split: compare?.split ?? 0.5 } });
}

/** Compares what is shown with a scenario, or ('main') with the city as it is. */
export function comparePlans(app: App, mode: 'side' | 'swipe', scenario: string): void {
  const { compare } = app.address.get();
  app.go({ compare: { mode, atMs: app.address.get().atMs ?? app.nowMs.get(), split: compare?.split ?? 0.5, scenario } });
}

export function stopComparing(app: App): void {
  app.go({ compare: null });
}

/** Moves the swipe line, 0 to 1 from the left. */
export function setSplit(app: App, split: number): void {
  const { compare } = app.address.get();
  if (compare) app.go({ compare: { ...compare, split: Math.min(1, Math.max(0, split)) } }, false);
}

/** Shows the other moment and compares with the one that was shown. */
export function swapMoments(app: App): void {
  const { compare, atMs } = app.address.get();
  if (compare?.scenario !== undefined) return swapPlans(app, compare.scenario);
  if (compare) app.go({ atMs: compare.atMs, compare: { ...compare, atMs: atMs ?? app.nowMs.get() } });
}

function swapPlans(app: App, other: string): void {
  const { compare, scenario } = app.address.get();
  if (compare) app.go({ scenario: other === 'main' ? null : other, compare: { ...compare, scenario: scenario ?? 'main' } });
}
