// Small parts that many panels use: icons, icon buttons, failure and empty notes, freshness marks.
import type { ReactNode } from 'react';
import type { Freshness } from '../math/freshness';
import type { ApiFailure } from '../state/types';
import type { TextKey } from '../state/words';
import { useApp, usePart, useWords } from './hooks';

const PATHS = {
  close: 'M5 5l10 10M15 5L5 15',
  layers: 'M10 3l7 4-7 4-7-4zM3 11l7 4 7-4',
  list: 'M4 5h12M4 10h12M4 15h12',
  links: 'M8 12l4-4M7 9l-2 2a3 3 0 004 4l2-2M13 11l2-2a3 3 0 00-4-4L9 7',
  map: 'M3 5l5-2 4 2 5-2v12l-5 2-4-2-5 2zM8 3v12M12 5v12',
  target: 'M10 4a6 6 0 100 12 6 6 0 000-12zM10 1v4M10 15v4M1 10h4M15 10h4',
  copy: 'M7 7V4h9v9h-3M4 7h9v9H4z',
  play: 'M6 4l10 6-10 6z',
  pause: 'M6 4v12M13 4v12',
  search: 'M9 3a6 6 0 100 12A6 6 0 009 3zM13.500 13.500L18 18',
  home: 'M3 9V3h6M17 9V3h-6M3 11v6h6M17 11v6h-6',
  plus: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  north: 'M10 2l4 15-4-3-4 3z',
  tiltUp: 'M4 13l6-6 6 6',
  tiltDown: 'M4 7l6 6 6-6',
  sun: 'M10 6a4 4 0 100 8 4 4 0 000-8zM10 1v2M10 17v2M1 10h2M17 10h2M4 4l1 1M15 15l1 1M16 4l-1 1M4 16l1-1',
  moon: 'M16 12A7 7 0 018 4a7 7 0 108 8z',
  help: 'M7.500 7.500a2.500 2.500 0 115 0c0 2-2.500 2-2.500 4M10 14.500v.5',
  command: 'M4 6l4 4-4 4M10 14h6',
  back: 'M12 5l-5 5 5 5',
  forward: 'M8 5l5 5-5 5',
  chart: 'M3 15l4-5 3 3 6-8M3 17h14',
  clock: 'M10 3a7 7 0 100 14 7 7 0 000-14zM10 6v4l3 2',
  warning: 'M10 3l8 14H2zM10 8v4M10 14.500v.5',
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
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
  const { t } = useWords();
  const past = usePart(useApp().address, ({ atMs }) => atMs !== null);
  const kind = failure.kind === 'notFound' && past ? 'notFoundThen' : failure.kind;
  return (
    <div className="note note-failure" role="alert">
      <p className="note-title"><Icon name="warning" />{t(`error.${kind}`)}</p>
      <p>{t(`error.${kind}.do`)}</p>
      {kind !== 'notFoundThen' && kind !== 'unreachable' && failure.detail && <p className="note-detail">{t('error.reason', { detail: failure.detail })}</p>}
      {onRetry && <button type="button" className="button" onClick={onRetry}>{t('error.retry')}</button>}
    </div>
  );
}

export function EmptyNote({ text, children }: { text: TextKey; children?: ReactNode }) {
  const { t } = useWords();
  return (
    <div className="note">
      <p className="note-title">{t(text)}</p>
      {children}
    </div>
  );
}

export function LoadingNote({ text }: { text: TextKey }) {
  const { t } = useWords();
  return <p className="note note-loading" role="status"><span className="spinner" aria-hidden="true" />{t(text)}</p>;
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
