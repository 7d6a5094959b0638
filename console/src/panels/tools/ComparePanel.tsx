// Chooses the two moments that are compared, and how.
import { localFieldOf, momentAt, sliderOf, clampTo } from '../../math/time';
import { startComparing, stopComparing, swapMoments } from '../../state/compare';
import { useApp, useStore, useWords } from '../hooks';
import { EmptyNote, OfCity, PanelHead } from '../Parts';

const STEPS = 1000;

function Compare() {
  const app = useApp();
  const words = useWords();
  const { t } = words;
  const { compare, atMs } = useStore(app.address);
  const nowMs = useStore(app.nowMs);
  const { range } = app;
  const jump = (text: string): void => {
    const ms = new Date(text).getTime();
    if (!Number.isNaN(ms) && compare && range) startComparing(app, compare.mode, clampTo(range, ms));
  };
  if (!range) return <EmptyNote text="compare.none" />;
  return (
    <>
      <p>{t('compare.about')}</p>
      <div className="row" role="group" aria-label={t('compare.mode')}>
        {(['side', 'swipe'] as const).map((mode) => <button key={mode} type="button" className="button" aria-pressed={compare?.mode === mode} onClick={() => (compare?.mode === mode ? stopComparing(app) : startComparing(app, mode))}>{t(`compare.${mode}`)}</button>)}
      </div>
      {compare && (
        <>
          <label className="stack">
            <span className="stack-row"><span>{t('compare.with')}</span><strong className="number-text">{words.moment(compare.atMs)}</strong></span>
            <input id="compare-slider" type="range" min={0} max={STEPS} value={sliderOf(range, compare.atMs, STEPS)} aria-valuetext={words.moment(compare.atMs)} onChange={(event) => app.go({ compare: { ...compare, atMs: momentAt(range, Number(event.target.value), STEPS) } }, false)} />
          </label>
          <label className="field"><span>{t('time.jump')}</span><input type="datetime-local" step={1} value={localFieldOf(compare.atMs)} min={localFieldOf(range.startMs)} max={localFieldOf(range.endMs)} onChange={(event) => jump(event.target.value)} /></label>
          <dl className="facts"><div><dt>{t('compare.shown')}</dt><dd>{atMs === null ? t('time.live') : words.moment(atMs)}</dd></div><div><dt>{t('compare.apart')}</dt><dd>{words.span(Math.abs((atMs ?? nowMs) - compare.atMs))}</dd></div></dl>
          <div className="row">
            <button type="button" className="button" onClick={() => swapMoments(app)}>{t('compare.swap')}</button>
            <button type="button" className="button" onClick={() => stopComparing(app)}>{t('compare.stop')}</button>
          </div>
        </>
      )}
    </>
  );
}

export default function ComparePanel() {
  const app = useApp();
  const { t } = useWords();
  return (
    <section className="panel panel-right" aria-label={t('tool.compare')}>
      <PanelHead title={<h2>{t('tool.compare')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body stack" tabIndex={-1}><OfCity><Compare /></OfCity></div>
    </section>
  );
}
