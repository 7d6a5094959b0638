// Runs of models on the open scenario: a form made from the declaration, progress that can be stopped, results.
import { useEffect, useState, type FormEvent } from 'react';
import type { Box, Position } from '../../math/geo';
import { RASTER_TYPE, rasterNames } from '../../state/rasters';
import { faultOf, firstText, indicatorsOf, inputsOf, isUnderWay, layerOf, ownInputs, rangeOf, typeOf, type Job, type Process, type ProcessInput, type Results } from '../../state/processes';
import { failureOf } from '../../state/api';
import { isShown, switchLayer } from '../../state/catalogue';
import type { App } from '../../state/app';
import type { ApiFailure } from '../../state/types';
import { parseInstant } from '../../math/time';
import { useApp, usePart, useStore, useWords } from '../hooks';
import { EmptyNote, FailureNote, LoadingNote } from '../Parts';
import { bothIn, ModelCard, outputTitle, titleOf, useProcess } from './ModelCard';
import { useAttempt } from './ScenarioParts';

const ASK_EVERY_MS = 1000;
const WHOLE = 100;

const boxOf = (points: readonly Position[]): Box => {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
};

/** The ground that the map shows, about: the places under its corners, as far as they are on the ground. */
function seenBox(app: App): Box | null {
  const map = app.map.get();
  const canvas = document.getElementById('map');
  if (!map || !canvas) return null;
  const { clientWidth: width, clientHeight: height } = canvas;
  const corners = [[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1], [width / 2, height / 2]];
  const places = corners.map(([x = 0, y = 0]) => map.placeAt({ x, y })).filter((one): one is Position => one !== null);
  return places.length > 1 ? boxOf(places) : null;
}

/** The area that was drawn last; null when none was. */
function drawnBox(app: App): Box | null {
  const area = app.address.get().shapes.filter(({ kind }) => kind === 'area').at(-1);
  return area ? boxOf(area.points) : null;
}

function Field({ name, input, text, onText }: { name: string; input: ProcessInput; text: string; onText: (text: string) => void }) {
  const words = useWords();
  const { schema = {} } = input;
  const title = bothIn(input['x-titles'], words.language) ?? input.title ?? name;
  const help = bothIn(input['x-descriptions'], words.language) ?? input.description;
  const unit = input['x-unit'];
  const fault = faultOf(input, text);
  const type = typeOf(schema);
  const id = `run-${name}`;
  const common = { id, 'aria-invalid': fault !== null, 'aria-describedby': `${id}-help` };
  const { from, to } = rangeOf(schema);
  const range = from !== null || to !== null ? words.t('models.from', { from: from ?? '…', to: to ?? '…' }) : '';
  const isLong = type === 'array' || type === 'object' || schema.contentMediaType !== undefined;
  return (
    <div className="field field-column" data-input={name}>
      <label htmlFor={id}>{title}{unit && <span className="quiet"> ({unit})</span>}</label>
      {schema.enum ? (
        <select {...common} value={text} onChange={(event) => onText(event.target.value)}><option value="">{words.t('models.unset')}</option>{schema.enum.map((one) => <option key={String(one)} value={String(one)}>{String(one)}</option>)}</select>
      ) : type === 'boolean' ? (
        <select {...common} value={text} onChange={(event) => onText(event.target.value)}><option value="">{words.t('models.unset')}</option><option value="true">{words.value(true)}</option><option value="false">{words.value(false)}</option></select>
      ) : isLong ? (
        <textarea {...common} rows={2} value={text} onChange={(event) => onText(event.target.value)} />
      ) : (
        <input {...common} type={type === 'number' || type === 'integer' ? 'number' : 'text'} step={type === 'integer' ? 1 : 'any'} min={schema.minimum} max={schema.maximum} value={text} onChange={(event) => onText(event.target.value)} />
      )}
      <p id={`${id}-help`} className="quiet">{[help, range].filter(Boolean).join(' ')}</p>
      {fault && text !== '' && <p className="field-fault" role="alert">{words.t(`models.fault.${fault}`)}</p>}
    </div>
  );
}

function AreaField({ chosen, onChoose }: { chosen: 'seen' | 'drawn'; onChoose: (chosen: 'seen' | 'drawn') => void }) {
  const app = useApp();
  const { t } = useWords();
  const drawn = usePart(app.address, ({ shapes }) => shapes.some(({ kind }) => kind === 'area'));
  return (
    <fieldset className="field field-column">
      <legend>{t('models.area')}</legend>
      <label className="row"><input type="radio" name="area" checked={chosen === 'seen'} onChange={() => onChoose('seen')} /><span>{t('models.area.seen')}</span></label>
      <label className="row"><input type="radio" name="area" checked={chosen === 'drawn'} disabled={!drawn} onChange={() => onChoose('drawn')} /><span>{t('models.area.drawn')}</span></label>
      {!drawn && <p className="quiet">{t('models.area.how')}</p>}
    </fieldset>
  );
}

function RunForm({ process, scenario }: { process: Process; scenario: string }) {
  const app = useApp();
  const { t } = useWords();
  const inputs = ownInputs(process);
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>(() => Object.fromEntries(inputs.map(([name, input]) => [name, firstText(input)])));
  const [area, setArea] = useState<'seen' | 'drawn'>('seen');
  const [noArea, setNoArea] = useState(false);
  const attempt = useAttempt();
  const wantsArea = process.inputs?.['area'] !== undefined;
  const faulty = inputs.some(([name, input]) => faultOf(input, texts[name] ?? '') !== null);
  const run = (event: FormEvent): void => {
    event.preventDefault();
    if (faulty || attempt.busy) return;
    const box = !wantsArea ? null : area === 'drawn' ? drawnBox(app) : seenBox(app);
    setNoArea(wantsArea && !box);
    if (wantsArea && !box) return;
    attempt.start(() => app.processes.run(process.id, scenario, inputsOf(process, texts, box)));
  };
  return (
    <form className="stack" onSubmit={run} data-run={process.id} noValidate>
      <details><summary>{t('models.card')}</summary><ModelCard process={process} /></details>
      {inputs.map(([name, input]) => <Field key={name} name={name} input={input} text={texts[name] ?? ''} onText={(text) => setTexts({ ...texts, [name]: text })} />)}
      {wantsArea && <AreaField chosen={area} onChoose={setArea} />}
      {noArea && <p className="field-fault" role="alert">{t('models.area.none')}</p>}
      <button type="submit" className="button" disabled={faulty || attempt.busy}>{t('models.run')}</button>
      {attempt.note}
    </form>
  );
}

/** A raster layer among the results: shown on the map, step by step. */
function LayerResult({ layer, scenario }: { layer: string; scenario: string }) {
  const app = useApp();
  const words = useWords();
  const { value, error } = useStore(app.rasters.list);
  const chosen = useStore(app.rasters.chosen)[layer];
  const shown = usePart(app.address, (address) => isShown(address, RASTER_TYPE));
  useEffect(() => {
    if (!app.rasters.list.get().value?.some(({ id }) => id === layer)) void app.rasters.load(null, scenario);
  }, [app, layer, scenario]);
  const raster = value?.find(({ id }) => id === layer);
  if (!raster) return error ? <FailureNote failure={error} onRetry={() => void app.rasters.load(null, scenario)} /> : <LoadingNote text="raster.loading" />;
  const at = Math.max(0, raster.times.indexOf(chosen ?? raster.times.at(-1) ?? ''));
  const moment = words.moment(parseInstant(raster.times[at]) ?? 0);
  const show = (step: number): void => {
    const time = raster.times[step];
    if (time !== undefined) app.rasters.choose(layer, time);
    if (!isShown(app.address.get(), RASTER_TYPE)) app.go(switchLayer(app.address.get(), RASTER_TYPE));
  };
  return (
    <div className="stack" data-result-layer={layer}>
      <p>{words.name(rasterNames(raster))}</p>
      <label className="stack"><span className="stack-row"><span>{words.t('models.step')}</span><strong className="number-text">{moment}</strong></span>
        {raster.times.length > 1 && <input type="range" min={0} max={raster.times.length - 1} value={at} aria-valuetext={moment} onChange={(event) => show(Number(event.target.value))} />}
      </label>
      <button type="button" className="button" aria-pressed={shown && chosen !== undefined} onClick={() => show(at)}>{words.t('models.show')}</button>
    </div>
  );
}

function ResultList({ results, scenario, process }: { results: Results; scenario: string; process: Process | null }) {
  const words = useWords();
  const nameOf = (name: string): string => outputTitle(process, name, words.language);
  const layers = [...new Set(Object.values(results).map(layerOf).filter((one): one is string => one !== null))];
  const numbers = indicatorsOf(results);
  const others = Object.entries(results).filter(([, value]) => typeof value === 'string' || typeof value === 'boolean');
  if (layers.length + numbers.length + others.length === 0) return <EmptyNote text="models.noResults" />;
  return (
    <>
      {layers.map((layer) => <LayerResult key={layer} layer={layer} scenario={scenario} />)}
      <dl className="facts">
        {numbers.map(([name, value]) => <div key={name}><dt>{nameOf(name)}</dt><dd>{words.quantity(value, undefined)}</dd></div>)}
        {others.map(([name, value]) => <div key={name}><dt>{nameOf(name)}</dt><dd>{words.value(value)}</dd></div>)}
      </dl>
    </>
  );
}

function JobResults({ job, scenario }: { job: Job; scenario: string }) {
  const app = useApp();
  const { process } = useProcess(job.processID ?? null);
  const [results, setResults] = useState<Results | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [times, setTimes] = useState(0);
  useEffect(() => {
    let ended = false;
    setFailure(null);
    app.processes.results(job).then((found) => { if (!ended) setResults(found); }, (reason: unknown) => { if (!ended) setFailure(failureOf(reason)); });
    return () => { ended = true; };
    // A job that is over has the same results for ever.
  }, [app, job.jobID, times]);
  if (failure) return <FailureNote failure={failure} onRetry={() => setTimes(times + 1)} />;
  return results ? <ResultList results={results} scenario={scenario} process={process} /> : <LoadingNote text="models.reading" />;
}

function Run({ job, scenario, title }: { job: Job; scenario: string; title: string }) {
  const app = useApp();
  const words = useWords();
  const attempt = useAttempt();
  const [open, setOpen] = useState(false);
  const progress = job.progress ?? 0;
  return (
    <li className="card" data-job={job.jobID} data-status={job.status}>
      <div className="stack-row"><strong>{title}</strong><span className="quiet">{words.t(`models.status.${job.status}`)}</span></div>
      {job.created && <p className="quiet">{words.moment(parseInstant(job.created) ?? 0)}</p>}
      {isUnderWay(job) && (
        <>
          <progress max={WHOLE} value={progress} aria-label={words.t('models.progress')} />
          <div className="row"><span className="number-text">{words.quantity(progress, 'P1')}</span><button type="button" className="button" disabled={attempt.busy} onClick={() => attempt.start(() => app.processes.cancel(job, scenario))}>{words.t('models.cancel')}</button></div>
        </>
      )}
      {job.message && (job.status === 'failed' || isUnderWay(job)) && <p className={job.status === 'failed' ? 'field-fault' : 'quiet'}>{words.said(job.message)}</p>}
      {job.status === 'successful' && <details onToggle={(event) => setOpen(event.currentTarget.open)}><summary>{words.t('models.results')}</summary>{open && <div className="stack"><JobResults job={job} scenario={scenario} /></div>}</details>}
      {attempt.note}
    </li>
  );
}

/** Reads the runs, again and again while one is under way. */
function useJobs(scenario: string) {
  const app = useApp();
  const jobs = useStore(app.processes.jobs);
  const waiting = jobs.value?.some(isUnderWay) ?? false;
  useEffect(() => void app.processes.loadJobs(scenario), [app, scenario]);
  useEffect(() => {
    if (!waiting) return undefined;
    const timer = window.setInterval(() => void app.processes.loadJobs(scenario), ASK_EVERY_MS);
    return () => window.clearInterval(timer);
  }, [app, scenario, waiting]);
  return jobs;
}

export function Runs({ scenario }: { scenario: string }) {
  const app = useApp();
  const words = useWords();
  const { value: processes, error } = useStore(app.processes.list);
  const jobs = useJobs(scenario);
  const [chosen, setChosen] = useState('');
  const { process, failure, again } = useProcess(chosen === '' ? null : chosen);
  const title = (id: string | undefined): string => {
    const found = processes?.find((one) => one.id === id);
    return found ? titleOf(found, words.language) : (id ?? '');
  };
  useEffect(() => void app.processes.load(), [app]);
  return (
    <section className="stack" aria-label={words.t('models.runs')}>
      <h3>{words.t('models.runs')}</h3>
      {error && <FailureNote failure={error} onRetry={() => void app.processes.load()} />}
      {!processes && !error && <LoadingNote text="models.loading" />}
      {processes?.length === 0 && <EmptyNote text="models.none" />}
      {processes && processes.length > 0 && (
        <label className="field"><span>{words.t('models.one')}</span>
          <select id="run-process" value={chosen} onChange={(event) => setChosen(event.target.value)}>
            <option value="">{words.t('models.choose')}</option>
            {processes.map((one) => <option key={one.id} value={one.id}>{title(one.id)}</option>)}
          </select>
        </label>
      )}
      {failure && <FailureNote failure={failure} onRetry={again} />}
      {chosen !== '' && !process && !failure && <LoadingNote text="models.reading" />}
      {process && <RunForm key={process.id} process={process} scenario={scenario} />}
      {jobs.error && !error && <FailureNote failure={jobs.error} onRetry={() => void app.processes.loadJobs(scenario)} />}
      <ul className="stack">{jobs.value?.map((job) => <Run key={job.jobID} job={job} scenario={scenario} title={title(job.processID)} />)}</ul>
    </section>
  );
}
