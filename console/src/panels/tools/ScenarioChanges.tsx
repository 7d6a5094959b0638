// What a scenario changes: entity by entity, each attribute as it was and as it is planned, each with a way back.
import { bareValue, changeName, unitOf, type ScenarioChange } from '../../state/scenarios';
import { isGeometry } from '../../math/geo';
import type { Json } from '../../state/types';
import { useApp, useStore, useWords } from '../hooks';
import { EmptyNote, FailureNote, IconButton, LoadingNote } from '../Parts';
import { useAttempt } from './ScenarioParts';

const SHOWN_FIRST = 100;

function Side({ value, name }: { value: Json | undefined; name: string }) {
  const words = useWords();
  const bare = bareValue(value);
  if (bare === undefined || bare === null) return <span className="quiet">{words.t('scenarios.nothing')}</span>;
  return <>{isGeometry(bare) ? words.t('scenarios.placeAndShape') : words.value(bare, unitOf(value), name)}</>;
}

function Change({ change, editable }: { change: ScenarioChange; editable: boolean }) {
  const app = useApp();
  const words = useWords();
  const attempt = useAttempt();
  const name = changeName(change, words.language) ?? change.id;
  const attributes = change.attributes.filter((one) => one.name !== 'name' || change.kind === 'changed');
  return (
    <li className="card" data-change={change.id} data-kind={change.kind}>
      <div className="stack-row">
        <button type="button" className="link-button view-name" onClick={() => app.select(change.id)}>{name}</button>
        {editable && <IconButton icon="undo" className="small" label={words.t('scenarios.revert', { name })} onClick={() => attempt.start(() => app.scenarios.revert(change.id))} />}
      </div>
      <p className="quiet"><span className="plan-mark" data-kind={change.kind} aria-hidden="true" />{words.type(change.types[0] ?? '')} · {words.t(`scenarios.kind.${change.kind}`)}</p>
      {change.kind !== 'deleted' && (
        <table className="scenario-attributes">
          <thead><tr><th scope="col">{words.t('scenarios.attribute')}</th><th scope="col">{words.t('scenarios.before')}</th><th scope="col">{words.t('scenarios.after')}</th></tr></thead>
          <tbody>{attributes.map((one) => <tr key={one.name}><th scope="row">{words.attribute(one.name)}</th><td><Side value={one.before} name={one.name} /></td><td><Side value={one.after} name={one.name} /></td></tr>)}</tbody>
        </table>
      )}
      {attempt.note}
    </li>
  );
}

export function Changes({ editable }: { editable: boolean }) {
  const app = useApp();
  const words = useWords();
  const { value, error } = useStore(app.scenarios.changes);
  return (
    <section className="stack" aria-label={words.t('scenarios.changes')}>
      <h3>{words.t('scenarios.changes')} {value && <span className="layer-count">{words.number(value.count)}</span>}</h3>
      {error && <FailureNote failure={error} onRetry={() => void app.scenarios.read()} />}
      {!value && !error && <LoadingNote text="scenarios.changesLoading" />}
      {value?.count === 0 && <EmptyNote text="scenarios.unchanged" />}
      <ul className="stack">{value?.changes.slice(0, SHOWN_FIRST).map((change) => <Change key={change.id} change={change} editable={editable} />)}</ul>
      {value && value.count > SHOWN_FIRST && <p className="quiet">{words.t('scenarios.more', { count: value.count - SHOWN_FIRST })}</p>}
    </section>
  );
}
