// What leaves a stop of transit next, in its own time zone; says so when the timetable does not hold at the moment looked at.
import { useEffect, useState } from 'react';
import { ownColour } from '../math/places';
import { loadInto } from '../state/api';
import { readDepartures, whenItHolds, type Departure, type Departures as Read } from '../state/departures';
import { IDLE, type Loadable } from '../state/types';
import { useApp, usePart, useStore, useWords } from './hooks';
import { EmptyNote, FailureNote, Icon, LoadingNote } from './Parts';

const MINUTE_MS = 60_000;

/** Departures from a moment on (null: now), read again each minute when live; what was read stays meanwhile. */
function useDepartures(stop: string, fromMs: number | null): Loadable<Read> & { retry: () => void } {
  const app = useApp();
  const minute = usePart(app.nowMs, (ms) => (fromMs === null ? Math.floor(ms / MINUTE_MS) : 0));
  const asOf = useStore(app.restingAsOf);
  const [read, setRead] = useState<Loadable<Read>>(IDLE);
  const [tries, setTries] = useState(0);
  useEffect(() => setRead(IDLE), [stop, fromMs, asOf]);
  useEffect(() => {
    const request = new AbortController();
    void loadInto<Read>(() => IDLE, (value) => {
      if (!request.signal.aborted) setRead((before) => (value.state === 'loading' ? { ...value, value: before.value } : value));
    }, () => readDepartures(app.api, stop, fromMs, { asOf, signal: request.signal }));
    return () => request.abort();
  }, [app, stop, fromMs, asOf, minute, tries]);
  return { ...read, retry: () => setTries(tries + 1) };
}

function Row({ departure, timeZone, fromMs }: { departure: Departure; timeZone: string; fromMs: number }) {
  const app = useApp();
  const words = useWords();
  const { theme } = useStore(app.settings);
  const { atMs, line, colour, towards, route, approximate } = departure;
  return (
    <tr>
      <td className="number"><time dateTime={new Date(atMs).toISOString()}>{approximate && '≈ '}{words.hourIn(atMs, timeZone)}</time></td>
      <th scope="row">
        <button type="button" className="link-button" onClick={() => app.select(route)}>
          {ownColour(colour, theme) && <span className="legend-swatch" style={{ background: colour ?? '' }} />}
          {line ?? words.type('TransitRoute')}
        </button>
      </th>
      <td>{words.name(towards) ?? ''}</td>
      <td className="number quiet">{words.until(atMs - fromMs)}</td>
    </tr>
  );
}

function Table({ read }: { read: Read }) {
  const { t } = useWords();
  return (
    <table className="departures-table">
      <thead><tr><th scope="col">{t('departures.time')}</th><th scope="col">{t('departures.line')}</th><th scope="col">{t('departures.towards')}</th><th scope="col">{t('departures.in')}</th></tr></thead>
      <tbody>{read.list.map((one) => <Row key={`${one.trip} ${one.atMs}`} departure={one} timeZone={read.timeZone} fromMs={read.fromMs} />)}</tbody>
    </table>
  );
}

/** Nothing leaves: because the timetable does not hold then, or because nothing does. */
function Nothing({ read, onShow }: { read: Read; onShow: (ms: number) => void }) {
  const { t } = useWords();
  const other = whenItHolds(read.fromMs, read);
  if (other === read.fromMs) return <EmptyNote text="departures.none" />;
  return (
    <div className="note note-empty">
      <p className="note-title"><Icon name="warning" />{t('departures.notValid')}</p>
      <p>{t('departures.notValid.do', { from: read.validFrom, to: read.validTo })}</p>
      {other !== null && <button type="button" className="button" onClick={() => onShow(other)}>{t('departures.showOther')}</button>}
    </div>
  );
}

/** The next departures of a stop or station. */
export function Departures({ stop }: { stop: string }) {
  const app = useApp();
  const words = useWords();
  const atMs = usePart(app.address, (address) => address.atMs);
  const [otherMs, setOtherMs] = useState<number | null>(null);
  const { value, error, state, retry } = useDepartures(stop, otherMs ?? atMs);
  useEffect(() => setOtherMs(null), [stop, atMs]);
  const none = value?.list.length === 0;
  return (
    <section className="departures" aria-label={words.t('departures.title')} aria-busy={state === 'loading'}>
      <h3>{words.t('departures.title')}</h3>
      {otherMs !== null && value && (
        <p className="as-of"><Icon name="clock" />{words.t('departures.otherDay', { time: words.momentIn(otherMs, value.timeZone) })}
          <button type="button" className="link-button" onClick={() => setOtherMs(null)}>{words.t('departures.back')}</button></p>
      )}
      {error && <FailureNote failure={error} onRetry={retry} />}
      {!value && !error && <LoadingNote text="departures.loading" />}
      {value && !none && <Table read={value} />}
      {value && none && <Nothing read={value} onShow={setOtherMs} />}
      {value && <p className="quiet">{words.t('departures.zone', { zone: value.timeZone, from: value.validFrom, to: value.validTo })}{value.list.some(({ approximate }) => approximate) && ` ${words.t('departures.approximate')}`}</p>}
    </section>
  );
}
