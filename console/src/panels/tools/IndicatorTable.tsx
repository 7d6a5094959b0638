// The indicators of scenarios side by side: the numbers of the last good run of one model on each, and how they differ from the first.
import { useEffect, useState } from 'react';
import { failureOf } from '../../state/api';
import type { Scenario } from '../../state/scenarios';
import type { ApiFailure } from '../../state/types';
import { useApp, useStore, useWords } from '../hooks';
import { EmptyNote, FailureNote, LoadingNote } from '../Parts';
import { outputTitle, titleOf, useProcess } from './ModelCard';
import type { Process } from '../../state/processes';

type Column = { readonly name: string; readonly indicators: readonly (readonly [string, number])[] | null };

function useColumns(process: string, scenarios: readonly Scenario[], city: string) {
  const app = useApp();
  const [columns, setColumns] = useState<readonly Column[] | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [times, setTimes] = useState(0);
  const ids = scenarios.map(({ id }) => id).join();
  useEffect(() => {
    let ended = false;
    setColumns(null);
    setFailure(null);
    if (process === '') return undefined;
    const all: readonly (readonly [string, string | null])[] = [[city, null], ...scenarios.map(({ id, name }) => [name, id] as const)];
    Promise.all(all.map(async ([name, branch]) => ({ name, indicators: await app.processes.lastIndicators(process, branch) })))
      .then((found) => { if (!ended) setColumns(found); }, (reason: unknown) => { if (!ended) setFailure(failureOf(reason)); });
    return () => { ended = true; };
    // Scenarios are the same as long as their ids are.
  }, [app, process, ids, city, times]);
  return { columns, failure, again: () => setTimes(times + 1) };
}

function Rows({ columns, process }: { columns: readonly Column[]; process: Process | null }) {
  const words = useWords();
  const names = [...new Set(columns.flatMap(({ indicators }) => (indicators ?? []).map(([name]) => name)))];
  const valueIn = ({ indicators }: Column, name: string): number | null => indicators?.find(([one]) => one === name)?.[1] ?? null;
  const first = columns.find(({ indicators }) => indicators !== null);
  return (
    <div className="table-scroll tall" tabIndex={0} role="region" aria-label={words.t('scenarios.indicators')}>
      <table>
        <thead><tr><th scope="col">{words.t('scenarios.indicator')}</th>{columns.map((column, i) => <th key={i} scope="col">{column.name}{column.indicators === null && <span className="quiet"> {words.t('scenarios.noRun')}</span>}</th>)}</tr></thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">{outputTitle(process, name, words.language)}</th>
              {columns.map((column, i) => {
                const [value, base] = [valueIn(column, name), first ? valueIn(first, name) : null];
                const apart = value !== null && base !== null && column !== first ? value - base : null;
                return <td key={i} className="number">{value === null ? '–' : words.quantity(value, undefined)}{apart !== null && apart !== 0 && <span className="quiet"> ({apart > 0 ? '+' : '−'}{words.quantity(Math.abs(apart), undefined)})</span>}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function IndicatorTable({ scenarios }: { scenarios: readonly Scenario[] }) {
  const app = useApp();
  const words = useWords();
  const { value, error } = useStore(app.processes.list);
  const [process, setProcess] = useState('');
  const described = useProcess(process === '' ? null : process);
  const { columns, failure, again } = useColumns(process, scenarios, words.t('scenarios.city'));
  useEffect(() => {
    if (app.processes.list.get().state === 'idle') void app.processes.load();
  }, [app]);
  return (
    <section className="stack" aria-label={words.t('scenarios.indicators')}>
      <h3>{words.t('scenarios.indicators')}</h3>
      {error && <FailureNote failure={error} onRetry={() => void app.processes.load()} />}
      {!value && !error && <LoadingNote text="models.loading" />}
      {value && (
        <label className="field"><span>{words.t('models.one')}</span>
          <select value={process} onChange={(event) => setProcess(event.target.value)}>
            <option value="">{words.t('models.choose')}</option>
            {value.map((one) => <option key={one.id} value={one.id}>{titleOf(one, words.language)}</option>)}
          </select>
        </label>
      )}
      {failure && <FailureNote failure={failure} onRetry={again} />}
      {process !== '' && !columns && !failure && <LoadingNote text="models.reading" />}
      {columns && (columns.every(({ indicators }) => indicators === null) ? <EmptyNote text="scenarios.noRuns" /> : <Rows columns={columns} process={described.process} />)}
    </section>
  );
}
