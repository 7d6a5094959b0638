// The scenario that is open: editing on the map, its changes, runs of models, comparing, what is said and decided.
import { useEffect, useState, type FormEvent } from 'react';
import { copyText } from '../../state/actions';
import { comparePlans, stopComparing } from '../../state/compare';
import { drawFootprint, toggleClosing } from '../../state/scenario_actions';
import { HEIGHT_MAX_M, isOpen, NEXT, type Scenario, type ScenarioStatus } from '../../state/scenarios';
import { useApp, usePart, useStore, useWords } from '../hooks';
import { EmptyNote, FailureNote, LoadingNote } from '../Parts';
import { DraftNote, UndoButtons } from './MeasurePanel';
import { Runs } from './Runs';
import { Changes } from './ScenarioChanges';
import { AuthorField, StatusMark, useAttempt } from './ScenarioParts';

const FIRST_HEIGHT_M = 30;

/** The footprint that was drawn asks for its name and height; the map shows it meanwhile. */
function BuildingForm() {
  const app = useApp();
  const { t } = useWords();
  const footprint = useStore(app.scenarios.footprint);
  const [name, setName] = useState('');
  const attempt = useAttempt();
  if (!footprint) return null;
  const height = footprint.heightMetres;
  const good = height > 0 && height <= HEIGHT_MAX_M;
  const place = (event: FormEvent): void => {
    event.preventDefault();
    if (!good || attempt.busy) return;
    attempt.start(async () => {
      await app.scenarios.placeBuilding({ ...footprint, name: name.trim() || t('scenarios.building') });
      setName('');
      app.announcement.set(t('scenarios.placed'));
    });
  };
  return (
    <form className="note draft-note stack" onSubmit={place}>
      <p className="note-title" role="status">{t('scenarios.building')}</p>
      <label className="field field-column"><span>{t('scenarios.buildingName')}</span><input id="building-name" type="text" maxLength={200} value={name} onChange={(event) => setName(event.target.value)} autoFocus /></label>
      <label className="field field-column"><span>{t('scenarios.height')}</span><input id="building-height" type="number" min={1} max={HEIGHT_MAX_M} step="any" value={Number.isNaN(height) ? '' : height} aria-invalid={!good} onChange={(event) => app.scenarios.footprint.set({ ...footprint, heightMetres: event.target.valueAsNumber })} /></label>
      {!good && <p className="field-fault" role="alert">{t('scenarios.heightRange', { most: HEIGHT_MAX_M })}</p>}
      <div className="row">
        <button type="submit" className="button" disabled={!good || attempt.busy}>{t('scenarios.placeIt')}</button>
        <button type="button" className="button" onClick={() => app.scenarios.footprint.set(null)}>{t('action.stopDrawing')}</button>
      </div>
      {attempt.note}
    </form>
  );
}

function useDrawnFootprint(): void {
  const app = useApp();
  const drawn = useStore(app.drawing.footprint);
  useEffect(() => {
    if (!drawn) return;
    app.drawing.footprint.set(null);
    app.scenarios.footprint.set({ points: drawn, heightMetres: FIRST_HEIGHT_M });
  }, [app, drawn]);
}

function Editing({ scenario }: { scenario: Scenario }) {
  const app = useApp();
  const { t } = useWords();
  const closing = useStore(app.scenarios.closing);
  const draft = useStore(app.drawing.draft);
  const past = usePart(app.address, ({ atMs }) => atMs !== null);
  useDrawnFootprint();
  if (!isOpen(scenario.status)) return <p className="quiet">{t('scenarios.fixed')}</p>;
  if (past) return <EmptyNote text="scenarios.past" />;
  return (
    <>
      <div className="row" role="group" aria-label={t('scenarios.edit')}>
        <button type="button" className="button" aria-pressed={draft?.kind === 'footprint'} onClick={() => (draft?.kind === 'footprint' ? app.drawing.start(null) : drawFootprint(app))}>{t('scenarios.place')}</button>
        <button type="button" className="button" aria-pressed={closing} onClick={() => toggleClosing(app)}>{t('scenarios.close')}</button>
      </div>
      {draft?.kind === 'footprint' && <DraftNote />}
      {closing && <p className="note draft-note" role="status">{t('scenarios.closeHow')}</p>}
      <BuildingForm />
      <UndoButtons />
    </>
  );
}

function Beside() {
  const app = useApp();
  const { t } = useWords();
  const compare = usePart(app.address, (address) => address.compare);
  const open = usePart(app.address, (address) => address.scenario);
  const others = (useStore(app.scenarios.list).value ?? []).filter(({ id }) => id !== open);
  const other = compare?.scenario ?? 'main';
  return (
    <section className="stack" aria-label={t('scenarios.compare')}>
      <h3>{t('scenarios.compare')}</h3>
      <label className="field"><span>{t('scenarios.compareWith')}</span>
        <select value={other} onChange={(event) => comparePlans(app, compare?.mode ?? 'side', event.target.value)}>
          <option value="main">{t('scenarios.city')}</option>
          {others.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
        </select>
      </label>
      <div className="row" role="group" aria-label={t('compare.mode')}>
        {(['side', 'swipe'] as const).map((mode) => {
          const on = compare?.scenario !== undefined && compare.mode === mode;
          return <button key={mode} type="button" className="button" aria-pressed={on} onClick={() => (on ? stopComparing(app) : comparePlans(app, mode, other))}>{t(`compare.${mode}`)}</button>;
        })}
      </div>
    </section>
  );
}

function Discussion({ scenario }: { scenario: Scenario }) {
  const app = useApp();
  const words = useWords();
  const [text, setText] = useState('');
  const attempt = useAttempt();
  const say = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() === '' || attempt.busy) return;
    attempt.start(async () => {
      await app.scenarios.comment(text.trim(), app.settings.get().author);
      setText('');
    });
  };
  const comments = scenario.comments ?? [];
  return (
    <section className="stack" aria-label={words.t('scenarios.comments')}>
      <h3>{words.t('scenarios.comments')} <span className="layer-count">{words.number(comments.length)}</span></h3>
      {comments.length === 0 && <p className="quiet">{words.t('scenarios.noComments')}</p>}
      <ul className="stack">
        {comments.map((comment, i) => (
          <li key={i} className="card scenario-comment">
            <p className="quiet">{[comment.author || words.t('scenarios.someone'), words.moment(new Date(comment.at).getTime())].join(' · ')}</p>
            <p>{comment.text}</p>
          </li>
        ))}
      </ul>
      <form className="stack" onSubmit={say}>
        <label className="field field-column"><span>{words.t('scenarios.comment')}</span><textarea id="scenario-comment" rows={2} maxLength={10000} value={text} onChange={(event) => setText(event.target.value)} /></label>
        <button type="submit" className="button" disabled={text.trim() === '' || attempt.busy}>{words.t('scenarios.say')}</button>
      </form>
      {attempt.note}
    </section>
  );
}

function Decision({ scenario }: { scenario: Scenario }) {
  const app = useApp();
  const words = useWords();
  const attempt = useAttempt();
  const [asked, setAsked] = useState<'merge' | 'delete' | null>(null);
  const { author } = app.settings.get();
  const step = (to: ScenarioStatus): void => attempt.start(() => app.scenarios.change({ status: to, author }));
  const merged = scenario.steps?.some(({ status }) => status === 'merged') ?? false;
  const next = NEXT[scenario.status].filter((to) => !(merged && to === 'draft'));
  const act = (): void => {
    const work = asked === 'merge' ? () => app.scenarios.merge(author) : () => app.scenarios.remove();
    setAsked(null);
    attempt.start(work);
  };
  return (
    <section className="stack" aria-label={words.t('scenarios.decision')}>
      <h3>{words.t('scenarios.decision')}</h3>
      <AuthorField />
      <div className="row">
        {next.map((to) => <button key={to} type="button" className="button" disabled={attempt.busy} onClick={() => step(to)}>{words.t(`scenarios.to.${to}`)}</button>)}
        {scenario.status === 'approved' && <button type="button" className="button" disabled={attempt.busy} onClick={() => setAsked('merge')}>{words.t('scenarios.merge')}</button>}
        {!merged && <button type="button" className="button" disabled={attempt.busy} onClick={() => setAsked('delete')}>{words.t('scenarios.delete')}</button>}
      </div>
      {asked && (
        <div className="note" role="alertdialog" aria-label={words.t(asked === 'merge' ? 'scenarios.merge' : 'scenarios.delete')}>
          <p>{words.t(asked === 'merge' ? 'scenarios.mergeAsk' : 'scenarios.deleteAsk')}</p>
          <div className="row">
            <button type="button" className="button" autoFocus onClick={act}>{words.t(asked === 'merge' ? 'scenarios.merge' : 'scenarios.delete')}</button>
            <button type="button" className="button" onClick={() => setAsked(null)}>{words.t('scenarios.no')}</button>
          </div>
        </div>
      )}
      {attempt.note}
      <ol className="scenario-steps">
        {scenario.steps?.map((one, i) => <li key={i}><StatusMark status={one.status} /> <span className="quiet">{[one.author || words.t('scenarios.someone'), words.moment(new Date(one.at).getTime())].join(' · ')}</span></li>)}
      </ol>
    </section>
  );
}

export function OpenScenario() {
  const app = useApp();
  const { t } = useWords();
  const { value: scenario, error } = useStore(app.scenarios.current);
  const back = <button type="button" className="button" onClick={() => app.go({ scenario: null, compare: null })}>{t('scenarios.toList')}</button>;
  if (!scenario) return <>{back}{error ? <FailureNote failure={error} onRetry={() => void app.scenarios.read()} /> : <LoadingNote text="scenarios.loading" />}</>;
  return (
    <>
      <div className="row">{back}<button type="button" className="button" onClick={() => copyText(app, window.location.href)}>{t('action.copyLink')}</button></div>
      <div className="stack-row"><h3 className="scenario-name" data-open={scenario.id}>{scenario.name}</h3><StatusMark status={scenario.status} /></div>
      {scenario.description && <p className="scenario-text">{scenario.description}</p>}
      {error && <FailureNote failure={error} onRetry={() => void app.scenarios.read()} />}
      <Editing scenario={scenario} />
      <Changes editable={isOpen(scenario.status)} />
      <Runs scenario={scenario.id} />
      <Beside />
      <Discussion scenario={scenario} />
      <Decision scenario={scenario} />
    </>
  );
}
