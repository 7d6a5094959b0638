// Search by name, id and type: a combobox that works by keyboard and flies to what is chosen.
import { useEffect, useState, type KeyboardEvent } from 'react';
import { isGeometry } from '../math/geo';
import { failureOf, isAbort } from '../state/api';
import type { App } from '../state/app';
import type { ApiFailure, SearchResult } from '../state/types';
import { useApp, useSettled, useWords } from './hooks';
import { EmptyNote, FailureNote, Icon, LoadingNote } from './Parts';

interface Answer {
  readonly text: string;
  readonly results: readonly SearchResult[];
  readonly failure: ApiFailure | null;
}

function useSearch(text: string): { answer: Answer | null; loading: boolean; retry: () => void } {
  const app = useApp();
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (text === '') return setAnswer(null);
    setAnswer((before) => (before?.failure ? null : before));
    const request = new AbortController();
    app.api.search(text, { asOf: app.asOf, signal: request.signal })
      .then((results) => setAnswer({ text, results, failure: null }))
      .catch((error: unknown) => {
        if (!isAbort(error)) setAnswer({ text, results: [], failure: failureOf(error) });
      });
    return () => request.abort();
  }, [app, text, tries]);
  return { answer, loading: text !== '' && answer?.text !== text, retry: () => setTries(tries + 1) };
}

function choose(app: App, result: SearchResult): void {
  app.select(result.id);
  if (isGeometry(result.location)) app.map.get()?.flyToPlace(result.location);
  // After the panel is there: the reader goes on with what was found, and a phone puts its keyboard away.
  window.setTimeout(() => document.getElementById('inspector')?.focus(), 0);
}

function ResultRow({ result, active, index, onChoose }: { result: SearchResult; active: boolean; index: number; onChoose: () => void }) {
  const words = useWords();
  return (
    <li id={`search-result-${index}`} role="option" aria-selected={active} className={active ? 'active' : ''} onMouseDown={(event) => { event.preventDefault(); onChoose(); }}>
      <span className="result-name">{result.name ?? words.unnamed(result.type)}</span>
      <span className="result-type">{words.one(result.type)}</span>
      <span className="result-id">{result.id}</span>
    </li>
  );
}

interface ResultsProps {
  readonly answer: Answer | null;
  readonly loading: boolean;
  readonly active: number;
  readonly onChoose: (result: SearchResult) => void;
  readonly onRetry: () => void;
}

function Results({ answer, loading, active, onChoose, onRetry }: ResultsProps) {
  const { t } = useWords();
  const results = answer?.results ?? [];
  return (
    // The focus stays in the field, or the list would close before its button is pressed.
    <div className="search-results" onMouseDown={(event) => event.preventDefault()}>
      <ul id="search-results" role="listbox" aria-label={t('search.label')}>
        {results.map((result, i) => <ResultRow key={result.id} result={result} index={i} active={i === active} onChoose={() => onChoose(result)} />)}
      </ul>
      {loading && results.length === 0 && <LoadingNote text="search.loading" />}
      {!loading && answer?.failure && <FailureNote failure={answer.failure} onRetry={onRetry} />}
      {!loading && answer && !answer.failure && results.length === 0 && <EmptyNote text="search.none" values={{ text: answer.text }} />}
    </div>
  );
}

export function SearchBox() {
  const app = useApp();
  const { t } = useWords();
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const { answer, loading, retry } = useSearch(useSettled(text.trim(), 150));
  const results = answer?.results ?? [];
  const shown = open && text.trim() !== '';
  const pick = (result: SearchResult | undefined): void => {
    if (!result) return;
    choose(app, result);
    setOpen(false);
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setOpen(true);
      setActive((active + (event.key === 'ArrowDown' ? 1 : -1) + results.length) % Math.max(1, results.length));
    } else if (event.key === 'Enter' && answer?.failure) retry();
    else if (event.key === 'Enter') pick(results[active]);
    else if (event.key === 'Escape') {
      event.stopPropagation();
      if (open) setOpen(false);
      else setText('');
    }
  };
  return (
    <search className="search">
      <Icon name="search" />
      <input
        id="search-input" type="text" role="combobox" autoComplete="off" spellCheck={false} value={text} aria-label={t('search.label')} placeholder={t('search.placeholder')}
        aria-expanded={shown} aria-controls="search-results" aria-autocomplete="list" aria-activedescendant={shown && results[active] ? `search-result-${active}` : undefined}
        onChange={(event) => { setText(event.target.value); setActive(0); setOpen(true); }}
        onKeyDown={onKey} onFocus={() => setOpen(true)} onBlur={() => setOpen(false)}
      />
      {text === '' && <kbd aria-hidden="true">/</kbd>}
      {shown && <Results answer={answer} loading={loading} active={active} onChoose={pick} onRetry={retry} />}
      <span className="unseen" role="status">{shown && answer ? t('search.found', { count: results.length }) : ''}</span>
    </search>
  );
}
