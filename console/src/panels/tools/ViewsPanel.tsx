// Saved and shared views: a link that holds everything, and views under a name that everybody sees.
import { useEffect, useState, type FormEvent } from 'react';
import { copyText } from '../../state/actions';
import { formatAddress } from '../../state/address';
import { failureOf } from '../../state/api';
import type { ApiFailure } from '../../state/types';
import type { SavedView } from '../../state/views';
import { useApp, useStore, useWords } from '../hooks';
import { EmptyNote, FailureNote, IconButton, LoadingNote, PanelHead } from '../Parts';
import { UndoButtons } from './MeasurePanel';

type Attempt = (work: () => Promise<void>) => void;

function View({ view, attempt }: { view: SavedView; attempt: Attempt }) {
  const app = useApp();
  const words = useWords();
  const [name, setName] = useState<string | null>(null);
  const rename = (event: FormEvent): void => {
    event.preventDefault();
    const text = name?.trim() ?? '';
    setName(null);
    if (text && text !== view.name) attempt(() => app.views.rename(view, text));
  };
  if (name !== null) {
    return (
      <li className="card">
        <form className="row" onSubmit={rename}>
          <input type="text" autoFocus maxLength={80} value={name} aria-label={words.t('views.newName')} onChange={(event) => setName(event.target.value)} onKeyDown={(event) => { if (event.key === 'Escape') { event.stopPropagation(); setName(null); } }} />
          <button type="submit" className="button">{words.t('views.rename')}</button>
        </form>
      </li>
    );
  }
  return (
    <li className="card" data-view={view.id}>
      <div className="stack-row">
        <button type="button" className="link-button view-name" onClick={() => app.openQuery(view.query)}>{view.name}</button>
        <span>
          <IconButton icon="links" className="small" label={words.t('views.copy', { name: view.name })} onClick={() => copyText(app, window.location.origin + window.location.pathname + view.query)} />
          <IconButton icon="pencil" className="small" label={words.t('views.renameThis', { name: view.name })} onClick={() => setName(view.name)} />
          <IconButton icon="trash" className="small" label={words.t('views.remove', { name: view.name })} onClick={() => attempt(() => app.views.remove(view))} />
        </span>
      </div>
      {view.savedMs !== null && <p className="quiet">{words.t('views.saved', { time: words.moment(view.savedMs) })}</p>}
    </li>
  );
}

function NewView({ attempt }: { attempt: Attempt }) {
  const app = useApp();
  const { t } = useWords();
  const [name, setName] = useState('');
  const save = (event: FormEvent): void => {
    event.preventDefault();
    const text = name.trim();
    if (!text) return;
    attempt(async () => {
      await app.views.save(text, formatAddress({ ...app.address.get(), panel: null, language: null }));
      setName('');
    });
  };
  return (
    <form className="row" onSubmit={save}>
      <input id="view-name" type="text" maxLength={80} value={name} aria-label={t('views.name')} placeholder={t('views.name')} onChange={(event) => setName(event.target.value)} />
      <button type="submit" className="button" disabled={name.trim() === ''}>{t('views.save')}</button>
    </form>
  );
}

export default function ViewsPanel() {
  const app = useApp();
  const { t } = useWords();
  const { value, error } = useStore(app.views.list);
  const [failed, setFailed] = useState<{ readonly failure: ApiFailure; readonly work: () => Promise<void> } | null>(null);
  useEffect(() => void app.views.load(), [app]);
  const attempt: Attempt = (work) => {
    setFailed(null);
    work().catch((reason: unknown) => setFailed({ failure: failureOf(reason), work }));
  };
  return (
    <section className="panel panel-right" aria-label={t('tool.views')}>
      <PanelHead title={<h2>{t('tool.views')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body stack" tabIndex={-1}>
        <p>{t('views.about')}</p>
        <NewView attempt={attempt} />
        <button type="button" className="button" onClick={() => copyText(app, window.location.href)}>{t('action.copyLink')}</button>
        {failed && <FailureNote failure={failed.failure} onRetry={() => attempt(failed.work)} />}
        {error && <FailureNote failure={error} onRetry={() => void app.views.load()} />}
        {!value && !error && <LoadingNote text="views.loading" />}
        {value?.length === 0 && <EmptyNote text="views.none" />}
        <ul className="stack">{value?.map((view) => <View key={view.id} view={view} attempt={attempt} />)}</ul>
        <UndoButtons />
      </div>
    </section>
  );
}
