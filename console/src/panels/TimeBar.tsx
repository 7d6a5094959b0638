// The time bar: live or a moment of the past, a slider over all that is recorded, playing, and the way back to live.
import { clampTo, localFieldOf, marksOf, momentAt, sliderOf, type TimeRange } from '../math/time';
import { goLive, SPEEDS, stepTime, togglePlay } from '../state/actions';
import { useApp, useNarrow, useStore, useWords } from './hooks';
import { Icon, IconButton } from './Parts';

const STEPS = 10_000;
const STEP_MS = 600_000;
const SPANS = [['time.span.all', null], ['time.span.hour', 3_600_000], ['time.span.day', 86_400_000], ['time.span.week', 604_800_000]] as const;

function Mode() {
  const app = useApp();
  const { t } = useWords();
  const { atMs } = useStore(app.address);
  const { phase } = useStore(app.stream.state);
  if (atMs !== null) {
    return (
      <button type="button" className="mode mode-past" onClick={() => goLive(app)}>
        <span className="mode-mark" aria-hidden="true" />{t('time.past')}<span className="mode-do">{t('time.goLive')} <kbd aria-hidden="true">L</kbd></span>
      </button>
    );
  }
  const lost = phase === 'lost';
  return (
    <span className={`mode ${lost ? 'mode-lost' : 'mode-live'}`} role="status">
      <span className="mode-mark" aria-hidden="true" />{t(lost ? 'stream.short.lost' : phase === 'live' ? 'time.live' : 'stream.short.connecting')}
    </span>
  );
}

function Marks({ range, most }: { range: TimeRange; most: number }) {
  const words = useWords();
  const long = range.endMs - range.startMs > 86_400_000;
  return (
    <div className="marks" aria-hidden="true">
      {marksOf(range, most).map((ms) => <span key={ms} style={{ left: `${(sliderOf(range, ms, STEPS) / STEPS) * 100}%` }}>{long ? words.mark(ms) : words.clock(ms).slice(0, 5)}</span>)}
    </div>
  );
}

function Slider({ range }: { range: TimeRange }) {
  const app = useApp();
  const words = useWords();
  const narrow = useNarrow();
  const { atMs } = useStore(app.address);
  const nowMs = useStore(app.nowMs);
  const shownMs = clampTo(range, atMs ?? range.endMs);
  const text = atMs === null ? words.t('time.sliderLive', { time: words.moment(nowMs) }) : words.t('time.sliderPast', { time: words.moment(shownMs), age: words.age(nowMs - shownMs) });
  const moveTo = (position: number): void => app.lookAt(position >= STEPS ? null : momentAt(range, position, STEPS), false);
  return (
    <div className="slider">
      <input
        type="range" id="time-slider" min={0} max={STEPS} step={1} value={atMs === null ? STEPS : sliderOf(range, shownMs, STEPS)}
        aria-label={words.t('time.slider')} aria-valuetext={text} onChange={(event) => moveTo(Number(event.target.value))}
        style={{ '--filled': `${(sliderOf(range, shownMs, STEPS) / STEPS) * 100}%` } as Record<string, string>}
      />
      <Marks range={range} most={narrow ? 4 : 9} />
    </div>
  );
}

function Shown({ range }: { range: TimeRange | null }) {
  const app = useApp();
  const words = useWords();
  const { atMs } = useStore(app.address);
  const nowMs = useStore(app.nowMs);
  const jump = (text: string): void => {
    const ms = new Date(text).getTime();
    if (!Number.isNaN(ms)) app.lookAt(ms);
  };
  return (
    <div className="shown-time">
      <time dateTime={new Date(atMs ?? nowMs).toISOString()}>{words.moment(atMs ?? nowMs)}</time>
      {atMs !== null && <span className="quiet">{words.age(nowMs - atMs)}</span>}
      {range && (
        <label className="jump">
          <Icon name="clock" /><span className="unseen">{words.t('time.jump')}</span>
          <input type="datetime-local" step={1} title={words.t('time.jump')} value={localFieldOf(atMs ?? nowMs)} min={localFieldOf(range.startMs)} max={localFieldOf(range.endMs)} onChange={(event) => jump(event.target.value)} />
        </label>
      )}
    </div>
  );
}

function Player() {
  const app = useApp();
  const { t } = useWords();
  const playing = useStore(app.playing);
  const { running, speed, loop } = playing;
  const sliderMs = useStore(app.sliderMs);
  return (
    <div className="player">
      <IconButton icon="back" className="only-wide" label={t('time.back')} onClick={() => stepTime(app, -STEP_MS)} />
      <IconButton icon={running ? 'pause' : 'play'} label={t(running ? 'time.pause' : 'time.play')} onClick={() => togglePlay(app)} />
      <IconButton icon="forward" className="only-wide" label={t('time.forward')} onClick={() => stepTime(app, STEP_MS)} />
      <select aria-label={t('time.speed')} title={t('time.speed')} value={speed} onChange={(event) => app.playing.set({ ...playing, speed: Number(event.target.value) })}>
        {SPEEDS.map((one) => <option key={one} value={one}>{`×${one}`}</option>)}
      </select>
      <IconButton icon="loop" className="only-wide" label={t('time.loop')} pressed={loop} onClick={() => app.playing.set({ ...playing, loop: !loop })} />
      <select className="only-wide" aria-label={t('time.span')} title={t('time.span')} value={sliderMs ?? ''} onChange={(event) => app.sliderMs.set(event.target.value === '' ? null : Number(event.target.value))}>
        {SPANS.map(([text, ms]) => <option key={text} value={ms ?? ''}>{t(text)}</option>)}
      </select>
    </div>
  );
}

/** Why there is nothing to slide over. */
function NoRecord() {
  const app = useApp();
  const { t } = useWords();
  const { value, error } = useStore(app.summary);
  return (
    <p className="quiet slider" role="status">
      {t(value ? 'time.none' : error ? 'city.unread' : 'city.loading')}
      {!value && error && <> <button type="button" className="link-button" onClick={() => void app.loadSummary()}>{t('error.retry')}</button></>}
    </p>
  );
}

export function TimeBar() {
  const app = useApp();
  const { t } = useWords();
  useStore(app.nowMs);
  useStore(app.summary);
  useStore(app.sliderMs);
  useStore(app.address);
  const { range } = app;
  const slider = app.sliderRange;
  return (
    <section className="time" aria-label={t('time.label')}>
      <Mode />
      <Shown range={range} />
      {slider ? <Slider range={slider} /> : <NoRecord />}
      {range && <Player />}
    </section>
  );
}
