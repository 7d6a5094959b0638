// How the entities of a type look by the choice of the user: coloured by an attribute, and kept or left out by a filter.
import { classOf, type PaintClass } from '../math/paint';
import type { App } from './app';
import { passes, type Filter } from './address_parts';
import { classesOf, type ValueTable } from './value_tables';

export interface Look {
  /** Changes exactly when the look does. */
  readonly key: string;
  readonly paint: { readonly attribute: string; readonly classes: readonly PaintClass[]; readonly table: ValueTable } | null;
  readonly filter: Filter | null;
  readonly filterTable: ValueTable | null;
}

/** The look of a type; null when it is drawn in the layer's own way, also while the values are being read. */
export function lookOf(app: App, type: string): Look | null {
  const { paints, filters } = app.address.get();
  const [attribute, filter] = [paints[type], filters[type] ?? null];
  const table = attribute === undefined ? null : app.tables.get(type, attribute).value;
  const filterTable = filter === null ? null : app.tables.get(type, filter.attribute).value;
  if (!table && !filterTable) return null;
  const { theme } = app.settings.get();
  const size = (one: ValueTable | null): string => (one ? `${one.attribute} ${one.values.size} ${one.total}` : '');
  return {
    key: `${theme} ${size(table)} ${JSON.stringify(filter)} ${size(filterTable)} ${app.cityEdition.get()} ${app.restingAsOf.get()}`,
    paint: table && attribute !== undefined ? { attribute, classes: classesOf(table, theme), table } : null,
    filter: filterTable ? filter : null,
    filterTable,
  };
}

/** The colour of an entity in a look; null when the look does not colour. */
export function colourIn(look: Look | null, id: string): string | null {
  return look?.paint ? (classOf(look.paint.classes, look.paint.table.values.get(id))?.colour ?? null) : null;
}

/** Whether a look shows an entity. */
export function isSeen(look: Look | null, id: string): boolean {
  return !look?.filter || passes(look.filter, look.filterTable?.values.get(id));
}
