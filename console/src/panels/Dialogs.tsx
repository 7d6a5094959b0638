// The command palette and the help: modal dialogs that close with Escape and give the focus back.
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { Action } from '../state/action';
import { listActions } from '../state/actions';
import { useApp, useStore, useWords } from './hooks';
import { IconButton } from './Parts';

function Modal({ label, children, className = '' }: { label: string; children: ReactNode; className?: string }) {
  const app = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} className={`dialog ${className}`} aria-label={label} onClose={() => app.dialog.set(null)} onClick={(event) => { if (event.target === dialog.current) app.dialog.set(null); }}>
      {children}
    </dialog>
  );
}

const fits = (text: string, wanted: string): boolean => wanted.split(/\s+/).every((part) => text.toLowerCase().includes(part));

function PaletteRow({ action, id, active, onRun }: { action: Action; id: string; active: boolean; onRun: () => void }) {
  const { t } = useWords();
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (active) row.current?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return (
    <li ref={row} id={id} role="option" aria-selected={active} className={active ? 'active' : ''} onClick={onRun}>
      <span>{t(action.text, action.values)}</span>{action.shortcut && <kbd>{action.shortcut}</kbd>}
    </li>
  );
}

export function Palette() {
  const app = useApp();
  const { t } = useWords();
  const listId = useId();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const actions = listActions(app).filter((action) => fits(t(action.text, action.values), text.trim().toLowerCase()));
  const run = (action: Action | undefined): void => {
    if (!action) return;
    app.dialog.set(null);
    // After the dialog has given the focus back, so that an action may move it.
    window.setTimeout(action.run, 0);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter') run(actions[active]);
    else if (event.key === 'ArrowDown') setActive((active + 1) % Math.max(1, actions.length));
    else if (event.key === 'ArrowUp') setActive((active - 1 + actions.length) % Math.max(1, actions.length));
    else return;
    event.preventDefault();
  };
  return (
    <Modal label={t('palette.title')} className="palette">
      <input
        autoFocus type="text" role="combobox" aria-expanded="true" aria-controls={listId} aria-label={t('palette.input')} placeholder={t('palette.placeholder')} autoComplete="off"
        aria-activedescendant={actions[active] ? `${listId}-${actions[active].id}` : undefined} value={text} onChange={(event) => { setText(event.target.value); setActive(0); }} onKeyDown={onKey}
      />
      <ul id={listId} role="listbox" aria-label={t('palette.title')}>
        {actions.map((action, i) => <PaletteRow key={action.id} id={`${listId}-${action.id}`} action={action} active={i === active} onRun={() => run(action)} />)}
      </ul>
      {actions.length === 0 && <p className="note">{t('palette.none')}</p>}
    </Modal>
  );
}

function Keys({ rows }: { rows: readonly (readonly [string, string])[] }) {
  return <dl className="keys">{rows.map(([key, text]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{text}</dd></div>)}</dl>;
}

export function Help() {
  const app = useApp();
  const { t } = useWords();
  const settings = useStore(app.settings);
  const actions = listActions(app).filter((action) => action.shortcut !== undefined && action.id !== 'flyToSelected');
  const mapKeys: readonly (readonly [string, string])[] = [
    [t('help.key.arrows'), t('help.key.move')], [t('help.key.shiftArrows'), t('help.key.turn')], ['+ −', t('help.key.zoom')], ['Enter', t('help.key.pick')],
  ];
  return (
    <Modal label={t('help.title')} className="help">
      <div className="panel-head"><h2>{t('help.title')}</h2><IconButton icon="close" label={t('dialog.close')} onClick={() => app.dialog.set(null)} /></div>
      <p>{t('help.about')}</p>
      <h3>{t('help.keys')}</h3>
      <Keys rows={[['Ctrl K', t('top.palette')], ...actions.map((action): [string, string] => [action.shortcut ?? '', t(action.text, action.values)])]} />
      <h3>{t('help.map')}</h3>
      <Keys rows={mapKeys} />
      <label className="check"><input type="checkbox" checked={settings.letterKeys} onChange={() => app.settings.set({ ...settings, letterKeys: !settings.letterKeys })} />{t('help.letterKeys')}</label>
    </Modal>
  );
}
