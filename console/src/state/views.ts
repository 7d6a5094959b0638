// Views saved under a name: entities of type SavedView in the record itself, so that everybody sees them and none is ever lost.
import type { CityApi } from './api';
import { loadInto } from './api';
import type { EntityFacts } from './ngsi';
import { Store } from './store';
import { IDLE, type Loadable } from './types';
import type { UndoList } from './undo';

export const VIEW_TYPE = 'SavedView';
const VIEWS_MAX = 500;

export interface SavedView {
  readonly id: string;
  readonly name: string;
  /** The query of the address, from "?" on. */
  readonly query: string;
  readonly savedMs: number | null;
}

function viewOfEntity({ id, attributes }: EntityFacts): SavedView | null {
  const text = (name: string): string | null => {
    const value = attributes.find((one) => one.name === name)?.value;
    return typeof value === 'string' ? value : null;
  };
  const [name, query] = [text('viewName'), text('viewQuery')];
  if (name === null || query === null) return null;
  return { id, name, query: decodeURIComponent(query), savedMs: attributes.find((one) => one.name === 'viewQuery')?.receivedMs ?? null };
}

/** The query is kept escaped, since some readers of NGSI-LD refuse signs such as = and ( in texts. */
const entityOf = ({ id, name, query }: SavedView): unknown => ({
  id, type: VIEW_TYPE, viewName: { type: 'Property', value: name }, viewQuery: { type: 'Property', value: encodeURIComponent(query) },
});

export class SavedViews {
  readonly list = new Store<Loadable<readonly SavedView[]>>(IDLE);
  readonly #api: CityApi;
  readonly #undo: UndoList;
  readonly #newId: () => string;

  constructor(api: CityApi, undo: UndoList, newId: () => string) {
    [this.#api, this.#undo, this.#newId] = [api, undo, newId];
  }

  load = (): Promise<void> => loadInto(this.list.get, this.list.set, async () => {
    const page = await this.#api.entities(VIEW_TYPE, { offset: 0, limit: VIEWS_MAX });
    const views = page.items.map(viewOfEntity).filter((one): one is SavedView => one !== null);
    return views.sort((a, b) => a.name.localeCompare(b.name));
  });

  /** Saves a view for everybody. Rejects with a RequestError when the server does not take it. */
  async save(name: string, query: string): Promise<void> {
    const view: SavedView = { id: `urn:ngsi-ld:${VIEW_TYPE}:${this.#newId()}`, name, query, savedMs: null };
    await this.#create(view);
    this.#undo.did({ text: 'undo.viewSaved', undo: () => this.#delete(view), redo: () => this.#create(view) });
  }

  async rename(view: SavedView, name: string): Promise<void> {
    const put = (text: string) => async (): Promise<void> => {
      await this.#api.change('PATCH', `/ngsi-ld/v1/entities/${encodeURIComponent(view.id)}/attrs`, { viewName: { type: 'Property', value: text } });
      await this.load();
    };
    await put(name)();
    this.#undo.did({ text: 'undo.viewRenamed', undo: put(view.name), redo: put(name) });
  }

  async remove(view: SavedView): Promise<void> {
    await this.#delete(view);
    this.#undo.did({ text: 'undo.viewRemoved', undo: () => this.#create(view), redo: () => this.#delete(view) });
  }

  async #create(view: SavedView): Promise<void> {
    await this.#api.change('POST', '/ngsi-ld/v1/entities', entityOf(view));
    await this.load();
  }

  async #delete({ id }: SavedView): Promise<void> {
    await this.#api.change('DELETE', `/ngsi-ld/v1/entities/${encodeURIComponent(id)}`);
    await this.load();
  }
}
