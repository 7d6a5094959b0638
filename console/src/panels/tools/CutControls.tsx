// The cut plane: drawn by two points, moved by a slider, turned to the other side, removed.
import { CUT_MOST_M, flipped, shifted } from '../../math/cut';
import { startDrawing } from '../../state/tool_actions';
import { useApp, usePart, useWords } from '../hooks';

/** What can be done with the cut plane. */
export function CutControls() {
  const app = useApp();
  const words = useWords();
  const { t } = words;
  const shape = usePart(app.address, ({ shapes }) => shapes.find(({ kind }) => kind === 'cut'));
  const metres = shape?.metres ?? 0;
  return (
    <>
      <h3>{t('cut.title')}</h3>
      <button type="button" id="draw-cut" className="button" onClick={() => startDrawing(app, 'cut')}>{t('action.draw.cut')}</button>
      {!shape && <p className="quiet">{t('cut.none')}</p>}
      {shape && (
        <>
          <label className="stack">
            <span className="stack-row"><span>{t('cut.metres')}</span><strong className="number-text">{words.quantity(metres, 'MTR')}</strong></span>
            <input id="cut-metres" type="range" min={-CUT_MOST_M} max={CUT_MOST_M} step={1} value={metres} aria-valuetext={words.quantity(metres, 'MTR')} onChange={(event) => app.drawing.adjust(shifted(shape, Number(event.target.value)))} />
          </label>
          <div className="row">
            <button type="button" id="cut-flip" className="button" onClick={() => app.drawing.adjust(flipped(shape))}>{t('cut.flip')}</button>
            <button type="button" id="cut-clear" className="button" onClick={() => app.drawing.clear(['cut'])}>{t('cut.clear')}</button>
          </div>
        </>
      )}
    </>
  );
}
