// The card of a model: what it is for, how it works, where it must not be used, on what it rests.
import { useEffect, useState } from 'react';
import { failureOf } from '../../state/api';
import type { Both, Process } from '../../state/processes';
import type { ApiFailure } from '../../state/types';
import { useApp, useWords } from '../hooks';

/** A text of a declaration in a language: the other one where it is missing. */
export const bothIn = (both: Both | undefined, language: 'ko' | 'en'): string | undefined => both?.[language] ?? both?.en ?? both?.ko;

export const titleOf = (process: Process, language: 'ko' | 'en'): string => bothIn(process['x-titles'], language) ?? process.title ?? process.id;

export function ModelCard({ process }: { process: Process }) {
  const words = useWords();
  const card = process['x-card'];
  const about = bothIn(process['x-descriptions'], words.language) ?? process.description;
  const parts = [['models.purpose', card?.purpose], ['models.method', card?.method], ['models.limits', card?.limits]] as const;
  return (
    <div className="stack">
      {about && <p>{about}</p>}
      {card && (
        <dl className="model-card">
          {parts.map(([text, both]) => both && <div key={text}><dt>{words.t(text)}</dt><dd>{bothIn(both, words.language)}</dd></div>)}
          {card.sources && card.sources.length > 0 && <div><dt>{words.t('models.sources')}</dt><dd><ul>{card.sources.map((one) => <li key={one}>{one}</li>)}</ul></dd></div>}
          {(card.version ?? process.version) && <div><dt>{words.t('models.version')}</dt><dd>{card.version ?? process.version}</dd></div>}
        </dl>
      )}
    </div>
  );
}

/** The name of an indicator as the model declares its output, with the unit; of a part of an output the part's own name after it. */
export function outputTitle(process: Process | null, name: string, language: 'ko' | 'en'): string {
  const [first = name, ...rest] = name.split('.');
  const output = process?.outputs?.[first];
  const title = bothIn(output?.['x-titles'], language) ?? output?.title ?? first;
  const unit = output?.['x-unit'];
  return `${[title, ...rest].join(' · ')}${unit ? ` (${unit})` : ''}`;
}

/** A process as its own door describes it. */
export function useProcess(id: string | null) {
  const app = useApp();
  const [process, setProcess] = useState<Process | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [times, setTimes] = useState(0);
  useEffect(() => {
    let ended = false;
    setProcess(null);
    setFailure(null);
    if (id !== null) app.processes.describe(id).then((one) => { if (!ended) setProcess(one); }, (reason: unknown) => { if (!ended) setFailure(failureOf(reason)); });
    return () => { ended = true; };
  }, [app, id, times]);
  return { process, failure, again: () => setTimes(times + 1) };
}
