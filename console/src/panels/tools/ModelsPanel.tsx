// The catalogue of models: each with its card, its inputs and its outputs.
import { useEffect, useState } from 'react';
import { ownInputs, rangeOf, type InputSchema, type Process } from '../../state/processes';
import { useApp, useStore, useWords } from '../hooks';
import { EmptyNote, FailureNote, LoadingNote, PanelHead } from '../Parts';
import { bothIn, ModelCard, titleOf, useProcess } from './ModelCard';

function Range({ schema }: { schema: InputSchema }) {
  const { from, to } = rangeOf(schema);
  return from === null && to === null ? null : <>{`${from ?? ''} – ${to ?? ''}`}</>;
}

function Inputs({ process }: { process: Process }) {
  const words = useWords();
  const inputs = ownInputs(process);
  if (inputs.length === 0) return null;
  return (
    <div className="table-scroll tall" tabIndex={0} role="region" aria-label={words.t('models.inputs')}>
      <table>
        <thead><tr><th scope="col">{words.t('models.input')}</th><th scope="col">{words.t('models.unit')}</th><th scope="col">{words.t('models.range')}</th></tr></thead>
        <tbody>{inputs.map(([name, input]) => <tr key={name}><th scope="row">{bothIn(input['x-titles'], words.language) ?? input.title ?? name}</th><td>{input['x-unit'] ?? ''}</td><td><Range schema={input.schema ?? {}} /></td></tr>)}</tbody>
      </table>
    </div>
  );
}

function Details({ id }: { id: string }) {
  const { process, failure, again } = useProcess(id);
  if (failure) return <FailureNote failure={failure} onRetry={again} />;
  return process ? <><ModelCard process={process} /><Inputs process={process} /></> : <LoadingNote text="models.reading" />;
}

function Model({ process }: { process: Process }) {
  const words = useWords();
  const [open, setOpen] = useState(false);
  return (
    <li className="card" data-model={process.id}>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary><strong>{titleOf(process, words.language)}</strong></summary>
        {open && <Details id={process.id} />}
      </details>
    </li>
  );
}

export default function ModelsPanel() {
  const app = useApp();
  const { t } = useWords();
  const { value, error } = useStore(app.processes.list);
  useEffect(() => void app.processes.load(), [app]);
  return (
    <section className="panel panel-right" aria-label={t('tool.models')}>
      <PanelHead title={<h2>{t('tool.models')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body stack" tabIndex={-1}>
        <p>{t('models.about')}</p>
        {error && <FailureNote failure={error} onRetry={() => void app.processes.load()} />}
        {!value && !error && <LoadingNote text="models.loading" />}
        {value?.length === 0 && <EmptyNote text="models.none" />}
        <ul className="stack">{value?.map((process) => <Model key={process.id} process={process} />)}</ul>
      </div>
    </section>
  );
}
