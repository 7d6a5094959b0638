// Scenarios: the list with its states, a new one, two or more beside one another, and the one that is open.
import { useEffect, useState, type FormEvent } from 'react';
import { failureOf } from '../../state/api';
import type { Scenario, ScenarioStatus } from '../../state/scenarios';
import type { ApiFailure } from '../../state/types';
import { useApp, usePart, useStore, useWords } from '../hooks';
import { EmptyNote, FailureNote, LoadingNote, PanelHead } from '../Parts';
import { IndicatorTable } from './IndicatorTable';
import { OpenScenario } from './OpenScenario';
import { AuthorField, StatusMark } from './ScenarioParts';

function NewScenario() {
  const app = useApp();
  const { t } = useWords();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [busy, setBusy] = useState(false);
  const make = (event?: FormEvent): void => {
    event?.preventDefault();
    if (name.trim() === '' || busy) return;
    setBusy(true);
    setFailure(null);
    app.scenarios.make(name.trim(), description.trim(), app.settings.get().author).catch((reason: unknown) => {
      setFailure(failureOf(reason));
      setBusy(false);
    });
  };
  return (
    <form className="card" onSubmit={make}>
      <h3>{t('scenarios.new')}</h3>
      <label className="field field-column"><span>{t('scenarios.name')}</span><input id="scenario-name" type="text" maxLength={200} value={name} onChange={(event) => setName(event.target.value)} /></label>
      <label className="field field-column"><span>{t('scenarios.description')}</span><textarea maxLength={10000} rows={2} value={description} onChange={(event) => setDescription(event.target.value)} /></label>
      <AuthorField />
      <button type="submit" className="button" disabled={name.trim() === '' || busy}>{t('scenarios.make')}</button>
      {failure && <FailureNote failure={failure} onRetry={() => make()} />}
    </form>
  );
}

function Row({ scenario, chosen, onChoose }: { scenario: Scenario; chosen: boolean; onChoose: (chosen: boolean) => void }) {
  const app = useApp();
  const words = useWords();
  const when = scenario.createdAt === undefined ? '' : words.moment(new Date(scenario.createdAt).getTime());
  return (
    <li className="card" data-scenario={scenario.id}>
      <div className="stack-row">
        <button type="button" className="link-button view-name" onClick={() => app.go({ scenario: scenario.id })}>{scenario.name}</button>
        <StatusMark status={scenario.status} />
      </div>
      <p className="quiet">{[scenario.author, when].filter(Boolean).join(' · ')}</p>
      <label className="row"><input type="checkbox" checked={chosen} onChange={(event) => onChoose(event.target.checked)} /><span>{words.t('scenarios.choose')}</span></label>
    </li>
  );
}

function List() {
  const app = useApp();
  const words = useWords();
  const { value, error } = useStore(app.scenarios.list);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [status, setStatus] = useState<ScenarioStatus | ''>('');
  const shown = (value ?? []).filter((one) => status === '' || one.status === status);
  const compared = (value ?? []).filter(({ id }) => chosen.includes(id));
  const present = [...new Set((value ?? []).map((one) => one.status))];
  return (
    <>
      <p>{words.t('scenarios.about')}</p>
      <NewScenario />
      {error && <FailureNote failure={error} onRetry={() => void app.scenarios.load()} />}
      {!value && !error && <LoadingNote text="scenarios.loading" />}
      {value?.length === 0 && <EmptyNote text="scenarios.none" />}
      {present.length > 1 && (
        <label className="field"><span>{words.t('scenarios.filter')}</span>
          <select value={status} onChange={(event) => setStatus(present.find((one) => one === event.target.value) ?? '')}>
            <option value="">{words.t('scenarios.all')}</option>
            {present.map((one) => <option key={one} value={one}>{words.t(`scenarios.status.${one}`)}</option>)}
          </select>
        </label>
      )}
      <ul className="stack" aria-label={words.t('tool.scenarios')}>
        {[...shown].reverse().map((one) => <Row key={one.id} scenario={one} chosen={chosen.includes(one.id)} onChoose={(yes) => setChosen(yes ? [...chosen, one.id] : chosen.filter((id) => id !== one.id))} />)}
      </ul>
      {compared.length > 0 && <IndicatorTable scenarios={compared} />}
    </>
  );
}

export default function ScenariosPanel() {
  const app = useApp();
  const { t } = useWords();
  const scenario = usePart(app.address, (address) => address.scenario);
  useEffect(() => {
    void app.scenarios.load();
    return () => {
      app.scenarios.closing.set(false);
      if (app.drawing.draft.get()?.kind === 'footprint') app.drawing.start(null);
    };
  }, [app]);
  return (
    <section className="panel panel-right" aria-label={t('tool.scenarios')}>
      <PanelHead title={<h2>{t('tool.scenarios')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body stack" tabIndex={-1}>{scenario === null ? <List /> : <OpenScenario key={scenario} />}</div>
    </section>
  );
}
