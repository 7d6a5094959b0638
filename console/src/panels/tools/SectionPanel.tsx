// Section and profile: a line on the map, and what stands on it and lies under it.
import { isUnderground } from '../../math/underground';
import { copyText } from '../../state/actions';
import { figuresOf, figuresText } from '../../state/figures';
import { startDrawing } from '../../state/tool_actions';
import { useApp, usePart, useWords } from '../hooks';
import { EmptyNote, PanelHead } from '../Parts';
import { DraftNote, UndoButtons } from './MeasurePanel';
import { ProfileSection, UndergroundSection } from './SectionDrawings';

export default function SectionPanel() {
  const app = useApp();
  const words = useWords();
  const { t } = words;
  const shape = usePart(app.address, ({ shapes }) => shapes.find(({ kind }) => kind === 'section'));
  const drafting = usePart(app.drawing.draft, (draft) => draft !== null);
  const below = usePart(app.summary, ({ value }) => value?.types.some(({ type }) => isUnderground(type)) ?? false);
  return (
    <section className="panel panel-right panel-list" aria-label={t('tool.section')}>
      <PanelHead title={<h2>{t('tool.section')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body stack" tabIndex={-1}>
        <button type="button" id="draw-section" className="button" onClick={() => startDrawing(app, 'section')}>{t('action.draw.section')}</button>
        <DraftNote />
        {!shape && !drafting && <EmptyNote text="section.none" />}
        {shape && (
          <>
            <dl className="facts">{figuresOf(shape, words).map((figure) => <div key={figure.name}><dt>{t(figure.name)}</dt><dd>{figure.value}</dd></div>)}</dl>
            <section className="stack" data-section="above" aria-label={t('section.aboveTitle')}>
              <h3>{t('section.aboveTitle')}</h3>
              <ProfileSection line={shape.points} />
            </section>
            {below && <UndergroundSection line={shape.points} />}
            <div className="row">
              <button type="button" className="button" onClick={() => copyText(app, figuresText(shape, words))}>{t('measure.copy')}</button>
              <button type="button" className="button" onClick={() => app.drawing.clear(['section'])}>{t('measure.remove')}</button>
            </div>
          </>
        )}
        <UndoButtons />
      </div>
    </section>
  );
}
