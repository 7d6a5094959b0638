// The legend of a layer that is coloured or filtered by choice, with the way back to that choice.
import { lookOf } from '../state/looks';
import { useApp, useStore, useWords } from './hooks';
import { Icon } from './Parts';
import { numberClassLabel } from './tools/ValueClasses';

export function LookLegend({ type }: { type: string }) {
  const app = useApp();
  const words = useWords();
  const { paints, filters } = useStore(app.address);
  useStore(app.settings);
  useStore(app.tables.tables);
  const [paint, filter] = [paints[type], filters[type]];
  if (paint === undefined && filter === undefined) return null;
  const look = lookOf(app, type);
  return (
    <div className="layer-more look-legend">
      {paint !== undefined && <p>{words.t('filter.paintedBy', { attribute: words.attribute(paint) })}</p>}
      {look?.paint && (
        <ul className="legend-list">
          {look.paint.classes.map((one) => (
            <li key={one.key}><span className="legend-swatch" style={{ background: one.colour }} />{one.values ? words.value(one.key, undefined, look.paint?.attribute) : look.paint?.table.kind === 'text' ? words.t('filter.others') : numberClassLabel(words, one, look.paint?.table.unitCode)}</li>
          ))}
        </ul>
      )}
      {filter && <p className="filter-mark"><Icon name="filter" />{words.t('filter.filteredBy', { attribute: words.attribute(filter.attribute) })}</p>}
      <button type="button" className="link-button" onClick={() => app.go({ panel: 'filters' })}>{words.t('filter.change')}</button>
    </div>
  );
}
