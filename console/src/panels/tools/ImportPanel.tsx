// Import by drag and drop or file choice: progress and a way to give up for each file, then what came of it.
import { useRef, useState, type FormEvent } from 'react';
import type { ImportAnswers, ImportJob } from '../../state/imports';
import type { TextKey } from '../../state/words';
import { useApp, useStore, useWords } from '../hooks';
import { EmptyNote, FailureNote, Icon, IconButton, PanelHead } from '../Parts';

const WARNINGS_SHOWN = 50;
const FIELDS: readonly (readonly [keyof ImportAnswers, TextKey, string])[] = [
  ['crs', 'import.crs', 'EPSG:5186'], ['longitude', 'import.longitude', '127.1'], ['latitude', 'import.latitude', '37.51'], ['height', 'import.height', '0'], ['rotation', 'import.rotation', '0'],
];

/** What a file may not say itself; asked when it failed, and on wish. */
function Questions({ job }: { job: ImportJob }) {
  const app = useApp();
  const { t } = useWords();
  const [answers, setAnswers] = useState(job.answers);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    app.imports.again(job.key, answers);
  };
  const fromMap = (): void => {
    const place = app.map.get()?.placeAt();
    if (place) setAnswers({ ...answers, longitude: place[0].toFixed(6), latitude: place[1].toFixed(6), height: (place[2] ?? 0).toFixed(1) });
  };
  return (
    <details open={job.phase === 'failed'}>
      <summary>{t('import.questions')}</summary>
      <form className="stack" onSubmit={send}>
        {FIELDS.map(([name, text, example]) => (
          <label key={name} className="field"><span>{t(text)}</span><input type="text" value={answers[name]} placeholder={example} onChange={(event) => setAnswers({ ...answers, [name]: event.target.value })} /></label>
        ))}
        <div className="row">
          <button type="button" className="button" onClick={fromMap}>{t('import.fromMap')}</button>
          <button type="submit" className="button">{t('import.again')}</button>
        </div>
      </form>
    </details>
  );
}

function Report({ job }: { job: ImportJob }) {
  const words = useWords();
  const { report } = job;
  if (!report) return null;
  const total = report.imported + report.unchanged + report.removed;
  return (
    <>
      {total === 0 && <EmptyNote text="import.nothing" />}
      {total > 0 && <p role="status">{words.t('import.result', { imported: words.number(report.imported), unchanged: words.number(report.unchanged), removed: words.number(report.removed) })}</p>}
      <dl className="facts">{Object.entries(report.entities).map(([type, count]) => <div key={type}><dt>{words.type(type)}</dt><dd>{words.number(count)}</dd></div>)}</dl>
      {report.warningsCount > 0 && (
        <details>
          <summary>{words.t('import.warnings', { count: words.number(report.warningsCount) })}</summary>
          <ul className="refusals">{report.warnings.slice(0, WARNINGS_SHOWN).map(({ id, reason }, i) => <li key={i}>{words.said(reason)}{id && <code>{id}</code>}</li>)}</ul>
          {report.warningsCount > WARNINGS_SHOWN && <p className="quiet">{words.t('import.moreWarnings', { count: words.number(report.warningsCount - WARNINGS_SHOWN) })}</p>}
        </details>
      )}
    </>
  );
}

const RUNNING: readonly ImportJob['phase'][] = ['waiting', 'sending', 'reading'];

/** How far the server is; without a value while it has not told. */
function Reading({ job: { file, read } }: { job: ImportJob }) {
  const words = useWords();
  const within = read && read.file !== '' && read.file !== file.name ? read.file : null;
  return (
    <>
      <progress max={1} {...(read?.part != null && { value: read.part })} aria-label={words.t('import.progress', { name: file.name })} />
      {read && <p className="quiet">{words.t('import.read', { count: words.number(read.entities) })}{within && <code>{within}</code>}</p>}
    </>
  );
}

function Job({ job }: { job: ImportJob }) {
  const app = useApp();
  const words = useWords();
  const running = RUNNING.includes(job.phase);
  const size = words.quantity(Number((job.file.size / 1e6).toFixed(1)), '4L');
  return (
    <li className="card" data-import={job.phase}>
      <div className="stack-row">
        <h3>{job.file.name}</h3>
        {running ? <button type="button" className="button" onClick={() => app.imports.giveUp(job.key)}>{words.t('import.giveUp')}</button>
          : <IconButton icon="close" className="small" label={words.t('import.forget', { name: job.file.name })} onClick={() => app.imports.forget(job.key)} />}
      </div>
      <p className="quiet">{words.t(`import.phase.${job.phase}`)} · {size}</p>
      {job.phase === 'sending' && <progress max={1} value={job.sent} aria-label={words.t('import.progress', { name: job.file.name })} />}
      {job.phase === 'reading' && <Reading job={job} />}
      {job.failure && <FailureNote failure={job.failure} onRetry={() => app.imports.again(job.key, job.answers)} />}
      <Report job={job} />
      {(job.phase === 'failed' || job.phase === 'done' || job.phase === 'givenUp') && <Questions job={job} />}
    </li>
  );
}

export default function ImportPanel() {
  const app = useApp();
  const { t } = useWords();
  const jobs = useStore(app.imports.jobs);
  const input = useRef<HTMLInputElement>(null);
  return (
    <section className="panel panel-right" aria-label={t('tool.import')}>
      <PanelHead title={<h2>{t('tool.import')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body stack" tabIndex={-1}>
        <button type="button" className="drop-field" onClick={() => input.current?.click()}><Icon name="import" /><span>{t('import.drop')}</span></button>
        <input ref={input} id="import-files" type="file" multiple hidden aria-label={t('import.choose')} onChange={(event) => { app.imports.add(event.target.files ?? []); event.target.value = ''; }} />
        <p className="quiet">{t('import.formats')}</p>
        {jobs.length === 0 && <EmptyNote text="import.none" />}
        <ul className="stack">{[...jobs].reverse().map((job) => <Job key={job.key} job={job} />)}</ul>
      </div>
    </section>
  );
}
