// Measuring: distance, area and height on tiles and ground, ways and lines of sight by the server; figures can be copied and taken back.
import { POINTS, type Shape, type ShapeKind } from '../../math/shape';
import { copyText } from '../../state/actions';
import { figuresOf, figuresText } from '../../state/figures';
import { finishDrawing, redoLast, startDrawing, undoLast } from '../../state/tool_actions';
import type { TextKey } from '../../state/words';
import { useApp, useStore, useWords } from '../hooks';
import { EmptyNote, FailureNote, IconButton, LoadingNote, PanelHead } from '../Parts';

const KINDS: readonly ShapeKind[] = ['distance', 'area', 'height', 'route', 'sight'];
const HOW: Readonly<Partial<Record<ShapeKind, TextKey>>> = { height: 'measure.howHeight', route: 'measure.howRoute', sight: 'measure.howSight' };

/** Undo and redo, for the panels whose work can be taken back. */
export function UndoButtons() {
  const app = useApp();
  const { t } = useWords();
  const { done, undone } = useStore(app.undo.state);
  return (
    <div className="row">
      <button type="button" className="button" disabled={done.length === 0} onClick={() => undoLast(app)}>{t('action.undo')}<kbd aria-hidden="true">Ctrl Z</kbd></button>
      <button type="button" className="button" disabled={undone.length === 0} onClick={() => redoLast(app)}>{t('action.redo')}</button>
    </div>
  );
}

/** What to do next while something is drawn. */
export function DraftNote() {
  const app = useApp();
  const { t } = useWords();
  const draft = useStore(app.drawing.draft);
  if (!draft) return null;
  return (
    <div className="note draft-note" role="status">
      <p className="note-title">{t(`shape.${draft.kind}`)}</p>
      <p>{t(HOW[draft.kind] ?? 'measure.how')}</p>
      <p className="quiet">{t('measure.howKeys')}</p>
      <div className="row">
        <button type="button" className="button" disabled={draft.points.length < POINTS[draft.kind].least} onClick={() => finishDrawing(app)}>{t('action.finishDrawing')}</button>
        <button type="button" className="button" onClick={() => app.drawing.start(null)}>{t('action.stopDrawing')}</button>
      </div>
    </div>
  );
}

/** What the answer to a route or a line of sight does not say by its figures: that it is on its way, that there is none, what does not count. */
function AnswerNote({ shape }: { shape: Shape }) {
  const app = useApp();
  const { t, said } = useWords();
  useStore(app.ways.answers);
  const { state, error } = app.ways.get(shape);
  if (shape.kind !== 'route' && shape.kind !== 'sight') return null;
  if (error?.kind === 'notFound') {
    return (
      <EmptyNote text={shape.kind === 'route' ? 'measure.noRoute' : 'measure.noTerrain'}>
        {error.detail && <p className="note-detail">{t('error.reason', { detail: said(error.detail) })}</p>}
      </EmptyNote>
    );
  }
  if (error) return <FailureNote failure={error} onRetry={() => app.ways.retry(shape, app.asOf)} />;
  if (state !== 'ready') return <LoadingNote text="measure.asking" />;
  return <p className="quiet">{t(shape.kind === 'route' ? 'measure.routeNote' : 'measure.sightNote')}</p>;
}

function Measured({ shape }: { shape: Shape }) {
  const app = useApp();
  const words = useWords();
  useStore(app.ways.answers);
  const way = app.ways.get(shape).value;
  return (
    <li className="card" data-shape={shape.kind}>
      <div className="stack-row">
        <h3>{words.t(`shape.${shape.kind}`)}</h3>
        <span>
          <IconButton icon="copy" className="small" label={words.t('measure.copy')} onClick={() => copyText(app, figuresText(shape, words, way))} />
          <IconButton icon="trash" className="small" label={words.t('measure.remove')} onClick={() => app.drawing.remove(shape)} />
        </span>
      </div>
      <dl className="facts">{figuresOf(shape, words, way).map(({ name, value }) => <div key={name}><dt>{words.t(name)}</dt><dd>{value}</dd></div>)}</dl>
      <AnswerNote shape={shape} />
    </li>
  );
}

export default function MeasurePanel() {
  const app = useApp();
  const { t } = useWords();
  const { shapes } = useStore(app.address);
  const draft = useStore(app.drawing.draft);
  const measured = shapes.filter(({ kind }) => KINDS.includes(kind));
  return (
    <section className="panel panel-right" aria-label={t('tool.measure')}>
      <PanelHead title={<h2>{t('tool.measure')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body stack" tabIndex={-1}>
        <div className="row" role="group" aria-label={t('measure.kind')}>
          {KINDS.map((kind) => <button key={kind} type="button" className="button" aria-pressed={draft?.kind === kind} onClick={() => (draft?.kind === kind ? app.drawing.start(null) : startDrawing(app, kind))}>{t(`shape.${kind}`)}</button>)}
        </div>
        <DraftNote />
        {measured.length === 0 && !draft && <EmptyNote text="measure.none" />}
        <ul className="stack">{measured.map((shape, i) => <Measured key={`${i} ${shape.kind}`} shape={shape} />)}</ul>
        {measured.length > 1 && <button type="button" className="button" onClick={() => app.drawing.clear(KINDS)}>{t('measure.clear')}</button>}
        <UndoButtons />
        <p className="quiet">{t('measure.accuracy')}</p>
      </div>
    </section>
  );
}
