// Keeps the layers of tiles in the scene in step with the state: edition of the city, colours, selection, moment.
import type { Scene } from 'cesium';
import { BODY_LAYERS } from '../math/bodies';
import { QUALITIES } from '../math/quality';
import { isAbort } from '../state/api';
import type { App } from '../state/app';
import { bodiesLook, buildingsLook, type TilesLook } from './tile_looks';
import { loadTileset, type DrawnTileset } from './tileset';

const TRY_AGAIN_MS = 8000;

/** A layer of the server's tiles: the types in it, and how it looks. */
interface TileLayerRow {
  readonly name: string;
  readonly types: readonly string[];
  readonly look: (app: App) => TilesLook;
}

const ROWS: readonly TileLayerRow[] = [
  { name: 'buildings', types: ['Building'], look: buildingsLook },
  ...Object.entries(BODY_LAYERS).map(([name, types]): TileLayerRow => ({ name, types, look: (app) => bodiesLook(app, types) })),
];

type Phase = 'loading' | 'ready' | 'failed';

/** What the tiles in the scene show, and where their contents come from. */
interface Drawn {
  readonly version: string;
  readonly asOf: string | null;
  readonly edition: number;
}

class TileLayer {
  readonly #app: App;
  readonly #scene: Scene;
  readonly #row: TileLayerRow;
  readonly #told: () => void;
  #tiles: DrawnTileset | null = null;
  #drawn: Drawn | null = null;
  #wanted = '';
  #request: AbortController | null = null;
  #retry = 0;
  #ended = false;
  /** null: nothing of the layer has been asked for. */
  phase: Phase | null = null;

  constructor(app: App, scene: Scene, row: TileLayerRow, told: () => void) {
    [this.#app, this.#scene, this.#row, this.#told] = [app, scene, row, told];
  }

  /** Whether the city has anything of the layer, now or at the moment looked at. */
  get #known(): boolean {
    const types = [this.#app.summary, this.#app.summaryThen].flatMap((summary) => summary.get().value?.types ?? []);
    return this.#drawn !== null || types.some(({ type, count }) => this.#row.types.includes(type) && count > 0);
  }

  update(): void {
    const edition = this.#app.cityEdition.get();
    const asOf = this.#app.restingAsOf.get();
    const wanted = `${edition} ${asOf ?? 'now'}`;
    if (wanted !== this.#wanted && this.#known) {
      this.#wanted = wanted;
      void this.#bring(edition, asOf);
    }
    this.#look();
  }

  #look(): void {
    if (!this.#tiles) return;
    const error = QUALITIES[this.#app.mapStatus.get().quality]?.screenSpaceError;
    if (error !== undefined) this.#tiles.tileset.maximumScreenSpaceError = error;
    this.#tiles.look(this.#row.look(this.#app));
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
      const { version, empty } = await this.#app.api.tiles(this.#row.name, { asOf, signal });
      if (this.#isDrawn(version, asOf, edition)) return this.#tell('ready');
      if (asOf === null && (await this.#renew(edition, signal))) return;
      const next = empty ? null : await this.#app.waits.during(loadTileset(this.#scene, this.#row.name, asOf, this.#app.mapStatus.get().light));
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
    if (!this.#drawn || this.#drawn.asOf !== null || !this.#tiles) return false;
    const { version, changed } = await this.#app.api.changedTiles(this.#row.name, this.#drawn.version, signal);
    if (changed === null || this.#ended || signal.aborted) return false;
    this.#tiles.renew(changed);
    this.#drawn = { version, asOf: null, edition };
    this.#tiles.whenSeen(() => this.#tell('ready'));
    return true;
  }

  /** What was drawn before stays until what comes after can be seen. */
  #replace(next: DrawnTileset | null, drawn: Drawn): void {
    const before = this.#tiles;
    this.#tiles = next;
    this.#drawn = drawn;
    const seen = (): void => {
      before?.destroy();
      if (this.#tiles === next) this.#tell('ready');
    };
    if (!next) return seen();
    next.whenSeen(seen);
    next.whenDressed(() => this.#app.mapStatus.update((status) => ({ ...status, dressed: true })));
    next.tileset.tileFailed.addEventListener(() => this.#tell('failed'));
    this.#look();
  }

  #tell(phase: Phase): void {
    if (this.#ended) return;
    this.phase = phase;
    this.#told();
  }

  destroy(): void {
    this.#ended = true;
    this.#request?.abort();
    window.clearTimeout(this.#retry);
  }
}

/** All layers of tiles. */
export class TileLayers {
  readonly #app: App;
  readonly #layers: readonly TileLayer[];

  constructor(app: App, scene: Scene) {
    this.#app = app;
    this.#layers = ROWS.map((row) => new TileLayer(app, scene, row, this.#tell));
  }

  update = (): void => {
    for (const layer of this.#layers) layer.update();
  };

  /** The map is as ready as the layer that is least so. */
  #tell = (): void => {
    const phases = this.#layers.map(({ phase }) => phase);
    const tiles = (['failed', 'loading'] as const).find((phase) => phases.includes(phase)) ?? 'ready';
    this.#app.mapStatus.update((status) => (status.tiles === tiles ? status : { ...status, tiles }));
  };

  destroy(): void {
    for (const layer of this.#layers) layer.destroy();
  }
}
