// Small parts that many panels use: icons, icon buttons, failure and empty notes, freshness marks.
import type { ReactNode } from 'react';
import type { Freshness } from '../math/freshness';
import { ICON_PATHS, type IconName } from '../state/icons';
import type { ApiFailure } from '../state/types';
import type { EmptyText, TextKey, TextValues } from '../state/words';
import { useApp, usePart, useStore, useWords } from './hooks';

export type { IconName } from '../state/icons';

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={ICON_PATHS[name]} />
    </svg>
  );
}

interface IconButtonProps {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick: () => void;
  readonly pressed?: boolean;
  readonly className?: string;
}

export function IconButton({ icon, label, onClick, pressed, className = '' }: IconButtonProps) {
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={label} title={label} aria-pressed={pressed} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

/** What went wrong, what it means, what to do; with a way to try again. */
export function FailureNote({ failure, onRetry }: { failure: ApiFailure; onRetry?: () => void }) {
  const { t, said } = useWords();
  const past = usePart(useApp().address, ({ atMs }) => atMs !== null);
  const kind = failure.kind === 'notFound' && past ? 'notFoundThen' : failure.kind;
  return (
    <div className="note note-failure" role="alert">
      <p className="note-title"><Icon name="warning" />{t(`error.${kind}`)}</p>
      <p>{t(`error.${kind}.do`)}</p>
      {kind !== 'notFoundThen' && kind !== 'unreachable' && failure.detail && <p className="note-detail">{t('error.reason', { detail: said(failure.detail) })}</p>}
      {onRetry && <button type="button" className="button" onClick={onRetry}>{t('error.retry')}</button>}
    </div>
  );
}

/** Why there is nothing, and what to do about it. */
export function EmptyNote({ text, values, children }: { text: EmptyText; values?: TextValues; children?: ReactNode }) {
  const { t } = useWords();
  return (
    <div className="note note-empty">
      <p className="note-title">{t(text, values)}</p>
      <p>{t(`${text}.do`, values)}</p>
      {children}
    </div>
  );
}

export function LoadingNote({ text }: { text: TextKey }) {
  const { t } = useWords();
  return <p className="note note-loading" role="status"><span className="spinner" aria-hidden="true" />{t(text)}</p>;
}

/** What needs to know which city this is: until that is read it says so, or that it failed. */
export function OfCity({ children }: { children: ReactNode }) {
  const app = useApp();
  const { value, error } = useStore(app.summary);
  if (value) return children;
  return error ? <FailureNote failure={error} onRetry={() => void app.loadSummary()} /> : <LoadingNote text="city.loading" />;
}

/** Shape and word for how far a value can be trusted. */
export function FreshnessMark({ freshness, word = true }: { freshness: Freshness; word?: boolean }) {
  const { t } = useWords();
  return (
    <span className={`freshness freshness-${freshness}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        {freshness === 'replayed' ? <path d="M6 1l5 5-5 5-5-5z" /> : <circle cx="6" cy="6" r="4" />}
      </svg>
      {word && t(`fresh.${freshness}`)}
    </span>
  );
}

/** Head of a panel: title and a button that closes it. */
export function PanelHead({ title, onClose, closeLabel }: { title: ReactNode; onClose: () => void; closeLabel: string }) {
  return (
    <div className="panel-head">
      {title}
      <IconButton icon="close" label={closeLabel} onClick={onClose} />
    </div>
  );
}
