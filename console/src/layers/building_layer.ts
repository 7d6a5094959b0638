// Keeps the buildings of the scene in step with the state: edition of the city, colours, selection, moment.
import type { Scene } from 'cesium';
import type { App } from '../state/app';
import { isShown } from '../state/catalogue';
import { loadBuildings, type Buildings } from './buildings';

const TRY_AGAIN_MS = 8000;

export class BuildingLayer {
  readonly #app: App;
  readonly #scene: Scene;
  #buildings: Buildings | null = null;
  #edition = -1;
  #retry = 0;
  #ended = false;

  constructor(app: App, scene: Scene) {
    this.#app = app;
    this.#scene = scene;
  }

  #count(then: boolean): number {
    const summary = (then ? this.#app.summaryThen : this.#app.summary).get().value;
    return summary?.types.find(({ type }) => type === 'Building')?.count ?? 0;
  }

  update = (): void => {
    const edition = this.#app.cityEdition.get();
    if (this.#count(false) > 0 && edition !== this.#edition) {
      this.#edition = edition;
      void this.#load(edition);
    }
    const address = this.#app.address.get();
    const shown = isShown(address, 'Building') && this.#count(true) > 0;
    this.#buildings?.look({ colourBy: address.colourBy, selected: address.selected, theme: this.#app.settings.get().theme, shown });
  };

  async #load(edition: number): Promise<void> {
    this.#tell('loading');
    try {
      const next = await loadBuildings(this.#scene, edition, this.#app.mapStatus.get().light);
      if (this.#ended || edition !== this.#edition) return next.destroy();
      this.#buildings?.destroy();
      this.#buildings = next;
      next.tileset.initialTilesLoaded.addEventListener(() => this.#tell('ready'));
      next.tileset.tileFailed.addEventListener(() => this.#tell('failed'));
      this.update();
    } catch {
      this.#tell('failed');
      this.#retry = window.setTimeout(() => {
        this.#edition = -1;
        this.update();
      }, TRY_AGAIN_MS);
    }
  }

  #tell(tiles: 'loading' | 'ready' | 'failed'): void {
    if (!this.#ended) this.#app.mapStatus.update((status) => ({ ...status, tiles }));
  }

  destroy(): void {
    this.#ended = true;
    window.clearTimeout(this.#retry);
  }
}
