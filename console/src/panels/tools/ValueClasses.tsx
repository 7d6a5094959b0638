// How the values of an attribute lie: a histogram whose range can be dragged, or categories that can be ticked; both as legend.
import { useRef, type PointerEvent } from 'react';
import { binsOf, frequencies, CATEGORIES_MAX, type Bin } from '../../math/classes';
import { classOf, type PaintClass } from '../../math/paint';
import type { Filter } from '../../state/address_parts';
import { setFilter } from '../../state/look_actions';
import type { ValueTable } from '../../state/value_tables';
import type { Words } from '../../state/words';
import { useApp, useWords } from '../hooks';

const WIDTH = 320;
const HEIGHT = 84;
const BINS = 24;
const ROWS_MAX = 30;

interface Props {
  readonly table: ValueTable;
  readonly classes: readonly PaintClass[];
  readonly painted: boolean;
  readonly filter: Filter | undefined;
}

/** "20–40 m" */
export function numberClassLabel(words: Words, one: PaintClass, unit: string | undefined): string {
  if (one.from === undefined) return words.t('legend.unknown');
  const below = one.from === -Infinity;
  if (one.to === undefined) return below ? words.t('filter.all') : words.t('filter.andMore', { from: words.quantity(one.from, unit) });
  return below ? words.t('filter.lessThan', { to: words.quantity(one.to, unit) }) : `${words.quantity(one.from, undefined)}–${words.quantity(one.to, unit)}`;
}

interface BarsProps {
  readonly bins: readonly Bin[];
  readonly colourOf: (bin: Bin) => string;
  readonly from: number | null;
  readonly to: number | null;
  readonly onBrush: (from: number, to: number, done: boolean) => void;
  readonly label: string;
}

/** The bars; dragging over them chooses a range of whole bins. */
function Bars({ bins, colourOf, from, to, onBrush, label }: BarsProps) {
  const start = useRef<number | null>(null);
  const most = Math.max(...bins.map(({ count }) => count));
  const width = WIDTH / bins.length;
  const binAt = (event: PointerEvent<SVGSVGElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(bins.length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * bins.length)));
  };
  const brush = (event: PointerEvent<SVGSVGElement>, done: boolean): void => {
    if (start.current === null) return;
    const ends = [start.current, binAt(event)].sort((a, b) => a - b);
    onBrush(bins[ends[0] ?? 0]?.from ?? 0, bins[ends[1] ?? 0]?.to ?? 0, done);
  };
  const isIn = (bin: Bin): boolean => (from === null || bin.to > from) && (to === null || bin.from < to || bin.from === bin.to);
  return (
    <svg
      className="histogram" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}
      onPointerDown={(event) => { start.current = binAt(event); event.currentTarget.setPointerCapture(event.pointerId); }}
      onPointerMove={(event) => brush(event, false)}
      onPointerUp={(event) => { brush(event, true); start.current = null; }}
    >
      {bins.map((bin, i) => {
        const height = bin.count === 0 ? 0 : Math.max(2, (bin.count / most) * (HEIGHT - 4));
        return <rect key={bin.from} x={i * width + 0.5} y={HEIGHT - height} width={Math.max(1, width - 1)} height={height} fill={colourOf(bin)} opacity={isIn(bin) ? 1 : 0.22} />;
      })}
    </svg>
  );
}

export function NumberRange({ table, classes, painted, filter }: Props) {
  const app = useApp();
  const words = useWords();
  const values = [...table.values.values()] as number[];
  const bins = binsOf(values, BINS);
  const [low, high] = [bins[0]?.from ?? 0, bins.at(-1)?.to ?? 0];
  const range = filter && !('values' in filter) ? filter : { attribute: table.attribute, from: null, to: null };
  const keep = (from: number | null, to: number | null, done = true): void => {
    const whole = (from === null || from <= low) && (to === null || to >= high);
    setFilter(app, table.type, whole ? null : { attribute: table.attribute, from: from === null || from <= low ? null : from, to: to === null || to >= high ? null : to }, done);
  };
  const field = (text: string): number | null => (text.trim() === '' || !Number.isFinite(Number(text)) ? null : Number(text));
  const colourOf = (bin: Bin): string => (painted ? (classOf(classes, (bin.from + bin.to) / 2)?.colour ?? 'currentcolor') : 'currentcolor');
  return (
    <div className="stack">
      <Bars bins={bins} colourOf={colourOf} from={range.from} to={range.to} onBrush={keep} label={words.t('filter.histogram', { attribute: words.attribute(table.attribute), from: words.quantity(low, table.unitCode), to: words.quantity(high, table.unitCode) })} />
      <div className="stack-row quiet"><span>{words.quantity(low, table.unitCode)}</span><span>{words.t('filter.drag')}</span><span>{words.quantity(high, table.unitCode)}</span></div>
      <div className="row">
        <label className="field"><span>{words.t('filter.from')}</span><input id="filter-from" type="text" inputMode="decimal" size={8} defaultValue={range.from ?? ''} key={`from ${range.from}`} onBlur={(event) => keep(field(event.target.value), range.to)} onKeyDown={(event) => { if (event.key === 'Enter') keep(field(event.currentTarget.value), range.to); }} /></label>
        <label className="field"><span>{words.t('filter.to')}</span><input id="filter-to" type="text" inputMode="decimal" size={8} defaultValue={range.to ?? ''} key={`to ${range.to}`} onBlur={(event) => keep(range.from, field(event.target.value))} onKeyDown={(event) => { if (event.key === 'Enter') keep(range.from, field(event.currentTarget.value)); }} /></label>
      </div>
      {painted && <ul className="legend-list">{classes.map((one) => <li key={one.key}><span className="legend-swatch" style={{ background: one.colour }} />{numberClassLabel(words, one, table.unitCode)}</li>)}</ul>}
    </div>
  );
}

/** Categories by how often they occur; ticked ones are kept. */
export function Categories({ table, classes, painted, filter }: Props) {
  const app = useApp();
  const words = useWords();
  const rows = frequencies(table.values.values() as Iterable<string>);
  const most = rows[0]?.[1] ?? 1;
  const kept = filter && 'values' in filter ? filter.values : null;
  const toggle = (text: string): void => {
    const before = kept ?? rows.map(([one]) => one);
    const after = before.includes(text) ? before.filter((one) => one !== text) : [...before, text];
    setFilter(app, table.type, after.length === rows.length ? null : { attribute: table.attribute, values: after });
  };
  return (
    <>
      <ul className="category-list">
        {rows.slice(0, ROWS_MAX).map(([text, count]) => (
          <li key={text}>
            <label>
              <input type="checkbox" checked={kept?.includes(text) ?? true} onChange={() => toggle(text)} />
              <span className="legend-swatch" style={{ background: painted ? classOf(classes, text)?.colour : 'var(--text-3)' }} />
              <span className="category-name">{words.value(text, undefined, table.attribute)}</span>
              <span className="category-bar" aria-hidden="true"><span style={{ width: `${(count / most) * 100}%` }} /></span>
              <span className="number-text">{words.number(count)}</span>
            </label>
          </li>
        ))}
      </ul>
      {rows.length > ROWS_MAX && <p className="quiet">{words.t('filter.moreCategories', { count: words.number(rows.length - ROWS_MAX) })}</p>}
      {painted && rows.length > CATEGORIES_MAX && <p className="quiet">{words.t('filter.coloursEnd', { count: CATEGORIES_MAX })}</p>}
    </>
  );
}
