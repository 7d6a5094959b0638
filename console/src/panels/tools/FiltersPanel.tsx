// Filters and colours by any attribute of any type: choose, see how the values lie, and keep a part of them.
import { useEffect, useState } from 'react';
import { failureOf, isAbort } from '../../state/api';
import { drawnTypes } from '../../state/catalogue';
import { isSeen, lookOf } from '../../state/looks';
import { classable, classesOf, type ValueTable } from '../../state/value_tables';
import { setFilter, setPaint } from '../../state/look_actions';
import { IDLE, type Loadable } from '../../state/types';
import { useApp, useStore, useWords } from '../hooks';
import { EmptyNote, FailureNote, LoadingNote, OfCity, PanelHead } from '../Parts';
import { Categories, NumberRange } from './ValueClasses';

const SAMPLE = 200;
const NOT_OFFERED = new Set(['name', 'source', 'location']);

/** The attributes of a type by which one can class, from its first entities. */
function useAttributes(type: string | null): Loadable<readonly string[]> & { retry: () => void } {
  const app = useApp();
  const [tries, setTries] = useState(0);
  const [names, setNames] = useState<Loadable<readonly string[]>>(IDLE);
  useEffect(() => {
    if (type === null) return undefined;
    const request = new AbortController();
    setNames({ state: 'loading', value: null, error: null });
    app.api.entities(type, { offset: 0, limit: SAMPLE }, { asOf: app.asOf, signal: request.signal }).then(({ items }) => {
      const found = new Map<string, number>();
      for (const { attributes } of items) for (const { name, kind, value } of attributes) if (kind === 'value' && !NOT_OFFERED.has(name) && classable(value) !== null) found.set(name, (found.get(name) ?? 0) + 1);
      setNames({ state: 'ready', value: [...found].sort((a, b) => b[1] - a[1]).map(([name]) => name), error: null });
    }).catch((error: unknown) => {
      if (!isAbort(error)) setNames({ state: 'failed', value: null, error: failureOf(error) });
    });
    return () => request.abort();
  }, [app, type, tries]);
  return { ...names, retry: () => setTries(tries + 1) };
}

function Counts({ table }: { table: ValueTable }) {
  const app = useApp();
  const words = useWords();
  useStore(app.address);
  const all = useStore(app.summaryThen).value?.types.find(({ type }) => type === table.type)?.count ?? table.values.size;
  const look = lookOf(app, table.type);
  const seen = look?.filter && look.filter.attribute === table.attribute ? [...table.values.keys()].filter((id) => isSeen(look, id)).length : null;
  return (
    <div role="status" aria-live="polite">
      <p>{words.t(seen === null ? 'filter.countAll' : 'filter.countSeen', { seen: words.number(seen ?? 0), known: words.number(table.values.size), all: words.number(all) })}</p>
      {all > table.values.size && !table.cut && <p className="quiet">{words.t('filter.without', { count: words.number(all - table.values.size) })}</p>}
      {table.cut && <p className="quiet">{words.t('filter.cut', { count: words.number(table.values.size) })}</p>}
    </div>
  );
}

function Values({ table }: { table: ValueTable }) {
  const app = useApp();
  const { theme } = useStore(app.settings);
  const { paints, filters } = useStore(app.address);
  const classes = classesOf(table, theme);
  const painted = paints[table.type] === table.attribute;
  const filter = filters[table.type]?.attribute === table.attribute ? filters[table.type] : undefined;
  if (table.values.size === 0) return <EmptyNote text="filter.noValues" />;
  return (
    <>
      <Counts table={table} />
      {table.kind === 'number' ? <NumberRange table={table} classes={classes} painted={painted} filter={filter} /> : <Categories table={table} classes={classes} painted={painted} filter={filter} />}
    </>
  );
}

function Choice({ type, attribute }: { type: string; attribute: string }) {
  const app = useApp();
  const { t } = useWords();
  const { paints, filters } = useStore(app.address);
  useStore(app.tables.tables);
  const asOf = useStore(app.restingAsOf);
  const edition = useStore(app.cityEdition);
  useEffect(() => app.tables.want([[type, attribute]], asOf, edition), [app, type, attribute, asOf, edition]);
  const { value, error } = app.tables.get(type, attribute);
  const retry = (): void => {
    app.tables.forget(type, attribute);
    app.tables.want([[type, attribute]], asOf, edition);
  };
  return (
    <>
      <label className="check"><input id="paint-on" type="checkbox" checked={paints[type] === attribute} onChange={() => setPaint(app, type, paints[type] === attribute ? null : attribute)} />{t('filter.paint')}</label>
      {error && <FailureNote failure={error} onRetry={retry} />}
      {!value && !error && <LoadingNote text="filter.loading" />}
      {value && <Values table={value} />}
      {filters[type] && <button type="button" className="button" onClick={() => setFilter(app, type, null)}>{t('filter.clear')}</button>}
    </>
  );
}

function Filters() {
  const app = useApp();
  const words = useWords();
  const { t } = words;
  const { paints, filters } = useStore(app.address);
  const types = drawnTypes(useStore(app.summary).value);
  const [chosenType, setType] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const type = chosenType ?? Object.keys(filters)[0] ?? Object.keys(paints)[0] ?? types[0] ?? null;
  const { value: names, error, retry } = useAttributes(type);
  const inUse = type === null ? undefined : (filters[type]?.attribute ?? paints[type]);
  const attribute = [chosen, inUse, names?.[0]].find((name) => name != null && (names?.includes(name) || name === inUse)) ?? null;
  if (type === null) return <EmptyNote text="city.none" />;
  return (
    <>
      <label className="field"><span>{t('list.type')}</span>
        <select id="filter-type" value={type} onChange={(event) => { setType(event.target.value); setChosen(null); }}>{types.map((one) => <option key={one} value={one}>{words.type(one)}</option>)}</select>
      </label>
      {error && <FailureNote failure={error} onRetry={retry} />}
      {!names && !error && <LoadingNote text="filter.loading" />}
      {names?.length === 0 && <EmptyNote text="filter.noAttributes" />}
      {names && attribute !== null && (
        <>
          <label className="field"><span>{t('filter.attribute')}</span>
            <select id="filter-attribute" value={attribute} onChange={(event) => setChosen(event.target.value)}>{[...new Set([attribute, ...names])].map((one) => <option key={one} value={one}>{words.attribute(one)}</option>)}</select>
          </label>
          <Choice key={`${type} ${attribute}`} type={type} attribute={attribute} />
        </>
      )}
    </>
  );
}

export default function FiltersPanel() {
  const app = useApp();
  const { t } = useWords();
  return (
    <section className="panel panel-right" aria-label={t('tool.filters')}>
      <PanelHead title={<h2>{t('tool.filters')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body stack" tabIndex={-1}><OfCity><Filters /></OfCity></div>
    </section>
  );
}
