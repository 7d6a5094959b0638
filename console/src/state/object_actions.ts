// What is done with objects by name: placing where the map is clicked, turning, moving, removing. Says what became of it.
import type { Position } from '../math/geo';
import type { Action } from './action';
import { failureOf } from './api';
import type { App } from './app';
import { objectOf, OBJECT_TYPE, type PlacedObject } from './objects';
import { wordsOf, type TextKey } from './words';

export const TURN_DEGREES = 15;

/** The selected entity as an object that can be changed here; null if it is none. */
export function selectedObject(app: App): PlacedObject | null {
  const catalogue = app.objects.catalogue.get().value;
  const facts = app.entity.get().value;
  if (!catalogue || !facts || facts.id !== app.address.get().selected || !facts.types.includes(OBJECT_TYPE)) return null;
  return objectOf(facts, catalogue);
}

function say(app: App, key: TextKey, kind: string): void {
  const names = app.objects.find(kind)?.name;
  app.announcement.set(wordsOf(app.language).t(key, { name: names ? names[app.language] : kind }));
}

async function attempt(app: App, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    void app.loadEntity(false);
  } catch (error) {
    const words = wordsOf(app.language);
    const { kind, detail } = failureOf(error);
    app.announcement.set(`${words.t(`error.${kind}`)} ${words.said(detail)}`);
  }
}

/** Places what is chosen there, or moves what is being moved. */
export function placeObject(app: App, position: Position): void {
  const placing = app.objects.placing.get();
  if (!placing) return;
  const moved = placing.moving === null ? null : selectedObject(app);
  void attempt(app, async () => {
    if (moved && moved.id === placing.moving) {
      app.objects.choose(null);
      await app.objects.change(moved, { position, heading: placing.heading });
      return say(app, 'objects.moved', moved.kind);
    }
    await app.objects.placeAt(position);
    say(app, 'objects.placed', placing.kind);
  });
}

/** Turns what is being placed, or the selected object. */
export function turnObject(app: App, degrees: number): void {
  if (app.objects.placing.get()) return app.objects.turn(degrees);
  const object = selectedObject(app);
  if (object) void attempt(app, () => app.objects.change(object, { heading: object.heading + degrees }));
}

export function changeObject(app: App, object: PlacedObject, change: Partial<Pick<PlacedObject, 'values' | 'heading'>>): void {
  void attempt(app, () => app.objects.change(object, change));
}

export function removeObject(app: App): void {
  const object = selectedObject(app);
  if (!object) return;
  app.go({ selected: null });
  void attempt(app, async () => {
    await app.objects.remove(object);
    say(app, 'objects.removed', object.kind);
  });
}

/** Starts placing a kind and gives the map the focus, so that Enter places in its middle. */
export function choosePlacing(app: App, kind: string): void {
  app.drawing.start(null);
  app.objects.choose(kind);
  document.getElementById('map')?.focus();
}

/** The actions possible with objects now. */
export function objectActions(app: App): Action[] {
  const placing = app.objects.placing.get() !== null;
  const selected = selectedObject(app) !== null;
  return [
    ...(placing || selected ? [{ id: 'turnObject', text: 'action.turnObject' as const, shortcut: 'R', run: () => turnObject(app, TURN_DEGREES) }] : []),
    ...(placing ? [{ id: 'stopPlacing', text: 'action.stopPlacing' as const, run: () => app.objects.choose(null) }] : []),
    ...(selected ? [{ id: 'removeObject', text: 'action.removeObject' as const, shortcut: 'Delete', run: () => removeObject(app) }] : []),
  ];
}
