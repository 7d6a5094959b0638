// The series that stand side by side in the charts.
import type { SeriesName } from './address';
import type { App } from './app';

export const SERIES_MAX = 12;

export const hasSeries = (series: readonly SeriesName[], { id, attribute }: SeriesName): boolean => series.some((one) => one.id === id && one.attribute === attribute);

/** Adds a series to the charts, or takes it out. The oldest gives way when there are too many. */
export function toggleSeries(app: App, name: SeriesName): void {
  const before = app.address.get().series;
  const after = hasSeries(before, name) ? before.filter((one) => one.id !== name.id || one.attribute !== name.attribute) : [...before, name].slice(-SERIES_MAX);
  app.go({ series: after });
  app.undo.did({ text: 'undo.series', undo: () => app.go({ series: before }, false), redo: () => app.go({ series: after }, false) });
}
