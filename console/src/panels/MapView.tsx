// The map and what floats over it: controls, scale, notes for an empty city, missing graphics, failed tiles.
import { lazy, Suspense, useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { openBest } from '../layers/open';
import { scaleBar } from '../math/scale';
import type { App } from '../state/app';
import { isOfCity, isShown } from '../state/catalogue';
import { placeObject } from '../state/object_actions';
import { closePicked } from '../state/scenario_actions';
import { finishDrawing } from '../state/tool_actions';
import { openPageAgain, useApp, useMapBusy, usePart, useStore, useWords } from './hooks';
import { BuildingClasses } from './Legend';
import { FailureNote, IconButton } from './Parts';
import { Toolbar } from './tools/Toolbar';

const PAN = 0.12;
const SCALE_PIXELS = 110;

/** What a key does on the focused map. */
function mapKey(app: App, event: KeyboardEvent): boolean {
  const map = app.map.get();
  if (!map || event.ctrlKey || event.metaKey || event.altKey) return false;
  const turning = event.shiftKey;
  switch (event.key) {
    case 'ArrowLeft': turning ? map.turn(-10) : map.pan(-PAN, 0); return true;
    case 'ArrowRight': turning ? map.turn(10) : map.pan(PAN, 0); return true;
    case 'ArrowUp': turning ? map.tilt(5) : map.pan(0, PAN); return true;
    case 'ArrowDown': turning ? map.tilt(-5) : map.pan(0, -PAN); return true;
    case '+': case '=': map.zoom(0.75); return true;
    case '-': case '_': map.zoom(1.33); return true;
    default: return false;
  }
}

/** What a key does while something is drawn on the focused map. */
function drawingKey(app: App, event: KeyboardEvent): boolean {
  if (app.objects.placing.get() && event.key === 'Enter') {
    const place = app.map.get()?.placeAt();
    if (place) placeObject(app, place);
    return true;
  }
  if (!app.drawing.draft.get()) return false;
  if (event.key === 'Backspace') app.drawing.dropPoint();
  else if (event.key === 'Enter' && event.ctrlKey) finishDrawing(app);
  else if (event.key === 'Enter') {
    const place = app.map.get()?.placeAt();
    if (place) app.drawing.addPoint(place);
  } else return false;
  return true;
}

function Tools() {
  const app = useApp();
  const { t } = useWords();
  const { headingDegrees } = useStore(app.mapStatus);
  const map = useStore(app.map);
  if (!map) return null;
  return (
    <div className="map-tools" role="group" aria-label={t('map.tools')}>
      <IconButton icon="plus" label={t('map.zoomIn')} onClick={() => map.zoom(0.6)} />
      <IconButton icon="minus" label={t('map.zoomOut')} onClick={() => map.zoom(1.6)} />
      <button type="button" className="icon-button" aria-label={t('map.north', { degrees: Math.round(headingDegrees) % 360 })} title={t('map.north', { degrees: Math.round(headingDegrees) % 360 })} onClick={map.faceNorth}>
        <svg className="icon compass" viewBox="0 0 20 20" aria-hidden="true" style={{ transform: `rotate(${-headingDegrees}deg)` }}>
          <path className="compass-north" d="M10 2l3.500 8h-7z" /><path className="compass-south" d="M10 18l3.500-8h-7z" />
        </svg>
      </button>
      <IconButton icon="tiltUp" className="only-wide" label={t('map.tiltDown')} onClick={() => map.tilt(-12)} />
      <IconButton icon="tiltDown" className="only-wide" label={t('map.tiltUp')} onClick={() => map.tilt(12)} />
      <IconButton icon="home" label={t('map.home')} onClick={map.home} />
    </div>
  );
}

function ScaleBar() {
  const words = useWords();
  const { metresPerPixel } = useStore(useApp().mapStatus);
  const bar = metresPerPixel === null ? null : scaleBar(metresPerPixel, SCALE_PIXELS);
  if (!bar) return null;
  const length = bar.metres >= 1000 ? words.quantity(bar.metres / 1000, 'KMT') : words.quantity(bar.metres, 'MTR');
  return <div className="scale-bar" role="img" aria-label={words.t('map.scale', { length })}><span style={{ width: bar.pixels }} />{length}</div>;
}

function EmptyCity() {
  const { t } = useWords();
  const origin = window.location.origin;
  return (
    <div className="map-note">
      <h2>{t('map.empty')}</h2>
      <p>{t('map.empty.do')}</p>
      <pre tabIndex={0}>{`cityloom import --to ${origin} district.osm.pbf`}</pre>
      <p>{t('map.empty.stopped')}</p>
      <pre tabIndex={0}>{'cityloom import --data var district.osm.pbf'}</pre>
    </div>
  );
}

function NoGraphics({ failed }: { failed: boolean }) {
  const app = useApp();
  const { t } = useWords();
  return (
    <div className="map-note" role="alert">
      <h2>{t(failed ? 'map.failed' : 'map.noWebGl')}</h2>
      <p>{t(failed ? 'map.failed.do' : 'map.noWebGl.do')}</p>
      <div className="row">
        {failed && <button type="button" className="button" onClick={() => void openPageAgain()}>{t('error.reload')}</button>}
        <button type="button" className="button" onClick={() => app.go({ panel: 'list' })}>{t('map.openList')}</button>
      </div>
    </div>
  );
}

/** Says once why the map is flat. */
function FlatNote() {
  const { t } = useWords();
  const [closed, setClosed] = useState(false);
  if (closed) return null;
  return (
    <div className="note flat-note" role="status">
      <p className="note-title">{t('map.flat')}</p>
      <p>{t('map.flat.do')}</p>
      <button type="button" className="button" onClick={() => setClosed(true)}>{t('dialog.close')}</button>
    </div>
  );
}

/** Whether the city has buildings now and had none at the moment looked at. */
function useNoBuildingsThen(): boolean {
  const app = useApp();
  const past = usePart(app.address, ({ atMs }) => atMs !== null);
  const then = useStore(app.summaryThen).value;
  const now = useStore(app.summary).value;
  const has = (summary: typeof now): boolean => summary?.types.some(({ type, count }) => type === 'Building' && count > 0) ?? false;
  return past && then !== null && has(now) && !has(then);
}

function MapNotes() {
  const words = useWords();
  const app = useApp();
  const status = useStore(app.mapStatus);
  const summary = useStore(app.summary);
  const then = useStore(app.summaryThen);
  const noBuildingsThen = useNoBuildingsThen();
  const loading = status.phase === 'starting' || status.tiles === 'loading' || status.layersLoading > 0;
  const places = useStore(app.places.editions);
  const empty = summary.value !== null && places.size === 0 && !summary.value.types.some(({ type }) => isOfCity(type));
  const flatByChoice = usePart(app.address, ({ flat }) => flat);
  const readAgain = <button type="button" className="button" onClick={() => app.readCityAgain()}>{words.t('layers.mapAgain')}</button>;
  const failure = summary.error ?? then.error;
  const sensorsOnly = (summary.value?.types.length ?? 0) > 0;
  if (status.phase === 'noWebGl' || status.phase === 'failed') return <NoGraphics failed={status.phase === 'failed'} />;
  if (empty && !sensorsOnly) return <EmptyCity />;
  return (
    <div className="map-messages">
      {status.phase === 'flat' && !flatByChoice && <FlatNote />}
      {failure && <FailureNote failure={failure} onRetry={() => app.readCityAgain()} />}
      {status.tiles === 'failed' && <div className="note note-failure" role="alert"><p className="note-title">{words.t('map.tilesFailed')}</p><p>{words.t('map.tilesFailed.do')}</p>{readAgain}</div>}
      {status.layersFailed.length > 0 && <div className="note note-failure" role="alert"><p>{words.t('map.layersFailed', { layers: status.layersFailed.map(words.type).join(', ') })}</p>{readAgain}</div>}
      {empty && <EmptyCity />}
      {noBuildingsThen && <p className="note">{words.t('map.buildingsNotYet')}</p>}
      {loading && !failure && <p className="note note-loading"><span className="spinner" aria-hidden="true" />{words.t('map.loading')}</p>}
    </div>
  );
}

function FloatingLegend() {
  const app = useApp();
  const { t } = useWords();
  const { colourBy, on, off } = useStore(app.address);
  const layersOpen = usePart(app.settings, (settings) => settings.layersOpen);
  const hasBuildings = usePart(app.summary, ({ value }) => value?.types.some(({ type }) => type === 'Building') ?? false);
  if (layersOpen || !hasBuildings || !isShown({ on, off }, 'Building')) return null;
  return (
    <section className="map-legend only-wide" aria-label={t('legend.title')}>
      <h2>{t(`colour.${colourBy}`)}</h2>
      <BuildingClasses />
    </section>
  );
}

function MapCanvas() {
  const app = useApp();
  const { t } = useWords();
  const container = useRef<HTMLDivElement>(null);
  const flat = usePart(app.address, (address) => address.flat);
  const busy = useMapBusy(app);
  useEffect(() => {
    let close: (() => void) | null = null;
    let ended = false;
    const opened = container.current ? openBest(container.current, app) : null;
    opened?.then((made) => {
      if (ended) made();
      else close = made;
    }).catch(() => app.mapStatus.update((status) => ({ ...status, phase: 'failed' })));
    return () => {
      ended = true;
      close?.();
    };
  }, [app, flat]);
  const onKey = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (drawingKey(app, event)) {
      // Taken by what is being drawn.
    } else if (event.key === 'Enter') {
      const id = app.map.get()?.pick() ?? null;
      if (app.scenarios.closing.get()) closePicked(app, id);
      else {
      app.announcement.set(id ? '' : t('map.nothingHere'));
      if (id) app.select(id);
      }
    } else if (!mapKey(app, event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div id="map" className="map-canvas" ref={container} tabIndex={0} role="application" aria-busy={busy} aria-label={t('map.label')} aria-describedby="map-help" onKeyDown={onKey} />
  );
}

const CompareView = lazy(() => import('./CompareView'));

export function MapView() {
  const app = useApp();
  const { t } = useWords();
  const compare = usePart(app.address, (address) => address.compare);
  const ready = useStore(app.map) !== null;
  const credits = useStore(app.credits.list);
  return (
    <main className="map" aria-label={t('map.label')} data-compare={compare?.mode} data-twin={compare && compare.scenario === undefined && compare.atMs > (app.address.get().atMs ?? Infinity) ? 'right' : 'left'}>
      <MapCanvas />
      {compare && ready && <Suspense fallback={null}><CompareView compare={compare} /></Suspense>}
      <span id="map-help" className="unseen">{t('map.help')}</span>
      <svg className="map-cross" viewBox="0 0 40 40" aria-hidden="true"><path d="M20 4v12M20 24v12M4 20h12M24 20h12" /></svg>
      <MapNotes />
      <FloatingLegend />
      <Toolbar />
      <Tools />
      <div className="map-foot"><ScaleBar />{credits.length > 0 && <span className="copyright">{credits.map((one) => t(one)).join(' · ')}</span>}</div>
    </main>
  );
}
