// The list behind each layer: a table that sorts, filters and copies; each row opens the entity.
import { useEffect, useMemo, useState } from 'react';
import { copyText } from '../state/actions';
import { loadInto } from '../state/api';
import { drawnTypes } from '../state/catalogue';
import type { AttributeFact, EntityFacts } from '../state/ngsi';
import { IDLE, type Loadable } from '../state/types';
import type { Words } from '../state/words';
import { useApp, usePart, useStore, useWords } from './hooks';
import { EmptyNote, FailureNote, Icon, LoadingNote, OfCity, PanelHead } from './Parts';

const READ_MAX = 5000;
const PAGE_SIZE = 1000;
const ROWS_AT_ONCE = 100;
const COLUMNS_MAX = 3;
const PREFERRED = ['height', 'levels', 'category', 'roadClass', 'laneCount', 'maximumAllowedSpeed', 'pm25', 'pm10', 'averageVehicleSpeed'];

interface Listed {
  readonly items: readonly EntityFacts[];
  readonly total: number;
}

function useList(type: string | null): Loadable<Listed> & { retry: () => void } {
  const app = useApp();
  const atMs = usePart(app.address, (address) => address.atMs);
  const edition = useStore(app.cityEdition);
  const [list, setList] = useState<Loadable<Listed>>(IDLE);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (type === null) return undefined;
    const request = new AbortController();
    const set = (value: Loadable<Listed>): void => {
      if (!request.signal.aborted) setList(value);
    };
    void loadInto<Listed>(() => IDLE, set, async () => {
      const items: EntityFacts[] = [];
      for (;;) {
        const page = await app.api.entities(type, { offset: items.length, limit: PAGE_SIZE }, { asOf: app.asOf, signal: request.signal });
        items.push(...page.items);
        if (page.items.length < PAGE_SIZE || items.length >= READ_MAX) return { items, total: page.total ?? items.length };
      }
    });
    return () => request.abort();
  }, [app, type, atMs, edition, tries]);
  return { ...list, retry: () => setTries(tries + 1) };
}

const factOf = (entity: EntityFacts, name: string): AttributeFact | undefined => entity.attributes.find((fact) => fact.name === name);

/** The columns beside name and id: what this type is usually asked for. */
function columnsOf(items: readonly EntityFacts[]): string[] {
  const present = new Set(items.slice(0, 50).flatMap(({ attributes }) => attributes.filter(({ kind }) => kind === 'value').map(({ name }) => name)));
  const preferred = PREFERRED.filter((name) => present.has(name));
  return [...preferred, ...[...present].filter((name) => !preferred.includes(name) && name !== 'source')].slice(0, COLUMNS_MAX);
}

function cellText(entity: EntityFacts, column: string, words: Words): string {
  if (column === 'name') return words.name(entity.names) ?? '';
  if (column === 'id') return entity.id;
  const fact = factOf(entity, column);
  return fact ? words.value(fact.value, fact.unitCode, column) : '';
}

function compare(a: EntityFacts, b: EntityFacts, column: string, words: Words): number {
  const [x, y] = [factOf(a, column)?.value, factOf(b, column)?.value];
  if (typeof x === 'number' || typeof y === 'number') return (typeof x === 'number' ? x : -Infinity) - (typeof y === 'number' ? y : -Infinity);
  const [s, t] = [cellText(a, column, words), cellText(b, column, words)];
  if (s === '' || t === '') return s === t ? 0 : s === '' ? 1 : -1;
  return s.localeCompare(t, words.locale, { numeric: true });
}

interface Sorting {
  readonly column: string;
  readonly down: boolean;
}

function Heads({ columns, sorting, onSort }: { columns: readonly string[]; sorting: Sorting; onSort: (sorting: Sorting) => void }) {
  const words = useWords();
  const label = (column: string): string => (column === 'id' ? words.t('list.id') : words.attribute(column));
  return (
    <tr>
      {columns.map((column) => {
        const active = sorting.column === column;
        return (
          <th key={column} scope="col" aria-sort={active ? (sorting.down ? 'descending' : 'ascending') : 'none'}>
            <button type="button" title={words.t('list.sort', { column: label(column) })} onClick={() => onSort({ column, down: active && !sorting.down })}>
              {label(column)}<span aria-hidden="true">{active ? (sorting.down ? ' ▾' : ' ▴') : ''}</span>
            </button>
          </th>
        );
      })}
    </tr>
  );
}

function Row({ entity, columns }: { entity: EntityFacts; columns: readonly string[] }) {
  const app = useApp();
  const words = useWords();
  const selected = usePart(app.address, (address) => address.selected === entity.id);
  const open = (): void => {
    app.go({ selected: entity.id, panel: 'inspector' });
    if (entity.geometry) app.map.get()?.flyToPlace(entity.geometry);
  };
  return (
    <tr className={selected ? 'active' : ''}>
      {columns.map((column, i) => {
        const text = cellText(entity, column, words);
        if (i === 0) return <th key={column} scope="row"><button type="button" className="link-button" onClick={open}>{text || entity.id.split(':').at(-1)}</button></th>;
        return <td key={column} className={typeof factOf(entity, column)?.value === 'number' ? 'number' : ''}>{column === 'id' ? <code>{text.split(':').slice(3).join(':') || text}</code> : text}</td>;
      })}
    </tr>
  );
}

function Table({ listed, type }: { listed: Listed; type: string }) {
  const app = useApp();
  const words = useWords();
  const [filter, setFilter] = useState('');
  const [sorting, setSorting] = useState<Sorting>({ column: 'name', down: false });
  const [rows, setRows] = useState(ROWS_AT_ONCE);
  const columns = useMemo(() => ['name', ...columnsOf(listed.items), 'id'], [listed]);
  const shown = useMemo(() => {
    const wanted = filter.trim().toLowerCase();
    const matching = listed.items.filter((entity) => columns.some((column) => cellText(entity, column, words).toLowerCase().includes(wanted)));
    return matching.sort((a, b) => compare(a, b, sorting.column, words) * (sorting.down ? -1 : 1));
  }, [listed, filter, sorting, columns, words]);
  const copyAll = (): void => copyText(app, [columns, ...shown.map((entity) => columns.map((column) => cellText(entity, column, words)))].map((cells) => cells.join('\t')).join('\n'));
  return (
    <>
      <div className="row list-tools">
        <input type="search" value={filter} aria-label={words.t('list.filter')} placeholder={words.t('list.filter')} onChange={(event) => setFilter(event.target.value)} />
        <button type="button" className="button" onClick={copyAll}><Icon name="copy" />{words.t('list.copy')}</button>
      </div>
      <p className="quiet" role="status">{words.t('list.count', { shown: words.number(shown.length), total: words.number(listed.total) })}</p>
      {listed.total > listed.items.length && <p className="note">{words.t('list.cut', { count: words.number(listed.items.length) })}</p>}
      {shown.length === 0 && <EmptyNote text="list.noMatch" />}
      <div className="table-scroll tall" tabIndex={0} role="group" aria-label={words.type(type)}>
        <table>
          <thead><Heads columns={columns} sorting={sorting} onSort={setSorting} /></thead>
          <tbody>{shown.slice(0, rows).map((entity) => <Row key={entity.id} entity={entity} columns={columns} />)}</tbody>
        </table>
        {shown.length > rows && <button type="button" className="button" onClick={() => setRows(rows + ROWS_AT_ONCE)}>{words.t('list.more')}</button>}
      </div>
    </>
  );
}

function List() {
  const app = useApp();
  const words = useWords();
  const listType = usePart(app.address, (address) => address.listType);
  const summary = useStore(app.summary).value;
  const types = drawnTypes(summary);
  const type = listType ?? types[0] ?? null;
  const { value, error, retry } = useList(type);
  if (type === null) return <EmptyNote text="city.none" />;
  return (
    <>
      <label className="field">
        <span>{words.t('list.type')}</span>
        <select value={type} onChange={(event) => app.go({ listType: event.target.value })}>
          {(types.includes(type) ? types : [type, ...types]).map((one) => <option key={one} value={one}>{words.type(one)}</option>)}
        </select>
      </label>
      {error && <FailureNote failure={error} onRetry={retry} />}
      {!value && !error && <LoadingNote text="list.loading" />}
      {value?.items.length === 0 && <EmptyNote text="list.empty" />}
      {value && value.items.length > 0 && <Table key={type} listed={value} type={type} />}
    </>
  );
}

export function ListPanel() {
  const app = useApp();
  const { t } = useWords();
  return (
    <section className="panel panel-right panel-list" aria-label={t('list.title')}>
      <PanelHead title={<h2>{t('list.title')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body" tabIndex={-1}><OfCity><List /></OfCity></div>
    </section>
  );
}
