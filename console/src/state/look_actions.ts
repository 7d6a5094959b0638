// Choosing how the entities of a type look, each step with a way back.
import type { Filter } from './address_parts';
import type { App } from './app';

function without<T>(all: Readonly<Record<string, T>>, type: string): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([one]) => one !== type));
}

/** Colours a type by an attribute; null: in the layer's own way. */
export function setPaint(app: App, type: string, attribute: string | null): void {
  const before = app.address.get().paints;
  const paints = attribute === null ? without(before, type) : { ...before, [type]: attribute };
  app.go({ paints });
  app.undo.did({ text: 'undo.paint', undo: () => app.go({ paints: before }, false), redo: () => app.go({ paints }, false) });
}

/** The filter before a range was dragged, so that one drag is one step. */
const dragged = new WeakMap<App, Readonly<Record<string, Filter>>>();

/** Keeps a part of a type; null keeps all. `done` false while a range is being dragged. */
export function setFilter(app: App, type: string, filter: Filter | null, done = true): void {
  const before = dragged.get(app) ?? app.address.get().filters;
  const filters = filter === null ? without(app.address.get().filters, type) : { ...app.address.get().filters, [type]: filter };
  app.go({ filters }, done);
  if (!done) return void dragged.set(app, before);
  dragged.delete(app);
  app.undo.did({ text: 'undo.filter', undo: () => app.go({ filters: before }, false), redo: () => app.go({ filters }, false) });
}
