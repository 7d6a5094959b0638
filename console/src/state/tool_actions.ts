// What the tools do by name: drawing, sun, undo. Buttons, shortcuts and the palette call these.
import type { ShapeKind } from '../math/shape';
import type { Action } from './action';
import type { App } from './app';
import { objectActions } from './object_actions';
import { scenarioActions } from './scenario_actions';
import { startComparing, stopComparing, swapMoments } from './compare';
import { openTool, TOOLS } from './tools';
import { changeUnder, toggleUnder } from './under_actions';
import { wordsOf } from './words';

/** How deep digs for pipes usually are. */
const DIG_METRES = 3;

/** The sun of a time of day (minutes after midnight), or as it stands at the moment shown when null. */
export function setSun(app: App, minutes: number | null, push = true): void {
  const shadows = app.address.get().sun?.shadows ?? !app.mapStatus.get().light;
  app.go({ sun: { minutes, shadows } }, push);
}

export function setShadows(app: App, shadows: boolean): void {
  app.go({ sun: { minutes: app.address.get().sun?.minutes ?? null, shadows } });
}

/** What is below is seen where the ground is cut, so that the ground itself may be whole. */
const CUT_UNDER = { depthMetres: 50, ground: 1 } as const;

/** Starts drawing and gives the map the focus, so that keys place points too. Who draws a dig or a cut looks below the ground. */
export function startDrawing(app: App, kind: ShapeKind): void {
  app.objects.choose(null);
  app.drawing.start(kind);
  if (kind === 'dig' && !app.address.get().under) changeUnder(app, { depthMetres: DIG_METRES });
  if (kind === 'cut' && !app.address.get().under) changeUnder(app, CUT_UNDER);
  document.getElementById('map')?.focus();
}

/** Keeps the draft; says when it has too few points. */
export function finishDrawing(app: App): void {
  if (!app.drawing.finish()) app.announcement.set(wordsOf(app.language).t('measure.tooFew'));
}

function say(app: App, key: 'undo.undone' | 'undo.redone', what: string): void {
  app.announcement.set(wordsOf(app.language).t(key, { what }));
}

export function undoLast(app: App): void {
  const words = wordsOf(app.language);
  if (app.drawing.draft.get()?.points.length) return app.drawing.dropPoint();
  const step = app.undo.undo();
  if (step) say(app, 'undo.undone', words.t(step.text));
  else app.announcement.set(words.t('undo.nothing'));
}

export function redoLast(app: App): void {
  const words = wordsOf(app.language);
  const step = app.undo.redo();
  if (step) say(app, 'undo.redone', words.t(step.text));
  else app.announcement.set(words.t('undo.nothingToRedo'));
}

function drawingActions(app: App): Action[] {
  const draw = (kind: Exclude<ShapeKind, 'footprint'>, shortcut?: string): Action => ({
    id: `draw-${kind}`, text: `action.draw.${kind}`, ...(shortcut === undefined ? {} : { shortcut }),
    run: () => {
      app.go({ panel: kind === 'section' ? 'section' : kind === 'dig' || kind === 'cut' ? 'under' : 'measure' });
      startDrawing(app, kind);
    },
  });
  const drafting = app.drawing.draft.get() !== null;
  const started: Action[] = [
    { id: 'finishDrawing', text: 'action.finishDrawing', run: () => finishDrawing(app) },
    { id: 'stopDrawing', text: 'action.stopDrawing', run: () => app.drawing.start(null) },
  ];
  return [draw('distance', 'D'), draw('area', 'A'), draw('height'), draw('route'), draw('sight'), draw('section'), draw('dig'), draw('cut'), ...(drafting ? started : [])];
}

/** The actions of all tools. */
export function toolActions(app: App): Action[] {
  const open = TOOLS.map((tool): Action => ({
    id: `tool-${tool.panel}`, text: tool.text, ...(tool.shortcut === undefined ? {} : { shortcut: tool.shortcut }), run: () => openTool(app, tool.panel),
  }));
  const { sun, under, compare, flat } = app.address.get();
  return [
    ...open, ...drawingActions(app), ...objectActions(app), ...scenarioActions(app),
    { id: 'undo', text: 'action.undo', shortcut: 'Ctrl+Z', run: () => undoLast(app) },
    { id: 'redo', text: 'action.redo', shortcut: 'Ctrl+Y', run: () => redoLast(app) },
    { id: 'sun', text: sun ? 'action.sunOff' : 'action.sunOn', run: () => app.go({ sun: sun ? null : { minutes: null, shadows: !app.mapStatus.get().light } }) },
    { id: 'under', text: under ? 'action.underOff' : 'action.underOn', run: () => toggleUnder(app) },
    { id: 'flat', text: flat ? 'action.flatOff' : 'action.flatOn', run: () => app.go({ flat: !flat }) },
    { id: 'compareSide', text: 'action.compareSide', run: () => startComparing(app, 'side') },
    { id: 'compareSwipe', text: 'action.compareSwipe', run: () => startComparing(app, 'swipe') },
    ...(compare ? [{ id: 'compareStop', text: 'compare.stop' as const, run: () => stopComparing(app) }, { id: 'compareSwap', text: 'compare.swap' as const, run: () => swapMoments(app) }] : []),
    ...(sun ? [{ id: 'shadows', text: sun.shadows ? 'action.shadowsOff' as const : 'action.shadowsOn' as const, run: () => setShadows(app, !sun.shadows) }] : []),
  ];
}
