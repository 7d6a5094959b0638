// What the panels of scenarios share: the mark of a status, the name of who works here, and what is tried and may fail.
import { useState, type ReactNode } from 'react';
import { failureOf } from '../../state/api';
import type { ScenarioStatus } from '../../state/scenarios';
import type { ApiFailure } from '../../state/types';
import { useApp, usePart, useWords } from '../hooks';
import { FailureNote } from '../Parts';

/** How far a scenario is, in a word and a shape. */
export function StatusMark({ status }: { status: ScenarioStatus }) {
  const { t } = useWords();
  return <span className="scenario-status" data-status={status}>{t(`scenarios.status.${status}`)}</span>;
}

/** Who decides and comments here: remembered by the browser, since nobody signs in yet. */
export function AuthorField() {
  const app = useApp();
  const { t } = useWords();
  const author = usePart(app.settings, (settings) => settings.author);
  return <label className="field field-column"><span>{t('scenarios.author')}</span><input type="text" maxLength={100} value={author} autoComplete="name" onChange={(event) => app.settings.update((settings) => ({ ...settings, author: event.target.value }))} /></label>;
}

/** Something that is asked of the server: under way, or why it failed, with a way to try again. */
export interface Attempt {
  readonly busy: boolean;
  readonly note: ReactNode;
  readonly start: (work: () => Promise<unknown>) => void;
}

export function useAttempt(): Attempt {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<{ readonly failure: ApiFailure; readonly work: () => Promise<unknown> } | null>(null);
  const start = (work: () => Promise<unknown>): void => {
    setBusy(true);
    setFailed(null);
    work().catch((reason: unknown) => setFailed({ failure: failureOf(reason), work })).finally(() => setBusy(false));
  };
  return { busy, start, note: failed && <FailureNote failure={failed.failure} onRetry={() => start(failed.work)} /> };
}
