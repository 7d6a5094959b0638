// What is done with the open scenario by name; says what became of it.
import type { Action } from './action';
import { failureOf } from './api';
import type { App } from './app';
import { comparePlans } from './compare';
import { isOpen } from './scenarios';
import { wordsOf, type TextKey } from './words';

/** Whether the open scenario may be worked on now. */
export function canEdit(app: App): boolean {
  const scenario = app.scenarios.current.get().value;
  return scenario !== null && isOpen(scenario.status) && app.address.get().atMs === null;
}

const say = (app: App, key: TextKey): void => app.announcement.set(wordsOf(app.language).t(key));

/** Does what may fail, and says why when it does. */
export async function attempt(app: App, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const words = wordsOf(app.language);
    const { kind, detail } = failureOf(error);
    app.announcement.set(`${words.t(`error.${kind}`)} ${words.said(detail)}`);
    return false;
  }
}

/** Draws the footprint of a building to be placed. */
export function drawFootprint(app: App): void {
  app.objects.choose(null);
  app.scenarios.closing.set(false);
  app.scenarios.footprint.set(null);
  app.drawing.start('footprint');
  document.getElementById('map')?.focus();
}

/** Makes the next thing chosen on the map a street to close, or not any more. */
export function toggleClosing(app: App): void {
  app.drawing.start(null);
  app.objects.choose(null);
  app.scenarios.closing.update((closing) => !closing);
  document.getElementById('map')?.focus();
}

/** Closes the street that was chosen on the map. */
export function closePicked(app: App, id: string | null): void {
  if (id === null) return say(app, 'scenarios.noStreet');
  void attempt(app, async () => say(app, (await app.scenarios.closeStreet(id)) ? 'scenarios.streetClosed' : 'scenarios.noStreet'));
}

/** The actions of scenarios that are possible now. */
export function scenarioActions(app: App): Action[] {
  if (app.address.get().scenario === null) return [];
  const edits: Action[] = canEdit(app) ? [
    { id: 'placeBuilding', text: 'scenarios.place', run: () => drawFootprint(app) },
    { id: 'closeStreet', text: 'scenarios.close', run: () => toggleClosing(app) },
  ] : [];
  return [
    ...edits,
    { id: 'comparePlanSide', text: 'scenarios.sideBySide', run: () => comparePlans(app, 'side', 'main') },
    { id: 'comparePlanSwipe', text: 'scenarios.swipe', run: () => comparePlans(app, 'swipe', 'main') },
    { id: 'leaveScenario', text: 'scenarios.leave', run: () => app.go({ scenario: null, compare: null }) },
  ];
}
