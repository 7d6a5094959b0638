// The history of one number: a chart, its range in words, and the same values as a table.
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { failureOf, isAbort } from '../state/api';
import type { AttributeFact, HistoryPoint } from '../state/ngsi';
import { IDLE, type Loadable } from '../state/types';
import type { Words } from '../state/words';
import { useApp, usePart, useStore, useWords } from './hooks';
import { EmptyNote, FailureNote, LoadingNote } from './Parts';

const POINTS_MAX = 500;
const TABLE_ROWS = 100;
const HEIGHT_PIXELS = 132;

/** The history of an attribute, read again when a new value came. */
export function useHistory(id: string, fact: AttributeFact): Loadable<readonly HistoryPoint[]> & { retry: () => void } {
  const app = useApp();
  const atMs = usePart(app.address, (address) => address.atMs);
  const [tries, setTries] = useState(0);
  const [history, setHistory] = useState<Loadable<readonly HistoryPoint[]>>(IDLE);
  const lastMs = fact.observedMs ?? fact.receivedMs;
  const timeProperty = fact.observedMs === null ? 'modifiedAt' : 'observedAt';
  const beforeMs = atMs === null || lastMs === null ? null : lastMs + 1;
  useEffect(() => {
    const request = new AbortController();
    setHistory(({ value }) => ({ state: 'loading', value, error: null }));
    app.api.history(id, fact.name, { lastN: POINTS_MAX, beforeMs, timeProperty }, request.signal)
      .then((value) => setHistory({ state: 'ready', value, error: null }))
      .catch((error: unknown) => {
        if (!isAbort(error)) setHistory({ state: 'failed', value: null, error: failureOf(error) });
      });
    return () => request.abort();
    // A new value of the attribute (lastMs) reads the history again.
  }, [app, id, fact.name, lastMs, beforeMs, timeProperty, tries]);
  return { ...history, retry: () => setTries(tries + 1) };
}

/** One time axis and one cursor for several charts. */
interface Shared {
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number;
}

function chartOptions(width: number, words: Words, unitCode: string | undefined, style: CSSStyleDeclaration): uPlot.Options {
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = { stroke: colour('--text-2'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 }, font: '11px system-ui, "Noto Sans KR", sans-serif' };
  const span = (splits: number[]): number => (splits.at(-1) ?? 0) - (splits[0] ?? 0);
  return {
    width, height: HEIGHT_PIXELS, legend: { show: false }, cursor: { y: false, points: { size: 7 } },
    padding: [8, 8, 0, 0],
    axes: [
      { ...axis, space: 70, size: 28, values: (_, splits) => splits.map((s) => (span(splits) > 86_400 ? words.mark(s * 1000).replace(/,? .*$/, '') : words.clock(s * 1000).slice(0, span(splits) < 300 ? 8 : 5))) },
      { ...axis, size: 48, values: (_, splits) => splits.map((value) => words.quantity(value, undefined)) },
    ],
    series: [
      {},
      { stroke: colour('--accent'), width: 1.5, points: { show: false }, spanGaps: false, value: (_, value) => (value == null ? '' : words.quantity(value, unitCode)) },
    ],
  };
}

export function Chart({ points, fact, shared }: { points: readonly HistoryPoint[]; fact: AttributeFact; shared?: Shared | undefined }) {
  const app = useApp();
  const words = useWords();
  const { theme } = useStore(app.settings);
  const [read, setRead] = useState<HistoryPoint | null>(null);
  const container = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = container.current;
    if (!element) return undefined;
    const options = chartOptions(Math.max(160, element.clientWidth), words, fact.unitCode, getComputedStyle(element));
    const atCursor = (chart: uPlot): void => setRead(chart.cursor.idx == null ? null : (points[chart.cursor.idx] ?? null));
    const data: uPlot.AlignedData = [points.map(({ ms }) => ms / 1000), points.map(({ value }) => value)];
    const together: Partial<uPlot.Options> = shared ? { scales: { x: { range: [shared.fromMs / 1000, shared.toMs / 1000] } }, cursor: { ...options.cursor, sync: { key: shared.key } } } : {};
    const chart = new uPlot({ ...options, ...together, hooks: { setCursor: [atCursor] } }, data, element);
    const resized = new ResizeObserver(() => chart.setSize({ width: Math.max(160, element.clientWidth), height: HEIGHT_PIXELS }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
    };
  }, [points, fact.unitCode, words, theme, shared?.key, shared?.fromMs, shared?.toMs]);
  const values = points.map(({ value }) => value);
  const summary = words.t('history.range', { count: words.number(points.length), min: words.quantity(Math.min(...values), fact.unitCode), max: words.quantity(Math.max(...values), fact.unitCode) });
  return (
    <>
      <div ref={container} className="chart" role="img" aria-label={`${words.t('history.title', { attribute: words.attribute(fact.name) })}. ${summary}`} />
      <p className="origin">{read ? `${words.quantity(read.value, fact.unitCode)} · ${words.moment(read.ms)}` : summary}</p>
    </>
  );
}

/** The same values as a table. */
export function HistoryTable({ points, fact }: { points: readonly HistoryPoint[]; fact: AttributeFact }) {
  const words = useWords();
  const rows = points.slice(-TABLE_ROWS).reverse();
  return (
    <details className="history-table">
      <summary>{words.t('history.table')}</summary>
      <div className="table-scroll" tabIndex={0} role="group" aria-label={words.t('history.title', { attribute: words.attribute(fact.name) })}>
        <table>
          <thead><tr><th scope="col">{words.t('history.time')}</th><th scope="col">{words.t('history.value')}</th></tr></thead>
          <tbody>{rows.map(({ ms, value }, i) => <tr key={`${ms} ${i}`}><td>{words.moment(ms)}</td><td className="number">{words.quantity(value, fact.unitCode)}</td></tr>)}</tbody>
        </table>
      </div>
    </details>
  );
}

export function History({ id, fact }: { id: string; fact: AttributeFact }) {
  const words = useWords();
  const { value, error, retry } = useHistory(id, fact);
  const only = value?.length === 1 ? value[0] : undefined;
  return (
    <div className="history" data-history={fact.name}>
      {error && <FailureNote failure={error} onRetry={retry} />}
      {!value && !error && <LoadingNote text="history.loading" />}
      {value?.length === 0 && <EmptyNote text="history.empty" />}
      {only && <p className="origin">{words.t('history.one', { value: words.quantity(only.value, fact.unitCode), time: words.moment(only.ms) })}</p>}
      {value && value.length > 1 && <><Chart points={value} fact={fact} /><HistoryTable points={value} fact={fact} /></>}
    </div>
  );
}
