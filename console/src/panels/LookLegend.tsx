// The legend of a layer that is coloured or filtered by choice, with the way back to that choice.
import { lookOf } from '../state/looks';
import { wantedTables } from '../state/value_tables';
import { useApp, useStore, useWords } from './hooks';
import { EmptyNote, FailureNote, Icon, LoadingNote } from './Parts';
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
  const tables = [paint, filter?.attribute].filter((name) => name !== undefined).map((name) => app.tables.get(type, name));
  const failure = tables.find(({ error }) => error !== null)?.error;
  const readAgain = (): void => {
    const wanted = wantedTables(app.address.get()).filter(([one]) => one === type);
    for (const [, attribute] of wanted) app.tables.forget(type, attribute);
    app.tables.want(wanted, app.restingAsOf.get(), app.cityEdition.get());
  };
  return (
    <div className="layer-more look-legend">
      {paint !== undefined && <p>{words.t('filter.paintedBy', { attribute: words.attribute(paint) })}</p>}
      {failure && <FailureNote failure={failure} onRetry={readAgain} />}
      {!failure && tables.some(({ value }) => value === null) && <LoadingNote text="filter.loading" />}
      {look?.paint?.table.values.size === 0 && <EmptyNote text="filter.noValues" />}
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
