// Underground: how deep to look and how much ground to see, the legend of networks, and what is under a dig.
import { useEffect, useState } from 'react';
import { isUnderground, networkColour, networkDash, networkOf, NETWORKS, type Network } from '../../math/underground';
import { failureOf, isAbort } from '../../state/api';
import { askDig, lineAcross, lineThrough, type Buried, type DigAnswer, type NotKnown } from '../../state/digging';
import { figuresOf } from '../../state/figures';
import { startDrawing } from '../../state/tool_actions';
import { IDLE, type Loadable } from '../../state/types';
import { changeUnder, toggleUnder } from '../../state/under_actions';
import type { TextKey } from '../../state/words';
import { copyText } from '../../state/actions';
import { useApp, usePart, useSettled, useStore, useWords } from '../hooks';
import { EmptyNote, FailureNote, Icon, LoadingNote, OfCity, PanelHead } from '../Parts';
import { CutControls } from './CutControls';
import { DraftNote, UndoButtons } from './MeasurePanel';
import { UndergroundSection } from './SectionDrawings';

const DEPTHS = [1, 2, 3, 5, 10, 20, 50] as const;

function Legend() {
  const app = useApp();
  const { t } = useWords();
  const { theme } = useStore(app.settings);
  return (
    <ul className="legend-list legend-networks">
      {NETWORKS.map((network: Network) => (
        <li key={network}>
          <svg width="26" height="8" viewBox="0 0 26 8" aria-hidden="true"><line x1="0" y1="4" x2="26" y2="4" stroke={networkColour(network, theme)} strokeWidth="4" strokeDasharray={networkDash(network)} /></svg>
          {t(`network.${network}`)}
        </li>
      ))}
    </ul>
  );
}

function Controls() {
  const app = useApp();
  const words = useWords();
  const { t } = words;
  const { under, shapes } = useStore(app.address);
  if (!under) return null;
  const isCut = shapes.some(({ kind }) => kind === 'cut');
  return (
    <>
      <label className="stack">
        <span className="stack-row"><span>{t('under.depth')}</span><strong className="number-text">{words.quantity(under.depthMetres, 'MTR')}</strong></span>
        <input id="under-depth" type="range" min={0} max={DEPTHS.length - 1} step={1} value={DEPTHS.findIndex((depth) => depth >= under.depthMetres)} aria-valuetext={words.quantity(under.depthMetres, 'MTR')} onChange={(event) => changeUnder(app, { depthMetres: DEPTHS[Number(event.target.value)] ?? 10 })} />
      </label>
      <label className="stack">
        <span className="stack-row"><span>{t('under.ground')}</span><strong className="number-text">{words.quantity(Math.round(under.ground * 100), 'P1')}</strong></span>
        <input id="under-ground" type="range" min={0} max={1} step={0.05} value={under.ground} aria-valuetext={words.quantity(Math.round(under.ground * 100), 'P1')} onChange={(event) => changeUnder(app, { ground: Number(event.target.value) })} />
      </label>
      <label className="check"><input id="under-cut" type="checkbox" checked={under.cut} disabled={isCut} onChange={() => changeUnder(app, { cut: !under.cut })} />{t('under.cut')}</label>
      {isCut && under.cut && <p className="quiet">{t('cut.noPit')}</p>}
      <Legend />
    </>
  );
}

function useDig(): Loadable<DigAnswer> & { retry: () => void } {
  const app = useApp();
  const shape = usePart(app.address, ({ shapes }) => shapes.find(({ kind }) => kind === 'dig'));
  const depth = useSettled(usePart(app.address, ({ under }) => under?.depthMetres ?? 3), 400);
  const asOf = useStore(app.restingAsOf);
  const language = usePart(app.address, (address) => address.language);
  const [tries, setTries] = useState(0);
  const [answer, setAnswer] = useState<Loadable<DigAnswer>>(IDLE);
  useEffect(() => {
    if (!shape) return setAnswer(IDLE);
    const request = new AbortController();
    setAnswer(({ value }) => ({ state: 'loading', value, error: null }));
    askDig(app, shape.points, depth, request.signal).then((value) => setAnswer({ state: 'ready', value, error: null })).catch((error: unknown) => {
      if (!isAbort(error)) setAnswer({ state: 'failed', value: null, error: failureOf(error) });
    });
    return () => request.abort();
  }, [app, shape, depth, asOf, language, tries]);
  return { ...answer, retry: () => setTries(tries + 1) };
}

const CONFLICT: Readonly<Record<string, TextKey>> = { yes: 'dig.conflict.yes', possible: 'dig.conflict.possible', no: 'dig.conflict.no' };

function depthText(one: Buried, words: ReturnType<typeof useWords>): string {
  if (one.depthMin_m == null) return words.t('dig.depthUnknown');
  const top = words.quantity(one.depthMin_m, 'MTR');
  return one.depthMax_m == null || one.depthMax_m === one.depthMin_m ? top : `${top}–${words.quantity(one.depthMax_m, 'MTR')}`;
}

/** The class in words; what others than the writer of the record compare is its code. */
function accuracyText({ accuracyClass }: Buried, words: ReturnType<typeof useWords>): string {
  if (!accuracyClass) return words.t('dig.accuracyUnknown');
  const said = words.value(accuracyClass, undefined, 'accuracyClass');
  return said === accuracyClass ? said : `${said} · ${accuracyClass}`;
}

function Thing({ one }: { one: Buried }) {
  const app = useApp();
  const words = useWords();
  const { theme } = useStore(app.settings);
  const network = networkOf(one.network);
  const facts: [string, string][] = [
    [words.t('dig.top'), depthText(one, words)],
    ...(one.diameter_m == null ? [] : [[words.t('dig.diameter'), words.quantity(Math.round(one.diameter_m * 1000), 'MMT')] as [string, string]]),
    ...(one.material ? [[words.attribute('material'), words.value(one.material, undefined, 'material')] as [string, string]] : []),
    ...(one.installedAt ? [[words.attribute('installedAt'), one.installedAt] as [string, string]] : []),
    [words.t('dig.accuracy'), accuracyText(one, words)],
    [words.t('dig.owner'), [one.owner, one.ownerPhone].filter(Boolean).join(' · ') || words.t('dig.ownerUnknown')],
  ];
  return (
    <li className={`card dig-${one.conflict ?? 'possible'}`} data-buried={one.id}>
      <div className="stack-row">
        <h3><span className="legend-swatch" style={{ background: networkColour(network, theme) }} /><button type="button" className="link-button" onClick={() => app.select(one.id)}>{one.label ?? one.name ?? words.t(`network.${network}`)}</button></h3>
        {one.conflict && <span className="dig-badge">{one.conflict === 'yes' && <Icon name="warning" />}{words.t(CONFLICT[one.conflict] ?? 'dig.conflict.possible')}</span>}
      </div>
      {one.hazard && <p className="dig-hazard"><Icon name="warning" />{words.t('dig.hazard', { what: words.hazard(one.hazard) })}</p>}
      <dl className="facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
    </li>
  );
}

function NotKnownList({ list }: { list: readonly NotKnown[] }) {
  const { t } = useWords();
  if (list.length === 0) return null;
  return (
    <div className="note note-failure">
      <p className="note-title"><Icon name="warning" />{t('dig.notKnown')}</p>
      <ul>{list.map(({ code, text, count }) => <li key={code}>{text ?? `${code} ${count ?? ''}`}</li>)}</ul>
    </div>
  );
}

function listText(answer: DigAnswer, words: ReturnType<typeof useWords>): string {
  const head = [words.t('dig.thing'), words.t('dig.top'), words.t('dig.diameter'), words.attribute('material'), words.t('dig.accuracy'), words.t('dig.owner'), 'id'];
  const rows = answer.objects.map((one) => [one.label ?? one.name ?? one.type, depthText(one, words), one.diameter_m == null ? '' : words.quantity(one.diameter_m * 1000, 'MMT'), one.material ? words.value(one.material, undefined, 'material') : '', accuracyText(one, words), [one.owner, one.ownerPhone].filter(Boolean).join(' '), one.id]);
  return [head, ...rows].map((cells) => cells.join('\t')).join('\n');
}

function Dig() {
  const app = useApp();
  const words = useWords();
  const { t } = words;
  const shape = usePart(app.address, ({ shapes }) => shapes.find(({ kind }) => kind === 'dig'));
  const { value, error, retry } = useDig();
  if (!shape) return <EmptyNote text="dig.none" />;
  return (
    <div className="stack" data-dig>
      <dl className="facts">{figuresOf(shape, words).map((figure) => <div key={figure.name}><dt>{t(figure.name)}</dt><dd>{figure.value}</dd></div>)}</dl>
      {error && <FailureNote failure={error} onRetry={retry} />}
      {!value && !error && <LoadingNote text="dig.loading" />}
      {value && (
        <>
          <p role="status"><strong>{t('dig.found', { count: words.number(value.objects.length), hazards: words.number(value.hazards ?? 0), depth: words.quantity(value.depth_m, 'MTR') })}</strong></p>
          <NotKnownList list={(value.notKnown ?? []).filter(({ code }) => code !== 'noRecords')} />
          {value.objects.length === 0 ? <EmptyNote text="dig.nothing" /> : <button type="button" className="button" onClick={() => copyText(app, listText(value, words))}>{t('list.copy')}</button>}
          {value.objects.length > 0 && <UndergroundSection line={lineThrough(shape.points)} across={lineAcross(shape.points)} />}
          <ul className="stack">{value.objects.map((one) => <Thing key={one.id} one={one} />)}</ul>
        </>
      )}
      <button type="button" className="button" onClick={() => app.drawing.clear(['dig'])}>{t('dig.clear')}</button>
    </div>
  );
}

export default function UnderPanel() {
  const app = useApp();
  const { t } = useWords();
  const { under } = useStore(app.address);
  const recorded = usePart(app.summary, ({ value }) => value?.types.some(({ type }) => isUnderground(type)) ?? false);
  return (
    <section className="panel panel-right" aria-label={t('tool.under')}>
      <PanelHead title={<h2>{t('tool.under')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body stack" tabIndex={-1}>
        <label className="check"><input id="under-on" type="checkbox" checked={under !== null} onChange={() => toggleUnder(app)} />{t('under.on')}</label>
        <OfCity>{!recorded && <EmptyNote text="under.none" />}</OfCity>
        <Controls />
        <CutControls />
        <h3>{t('dig.title')}</h3>
        <button type="button" id="draw-dig" className="button" onClick={() => startDrawing(app, 'dig')}>{t('action.draw.dig')}</button>
        <DraftNote />
        <Dig />
        <UndoButtons />
      </div>
    </section>
  );
}
