// Two moments of one city, side by side or by a line to swipe: two scenes that move as one, the earlier moment on the left.
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { openBest } from '../layers/open';
import { formatView, type View } from '../math/camera';
import type { Address } from '../state/address';
import type { CompareSetting } from '../state/address_parts';
import type { App } from '../state/app';
import { setSplit } from '../state/compare';
import type { MapControls } from '../state/map_controls';
import { useApp, useMapBusy, usePart, useStore, useWords } from './hooks';
import { Icon, LoadingNote } from './Parts';

const STEP = 0.05;

/** The address of the other scene: the same city and look at another moment or by another plan, without what belongs to the panels. */
function otherAddress(address: Address, atMs: number, plan: string | undefined): Partial<Address> {
  const which = plan === undefined ? { atMs } : { scenario: plan === 'main' ? null : plan };
  return { ...address, ...which, compare: null, panel: null, shapes: address.shapes.filter(({ kind }) => kind === 'cut'), follow: null };
}

/** Makes the two eyes move as one. */
function bindEyes(a: MapControls, b: MapControls): () => void {
  let last = '';
  const follow = (other: MapControls) => (view: View): void => {
    const text = formatView(view);
    if (text === last) return;
    last = text;
    other.putView(view);
  };
  const stops = [a.watchView(follow(b)), b.watchView(follow(a))];
  return () => stops.forEach((stop) => stop());
}

/** A second app for the other moment, kept in step with the first. */
function useTwin(app: App, atMs: number, plan: string | undefined): App | null {
  const [twin, setTwin] = useState<App | null>(null);
  useEffect(() => {
    const made = app.twin();
    made.start();
    setTwin(made);
    return () => {
      made.stop();
      setTwin(null);
    };
  }, [app]);
  useEffect(() => {
    if (!twin) return undefined;
    const copy = (): void => twin.go({ ...otherAddress(app.address.get(), atMs, plan), view: twin.address.get().view ?? app.address.get().view });
    const theme = (): void => twin.settings.set(app.settings.get());
    copy();
    theme();
    const stops = [app.address.subscribe(copy), app.settings.subscribe(theme)];
    return () => stops.forEach((stop) => stop());
  }, [app, twin, atMs, plan]);
  return twin;
}

function TwinMap({ app, twin, clip }: { app: App; twin: App; clip: string | undefined }) {
  const container = useRef<HTMLDivElement>(null);
  const busy = useMapBusy(twin);
  useEffect(() => {
    let [close, unbind]: (() => void)[] = [];
    let ended = false;
    if (!container.current) return undefined;
    void openBest(container.current, twin).then((made) => {
      if (ended) return made();
      close = made;
      const [a, b] = [app.map.get(), twin.map.get()];
      if (a && b) unbind = bindEyes(a, b);
    }).catch(() => twin.mapStatus.update((status) => ({ ...status, phase: 'failed' })));
    return () => {
      ended = true;
      unbind?.();
      close?.();
    };
  }, [app, twin]);
  return <div className="map-canvas map-twin" ref={container} style={clip === undefined ? {} : { clipPath: clip }} aria-hidden="true" aria-busy={busy} />;
}

/** How far the other moment is: on its way, or why it is not there. */
function TwinNote({ twin, onOpenAgain }: { twin: App; onOpenAgain: () => void }) {
  const { t } = useWords();
  const summary = useStore(twin.summary);
  const then = useStore(twin.summaryThen);
  const { phase, tiles, layersFailed, layersLoading } = useStore(twin.mapStatus);
  const again = (): void => {
    if (phase === 'failed') onOpenAgain();
    twin.readCityAgain();
  };
  if (summary.error || then.error || phase === 'failed' || tiles === 'failed' || layersFailed.length > 0) {
    return (
      <div className="note note-failure compare-note" role="alert">
        <p className="note-title"><Icon name="warning" />{t('compare.failed')}</p>
        <p>{t('compare.failed.do')}</p>
        <button type="button" className="button" onClick={again}>{t('error.retry')}</button>
      </div>
    );
  }
  return !then.value || phase === 'starting' || tiles === 'loading' || layersLoading > 0 ? <div className="compare-note"><LoadingNote text="compare.loading" /></div> : null;
}

function SwipeLine({ compare }: { compare: CompareSetting }) {
  const app = useApp();
  const { t } = useWords();
  const drag = (event: PointerEvent<HTMLDivElement>): void => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const box = event.currentTarget.parentElement?.getBoundingClientRect();
    if (box) setSplit(app, (event.clientX - box.left) / box.width);
  };
  const onKey = (event: KeyboardEvent): void => {
    const moves: Readonly<Record<string, number>> = { ArrowLeft: compare.split - STEP, ArrowRight: compare.split + STEP, Home: 0, End: 1 };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setSplit(app, to);
  };
  return (
    <div
      className="swipe-line" role="slider" tabIndex={0} aria-label={t('compare.line')} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(compare.split * 100)} aria-orientation="horizontal"
      style={{ left: `${compare.split * 100}%` }} onKeyDown={onKey} onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)} onPointerMove={drag}
    ><span aria-hidden="true">⇔</span></div>
  );
}

/** What both sides show when plans are compared: the other plan on the left; null when moments are. */
function usePlanNames(app: App, { scenario }: CompareSetting): readonly [string, string] | null {
  const { t } = useWords();
  const open = usePart(app.address, (address) => address.scenario);
  const { state, value } = useStore(app.scenarios.list);
  useEffect(() => {
    if (scenario !== undefined && state === 'idle') void app.scenarios.load();
  }, [app, scenario, state]);
  const nameOf = (id: string | null): string => (id === null || id === 'main' ? t('scenarios.city') : (value?.find((one) => one.id === id)?.name ?? id));
  return scenario === undefined ? null : [nameOf(scenario), nameOf(open)];
}

/** Stands over the map while two moments are compared. */
export default function CompareView({ compare }: { compare: CompareSetting }) {
  const app = useApp();
  const words = useWords();
  const { atMs } = useStore(app.address);
  const nowMs = useStore(app.nowMs);
  const twin = useTwin(app, compare.atMs, compare.scenario);
  const [openings, setOpenings] = useState(0);
  const mainMs = atMs ?? nowMs;
  const plans = usePlanNames(app, compare);
  const twinFirst = plans !== null || compare.atMs <= mainMs;
  const swipe = compare.mode === 'swipe';
  const clip = !swipe ? undefined : twinFirst ? `inset(0 ${(1 - compare.split) * 100}% 0 0)` : `inset(0 0 0 ${compare.split * 100}%)`;
  const [left, right] = plans ?? (twinFirst ? [words.moment(compare.atMs), atMs === null ? words.t('time.live') : words.moment(mainMs)] : [words.moment(mainMs), words.moment(compare.atMs)]);
  return (
    <div className="compare" data-mode={compare.mode} data-twin={twinFirst ? 'left' : 'right'}>
      {twin && <TwinMap key={openings} app={app} twin={twin} clip={clip} />}
      {twin && <TwinNote twin={twin} onOpenAgain={() => setOpenings(openings + 1)} />}
      <p className="compare-time compare-left" role="status">{left}</p>
      <p className="compare-time compare-right">{right}</p>
      {swipe && <SwipeLine compare={compare} />}
    </div>
  );
}
