// Keeps the buildings of the scene in step with the state: edition of the city, colours, selection, moment.
import type { Scene } from 'cesium';
import { QUALITIES } from '../math/quality';
import { isAbort } from '../state/api';
import type { App } from '../state/app';
import { isShown } from '../state/catalogue';
import { lookOf } from '../state/looks';
import { loadBuildings, type Buildings } from './buildings';

const TRY_AGAIN_MS = 8000;

/** What the tiles in the scene show, and where their contents come from. */
interface Drawn {
  readonly version: string;
  readonly asOf: string | null;
  readonly edition: number;
}

export class BuildingLayer {
  readonly #app: App;
  readonly #scene: Scene;
  #buildings: Buildings | null = null;
  #drawn: Drawn | null = null;
  #wanted = '';
  #request: AbortController | null = null;
  #retry = 0;
  #ended = false;

  constructor(app: App, scene: Scene) {
    this.#app = app;
    this.#scene = scene;
  }

  get #known(): boolean {
    const types = this.#app.summary.get().value?.types ?? [];
    return this.#drawn !== null || types.some(({ type, count }) => type === 'Building' && count > 0);
  }

  update = (): void => {
    const edition = this.#app.cityEdition.get();
    const asOf = this.#app.restingAsOf.get();
    const wanted = `${edition} ${asOf ?? 'now'}`;
    if (wanted !== this.#wanted && (asOf !== null || this.#known)) {
      this.#wanted = wanted;
      void this.#bring(edition, asOf);
    }
    this.#look();
  };

  #look(): void {
    const error = QUALITIES[this.#app.mapStatus.get().quality]?.screenSpaceError;
    if (this.#buildings && error !== undefined) this.#buildings.tileset.maximumScreenSpaceError = error;
    const address = this.#app.address.get();
    const look = lookOf(this.#app, 'Building');
    this.#buildings?.look({ look, colourBy: address.colourBy, selected: address.selected, theme: this.#app.settings.get().theme, shown: isShown(address, 'Building'), sunny: address.sun !== null, faint: address.under !== null, opened: address.inside?.building ?? null });
  }

  /** Most moments have the buildings that are drawn already: then nothing is loaded. */
  #isDrawn(version: string, asOf: string | null, edition: number): boolean {
    if (this.#drawn?.version !== version) return false;
    // Tiles of now that are not loaded yet would come as they are now, which is another edition than the one wanted.
    return this.#drawn.asOf !== null || asOf === null || this.#drawn.edition === edition;
  }

  async #bring(edition: number, asOf: string | null): Promise<void> {
    this.#request?.abort();
    window.clearTimeout(this.#retry);
    const { signal } = (this.#request = new AbortController());
    this.#tell('loading');
    try {
      const { version, empty } = await this.#app.api.buildings({ asOf, signal });
      if (this.#isDrawn(version, asOf, edition)) return this.#tell('ready');
      if (asOf === null && (await this.#renew(edition, signal))) return;
      const next = empty ? null : await loadBuildings(this.#scene, asOf, this.#app.mapStatus.get().light);
      if (this.#ended || signal.aborted) return next?.destroy();
      this.#replace(next, { version, asOf, edition });
    } catch (error) {
      if (this.#ended || signal.aborted || isAbort(error)) return;
      this.#tell('failed');
      this.#retry = window.setTimeout(() => {
        this.#wanted = '';
        this.update();
      }, TRY_AGAIN_MS);
    }
  }

  /** Where only contents of tiles changed, those alone are loaded again. */
  async #renew(edition: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#drawn || this.#drawn.asOf !== null || !this.#buildings) return false;
    const { version, changed } = await this.#app.api.changedBuildings(this.#drawn.version, signal);
    if (changed === null || this.#ended || signal.aborted) return false;
    this.#buildings.renew(changed);
    this.#drawn = { version, asOf: null, edition };
    this.#buildings.whenSeen(() => this.#tell('ready'));
    return true;
  }

  /** What was drawn before stays until what comes after can be seen. */
  #replace(next: Buildings | null, drawn: Drawn): void {
    const before = this.#buildings;
    this.#buildings = next;
    this.#drawn = drawn;
    const seen = (): void => {
      before?.destroy();
      if (this.#buildings === next) this.#tell('ready');
    };
    if (!next) return seen();
    next.whenSeen(seen);
    next.tileset.tileFailed.addEventListener(() => this.#tell('failed'));
    this.#look();
  }

  #tell(tiles: 'loading' | 'ready' | 'failed'): void {
    if (!this.#ended) this.#app.mapStatus.update((status) => ({ ...status, tiles }));
  }

  destroy(): void {
    this.#ended = true;
    this.#request?.abort();
    window.clearTimeout(this.#retry);
  }
}
