// Pictures and short films of what the map shows, with place, time and source written below.
import { useRef, useState } from 'react';
import { canFilm, composePicture, pngOf, recordFilm, saveFile, type Caption, type FilmPlan } from '../../layers/picture';
import type { App } from '../../state/app';
import type { MapControls } from '../../state/map_controls';
import { whereOf } from '../../state/sun';
import type { Words } from '../../state/words';
import { openPageAgain, useApp, useStore, useWords } from '../hooks';
import { EmptyNote, Icon, LoadingNote, PanelHead } from '../Parts';

const WHOLE_MS_MAX = 30_000;
const SECONDS = [5, 10, 20, 30] as const;

function captionOf(app: App, words: Words): Caption {
  const city = app.summary.get().value?.city?.name ?? words.t('app.noCity');
  const { atMs } = app.address.get();
  const where = whereOf(app);
  const state = words.t(atMs === null ? 'time.live' : 'time.past');
  return {
    title: city,
    lines: [
      `${words.moment(atMs ?? app.nowMs.get())} · ${state}${where ? ` · ${words.position([where[0], where[1]])}` : ''}`,
      [...app.credits.list.get().map((one) => words.t(one)), 'Cityloom'].join(' · '),
    ],
  };
}

const fileName = (app: App, ending: string): string => {
  const at = new Date(app.address.get().atMs ?? app.nowMs.get()).toISOString().slice(0, 19).replaceAll(':', '-');
  return `${(app.summary.get().value?.city?.name ?? 'cityloom').replace(/[^\p{L}\p{N}-]+/gu, '-')}-${at}.${ending}`;
};

const mapElement = (): HTMLElement | null => document.getElementById('map');

/** Waits until all that is seen is drawn; what is not there by then is left out. */
async function drawnWhole(controls: MapControls): Promise<void> {
  let timer = 0;
  const late = new Promise<void>((resolve) => { timer = window.setTimeout(resolve, WHOLE_MS_MAX); });
  await Promise.race([controls.complete(), late]);
  window.clearTimeout(timer);
}

/** Saves the map as it is seen. */
async function takePicture(app: App, words: Words): Promise<void> {
  const [controls, element] = [app.map.get(), mapElement()];
  if (!controls || !element) return;
  await drawnWhole(controls);
  const blob = await pngOf(controls.drawnFinely((canvas) => composePicture(canvas, element, captionOf(app, words))));
  saveFile(blob, fileName(app, 'png'));
  app.announcement.set(words.t('picture.saved', { size: words.quantity(Number((blob.size / 1e6).toFixed(2)), '4L') }));
}

function NotMade({ onRetry }: { onRetry: () => void }) {
  const { t } = useWords();
  return (
    <div className="note note-failure" role="alert">
      <p className="note-title"><Icon name="warning" />{t('picture.failed')}</p>
      <p>{t('picture.failed.do')}</p>
      <button type="button" className="button" onClick={onRetry}>{t('error.retry')}</button>
    </div>
  );
}

type FilmKind = 'orbit' | 'playback';

function planOf(app: App, words: Words, kind: FilmKind, seconds: number): FilmPlan | null {
  const controls = app.map.get();
  if (!controls) return null;
  const range = app.sliderRange;
  const startMs = app.address.get().atMs ?? range?.startMs ?? app.nowMs.get();
  const endMs = range?.endMs ?? startMs;
  let turned = 0;
  const step = (part: number): void => {
    if (kind === 'playback') return app.lookAt(startMs + (endMs - startMs) * part, false);
    controls.turn(part * 360 - turned);
    turned = part * 360;
  };
  return { seconds, step, caption: () => captionOf(app, words), frame: controls.drawn, ready: () => drawnWhole(controls) };
}

function Film() {
  const app = useApp();
  const words = useWords();
  const [kind, setKind] = useState<FilmKind>('orbit');
  const [seconds, setSeconds] = useState<number>(10);
  const [part, setPart] = useState<number | null>(null);
  const [failed, setFailed] = useState(false);
  const request = useRef<AbortController | null>(null);
  const record = async (): Promise<void> => {
    const [plan, element] = [planOf(app, words, kind, seconds), mapElement()];
    if (!plan || !element) return;
    const before = app.address.get().atMs;
    request.current = new AbortController();
    setFailed(false);
    setPart(0);
    try {
      const film = await recordFilm(plan, element, setPart, request.current.signal);
      if (film) saveFile(film, fileName(app, 'webm'));
      app.announcement.set(film ? words.t('picture.saved', { size: words.quantity(Number((film.size / 1e6).toFixed(2)), '4L') }) : words.t('picture.givenUp'));
    } catch {
      setFailed(true);
    }
    if (kind === 'playback') app.lookAt(before, false);
    setPart(null);
  };
  if (!canFilm()) return <EmptyNote text="picture.noFilm" />;
  return (
    <>
      <div className="row" role="group" aria-label={words.t('picture.film')}>
        {(['orbit', 'playback'] as const).map((one) => <button key={one} type="button" className="button" aria-pressed={kind === one} disabled={part !== null} onClick={() => setKind(one)}>{words.t(`picture.${one}`)}</button>)}
      </div>
      <p className="quiet">{words.t(`picture.${kind}.about`)}</p>
      <label className="field"><span>{words.t('picture.length')}</span>
        <select value={seconds} disabled={part !== null} onChange={(event) => setSeconds(Number(event.target.value))}>{SECONDS.map((one) => <option key={one} value={one}>{words.quantity(one, 'SEC')}</option>)}</select>
      </label>
      {part === null ? <button type="button" id="record-film" className="button" onClick={() => void record()}>{words.t('picture.record')}</button> : (
        <>
          <progress max={1} value={part} aria-label={words.t('picture.progress')} />
          <button type="button" className="button" onClick={() => request.current?.abort()}>{words.t('picture.giveUp')}</button>
        </>
      )}
      {failed && <NotMade onRetry={() => void record()} />}
    </>
  );
}

export default function PicturePanel() {
  const app = useApp();
  const words = useWords();
  const { t } = words;
  const ready = useStore(app.map) !== null;
  const { phase } = useStore(app.mapStatus);
  const [waiting, setWaiting] = useState(false);
  const [failed, setFailed] = useState(false);
  const take = (): void => {
    setFailed(false);
    setWaiting(true);
    takePicture(app, words).catch(() => setFailed(true)).finally(() => setWaiting(false));
  };
  return (
    <section className="panel panel-right" aria-label={t('tool.picture')}>
      <PanelHead title={<h2>{t('tool.picture')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body stack" tabIndex={-1}>
        {!ready && (phase === 'starting' ? <LoadingNote text="picture.mapLoading" /> : <EmptyNote text="picture.noMap"><button type="button" className="button" onClick={() => void openPageAgain()}>{t('error.reload')}</button></EmptyNote>)}
        {ready && (
          <>
            <h3>{t('picture.still')}</h3>
            <button type="button" id="take-picture" className="button" disabled={waiting} onClick={take}>{t(waiting ? 'picture.waiting' : 'picture.take')}</button>
            {failed && <NotMade onRetry={take} />}
            <h3>{t('picture.film')}</h3>
            <Film />
          </>
        )}
      </div>
    </section>
  );
}
