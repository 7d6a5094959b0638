// Several series side by side: one chart each over one time axis, with a shared cursor, and the table behind each.
import { useEffect, useMemo, useState } from 'react';
import type { SeriesName } from '../../state/address';
import { failureOf, isAbort } from '../../state/api';
import type { AttributeFact, EntityFacts, HistoryPoint } from '../../state/ngsi';
import { toggleSeries } from '../../state/series';
import { IDLE, type Loadable } from '../../state/types';
import { Chart, HistoryTable, useHistory } from '../History';
import { useApp, usePart, useStore, useWords } from '../hooks';
import { EmptyNote, FailureNote, IconButton, LoadingNote, PanelHead } from '../Parts';

const SPANS = [['charts.span.all', null], ['charts.span.hour', 3_600_000], ['charts.span.day', 86_400_000], ['charts.span.week', 604_800_000]] as const;
const SYNC = 'charts';

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The entity of a series, for its name and unit; read again when a new value came. */
function useEntity(id: string, receivedMs: number | null | undefined): Loadable<EntityFacts> & { retry: () => void } {
  const app = useApp();
  const asOf = useStore(app.restingAsOf);
  const [tries, setTries] = useState(0);
  const [entity, setEntity] = useState<Loadable<EntityFacts>>(IDLE);
  useEffect(() => {
    const request = new AbortController();
    app.api.entity(id, { asOf, signal: request.signal }).then((value) => setEntity({ state: 'ready', value, error: null })).catch((error: unknown) => {
      if (!isAbort(error)) setEntity(({ value }) => ({ state: 'failed', value, error: failureOf(error) }));
    });
    return () => request.abort();
  }, [app, id, asOf, tries, receivedMs]);
  return { ...entity, retry: () => setTries(tries + 1) };
}

interface SeriesProps {
  readonly name: SeriesName;
  readonly span: Span | null;
  readonly onPoints: (name: SeriesName, points: readonly HistoryPoint[]) => void;
}

function SeriesChart({ fact, name, span, onPoints }: SeriesProps & { fact: AttributeFact }) {
  const { value, error, retry } = useHistory(name.id, fact);
  useEffect(() => onPoints(name, value ?? []), [onPoints, name, value]);
  const points = useMemo(() => (value ?? []).filter(({ ms }) => !span || (ms >= span.fromMs && ms <= span.toMs)), [value, span]);
  if (error) return <FailureNote failure={error} onRetry={retry} />;
  if (!value) return <LoadingNote text="history.loading" />;
  if (points.length === 0) return <EmptyNote text={value.length === 0 ? 'history.empty' : 'charts.noneInSpan'} />;
  return <><Chart points={points} fact={fact} shared={span ? { key: SYNC, ...span } : undefined} /><HistoryTable points={points} fact={fact} /></>;
}

function Series(props: SeriesProps) {
  const { name } = props;
  const app = useApp();
  const words = useWords();
  const receivedMs = usePart(app.sensors, ({ value }) => value?.get(name.id)?.readings[name.attribute]?.receivedMs);
  const { value, error, retry } = useEntity(name.id, receivedMs);
  const fact = value?.attributes.find((one) => one.name === name.attribute && typeof one.value === 'number');
  const title = value ? (words.name(value.names) ?? name.id.split(':').at(-1)) : name.id.split(':').at(-1);
  return (
    <li className="card" data-series={`${name.id}~${name.attribute}`}>
      <div className="stack-row">
        <h3><button type="button" className="link-button" onClick={() => app.select(name.id)}>{title}</button> · {words.attribute(name.attribute)}</h3>
        <IconButton icon="close" className="small" label={words.t('charts.remove', { name: `${title} ${words.attribute(name.attribute)}` })} onClick={() => toggleSeries(app, name)} />
      </div>
      {error && !value && <FailureNote failure={error} onRetry={retry} />}
      {!value && !error && <LoadingNote text="inspector.loading" />}
      {value && !fact && <EmptyNote text="charts.noNumber" />}
      {fact && <SeriesChart {...props} fact={fact} />}
    </li>
  );
}

const keyOf = ({ id, attribute }: SeriesName): string => `${id}~${attribute}`;

export default function ChartsPanel() {
  const app = useApp();
  const { t } = useWords();
  const { series } = useStore(app.address);
  const [wanted, setWanted] = useState<number | null>(null);
  const [ends, setEnds] = useState<Readonly<Record<string, Span>>>({});
  const onPoints = useMemo(() => (name: SeriesName, points: readonly HistoryPoint[]): void => {
    const [first, last] = [points[0], points.at(-1)];
    if (first && last) setEnds((before) => ({ ...before, [keyOf(name)]: { fromMs: first.ms, toMs: last.ms } }));
  }, []);
  const known = series.map((name) => ends[keyOf(name)]).filter((one): one is Span => one !== undefined);
  const toMs = Math.max(...known.map((one) => one.toMs));
  const fromMs = Math.min(...known.map((one) => one.fromMs));
  const from = wanted === null ? fromMs : toMs - wanted;
  const span = useMemo(() => (Number.isFinite(toMs) && toMs > from ? { fromMs: from, toMs } : null), [from, toMs]);
  return (
    <section className="panel panel-right panel-list" aria-label={t('tool.charts')}>
      <PanelHead title={<h2>{t('tool.charts')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body stack" tabIndex={-1}>
        {series.length === 0 && <EmptyNote text="charts.none" />}
        {series.length > 0 && (
          <div className="row">
            <label className="field"><span>{t('charts.span')}</span>
              <select value={wanted ?? ''} onChange={(event) => setWanted(event.target.value === '' ? null : Number(event.target.value))}>{SPANS.map(([text, ms]) => <option key={text} value={ms ?? ''}>{t(text)}</option>)}</select>
            </label>
            <button type="button" className="button" onClick={() => app.go({ series: [] })}>{t('charts.clear')}</button>
          </div>
        )}
        <ul className="chart-grid">{series.map((name) => <Series key={keyOf(name)} name={name} span={span} onPoints={onPoints} />)}</ul>
      </div>
    </section>
  );
}
