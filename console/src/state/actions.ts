// Everything a person can do by name: buttons, shortcuts and the command palette call the same code here.
import { COLOUR_BY } from '../math/paint';
import type { App } from './app';
import { drawnTypes, switchLayer } from './catalogue';
import { toolActions } from './tool_actions';
import type { Action } from './action';
import { wordsOf } from './words';

const STEP_MS = 600_000;

async function copy(app: App, text: string): Promise<void> {
  const words = wordsOf(app.language);
  try {
    await navigator.clipboard.writeText(text);
    app.announcement.set(words.t('inspector.copied'));
  } catch {
    app.announcement.set(words.t('inspector.copyFailed'));
  }
}

/** Copies a text and says so. */
export function copyText(app: App, text: string): void {
  app.announcement.set('');
  void copy(app, text);
}

export function goLive(app: App): void {
  app.lookAt(null);
  app.announcement.set(wordsOf(app.language).t('time.announceLive'));
}

/** Moves the moment looked at; from live it starts at now. */
export function stepTime(app: App, ms: number): void {
  app.lookAt((app.address.get().atMs ?? app.nowMs.get()) + ms);
}

/** Starts playing from the moment looked at (from ten minutes ago when live), or pauses. */
export function togglePlay(app: App): void {
  const running = !app.playing.get().running;
  if (running && app.address.get().atMs === null) stepTime(app, -STEP_MS);
  app.playing.update((playing) => ({ ...playing, running }));
}

export const SPEEDS = [1, 10, 60, 600, 3600] as const;

/** One step faster or slower. */
export function changeSpeed(app: App, steps: number): void {
  const { speed } = app.playing.get();
  const place = SPEEDS.findIndex((one) => one >= speed) + steps;
  const next = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, place))] ?? speed;
  app.playing.update((playing) => ({ ...playing, speed: next }));
  app.announcement.set(wordsOf(app.language).t('time.speedNow', { speed: next }));
}

export function toggleTheme(app: App): void {
  app.settings.update((settings) => ({ ...settings, theme: settings.theme === 'dark' ? 'light' : 'dark' }));
}

/** Opens or closes the layer panel: a column on wide screens, a sheet on narrow ones. */
export function toggleLayers(app: App): void {
  const narrow = window.matchMedia('(max-width: 760px)').matches;
  if (narrow) return app.go({ panel: app.address.get().panel === 'layers' ? null : 'layers' });
  app.settings.update((settings) => ({ ...settings, layersOpen: !settings.layersOpen }));
}

export function flyToSelected(app: App): void {
  const place = app.entity.get().value?.geometry;
  if (place) app.map.get()?.flyToPlace(place);
}

function timeActions(app: App): Action[] {
  return [
    { id: 'goLive', text: 'action.goLive', shortcut: 'L', run: () => goLive(app) },
    { id: 'back', text: 'action.back', shortcut: '[', run: () => stepTime(app, -STEP_MS) },
    { id: 'forward', text: 'action.forward', shortcut: ']', run: () => stepTime(app, STEP_MS) },
    { id: 'loop', text: 'action.loop', run: () => app.playing.update((playing) => ({ ...playing, loop: !playing.loop })) },
    { id: 'faster', text: 'action.faster', shortcut: '>', run: () => changeSpeed(app, 1) },
    { id: 'slower', text: 'action.slower', shortcut: '<', run: () => changeSpeed(app, -1) },
    { id: 'play', text: 'action.play', shortcut: 'P', run: () => togglePlay(app) },
  ];
}

function mapActions(app: App): Action[] {
  const map = app.map.get;
  return [
    { id: 'home', text: 'action.home', shortcut: 'H', run: () => map()?.home() },
    { id: 'north', text: 'action.north', shortcut: 'N', run: () => map()?.faceNorth() },
    { id: 'topDown', text: 'action.topDown', run: () => map()?.tilt(-15) },
    { id: 'zoomIn', text: 'action.zoomIn', run: () => map()?.zoom(0.6) },
    { id: 'zoomOut', text: 'action.zoomOut', run: () => map()?.zoom(1.6) },
  ];
}

/** Escape ends what is under way first, then closes the panel. */
function stopOrClose(app: App): void {
  if (app.drawing.draft.get()) return app.drawing.start(null);
  if (app.scenarios.closing.get()) return app.scenarios.closing.set(false);
  app.closePanel();
}

function panelActions(app: App): Action[] {
  return [
    { id: 'search', text: 'action.search', shortcut: '/', run: () => document.getElementById('search-input')?.focus() },
    { id: 'layers', text: 'action.layers', shortcut: 'Y', run: () => toggleLayers(app) },
    { id: 'links', text: 'action.links', shortcut: 'K', run: () => app.go({ panel: 'links' }) },
    { id: 'list', text: 'action.list', shortcut: 'T', run: () => app.go({ panel: 'list' }) },
    { id: 'closePanel', text: 'action.closePanel', shortcut: 'Esc', run: () => stopOrClose(app) },
    { id: 'help', text: 'action.help', shortcut: '?', run: () => app.dialog.set('help') },
    { id: 'theme', text: 'action.theme', run: () => toggleTheme(app) },
    { id: 'language', text: 'action.language', run: () => app.go({ language: app.language === 'ko' ? 'en' : 'ko' }, false) },
    { id: 'copyLink', text: 'action.copyLink', run: () => copyText(app, window.location.href) },
  ];
}

function selectionActions(app: App): Action[] {
  const { selected } = app.address.get();
  if (!selected) return [];
  return [
    { id: 'flyToSelected', text: 'action.flyToSelected', shortcut: 'F', run: () => flyToSelected(app) },
    { id: 'copyId', text: 'action.copyId', run: () => copyText(app, selected) },
  ];
}

function layerActions(app: App): Action[] {
  const words = wordsOf(app.language);
  const types = drawnTypes(app.summary.get().value);
  const colours = COLOUR_BY.map((by): Action => ({
    id: `colour-${by}`, text: 'action.colour', values: { name: words.t(`colour.${by}`) }, run: () => app.go({ colourBy: by }),
  }));
  const layers = types.map((type): Action => ({
    id: `layer-${type}`, text: 'action.layer', values: { name: words.type(type) }, run: () => app.go(switchLayer(app.address.get(), type)),
  }));
  return [...colours, ...layers];
}

/** All actions possible now. */
export function listActions(app: App): Action[] {
  return [...timeActions(app), ...mapActions(app), ...panelActions(app), ...selectionActions(app), ...toolActions(app), ...layerActions(app)];
}

/** The action a key stands for; null when none. Letters count only without modifier keys. */
export function actionForKey(app: App, key: string): Action | null {
  if (key.length === 1 && !app.settings.get().letterKeys) return null;
  return listActions(app).find((action) => action.shortcut?.toLowerCase() === key.toLowerCase()) ?? null;
}
