// The state of the console and what keeps it current. Panels and layers read its stores and call its methods.
import type { Theme } from '../math/paint';
import { isUnderground } from '../math/underground';
import { clampTo, parseInstant, type TimeRange } from '../math/time';
import { formatAddress, languageOf, parseAddress, type Address, type Language } from './address';
import { CityApi, isAbort, loadInto } from './api';
import { isOfCity, maySense } from './catalogue';
import { PointClouds } from './clouds';
import { Credits } from './credits';
import { Drawing } from './drawing';
import { MAP_STARTING, type MapControls, type MapStatus, type Missing } from './map_controls';
import { Imports, type Upload } from './imports';
import { IndoorsState } from './indoors';
import { isMoving, MOVING_TYPES, MovingThings } from './moving';
import type { EntityFacts, MapFeature } from './ngsi';
import { Objects } from './objects';
import { Rasters } from './rasters';
import { OpenPlaces } from './places';
import { Processes } from './processes';
import { Scenarios } from './scenarios';
import { applyChange, sensorOf, type Sensor, type Sensors } from './sensors';
import { Store, watch } from './store';
import { ChangeStream, type StreamOutside } from './stream';
import { IDLE, type Change, type Link, type Loadable, type Quality, type Subscriptions, type Summary } from './types';
import { UndoList } from './undo';
import { ValueTables, wantedTables } from './value_tables';
import { SavedViews, VIEW_TYPE } from './views';
import { Waits } from './waits';
import { Ways } from './ways';

export type Dialog = 'palette' | 'help' | null;

export interface Settings {
  readonly theme: Theme;
  readonly letterKeys: boolean;
  readonly layersOpen: boolean;
  /** Under which name a person decides and comments; empty when not said. */
  readonly author: string;
}

export interface Playing {
  readonly running: boolean;
  readonly speed: number;
  /** Whether playing begins again at the end of the slider. */
  readonly loop: boolean;
}

/** The world outside the page, so that tests can bring their own. */
export interface Outside extends StreamOutside {
  readonly fetch: typeof fetch;
  readonly languages: readonly string[];
  readQuery(): string;
  writeQuery(query: string, push: boolean): void;
  /** A name that was never given before. */
  newId(): string;
  readonly upload: Upload;
  readSettings(): string | null;
  writeSettings(text: string): void;
}

/** Of each type only so many are read. */
export const SENSORS_MAX = 1000;
const TICK_MS = 1000;
const PLAY_MS = 250;
const SUMMARY_EVERY_MS = 20_000;
const LINKS_EVERY_MS = 5_000;
const SETTLE_MS = 400;
/** An import writes in many changes: what is drawn of it is read again so often at most. */
const CITY_SETTLE_MS = 4000;
const READINGS_EVERY_MS = 200;
/** What turned out to be no sensor is asked for again after so long. */
const STRANGER_MS = 60_000;
/** As many of them are remembered. */
const STRANGERS_MAX = 10_000;

function readSettings(outside: Outside): Settings {
  const first: Settings = { theme: 'dark', letterKeys: true, layersOpen: true, author: '' };
  try {
    const stored = JSON.parse(outside.readSettings() ?? '{}') as Partial<Settings>;
    return {
      theme: stored.theme === 'light' || stored.theme === 'dark' ? stored.theme : first.theme,
      letterKeys: stored.letterKeys ?? true,
      layersOpen: stored.layersOpen ?? true,
      author: typeof stored.author === 'string' ? stored.author.slice(0, 100) : '',
    };
  } catch {
    return first;
  }
}

export class App {
  /** What the picture waits for. */
  readonly waits = new Waits();
  readonly api: CityApi;
  readonly address: Store<Address>;
  readonly summary = new Store<Loadable<Summary>>(IDLE);
  /** The counts as of the moment looked at; the same as `summary` when live. */
  readonly summaryThen = new Store<Loadable<Summary>>(IDLE);
  /** The moment looked at once the slider rests (ISO 8601); null when live. */
  readonly restingAsOf: Store<string | null>;
  readonly links = new Store<Loadable<readonly Link[]>>(IDLE);
  readonly subscriptions = new Store<Loadable<Subscriptions>>(IDLE);
  readonly quality = new Store<Loadable<Quality>>(IDLE);
  readonly sensors = new Store<Loadable<Sensors>>(IDLE);
  readonly entity = new Store<Loadable<EntityFacts>>(IDLE);
  readonly settings: Store<Settings>;
  readonly dialog = new Store<Dialog>(null);
  readonly playing = new Store<Playing>({ running: false, speed: 60, loop: false });
  /** How much of the record the time slider covers, back from its end; null: all of it. */
  readonly sliderMs = new Store<number | null>(null);
  readonly announcement = new Store<string>('');
  readonly nowMs: Store<number>;
  readonly map = new Store<MapControls | null>(null);
  readonly mapStatus = new Store<MapStatus>(MAP_STARTING);
  /** What the map still lacks; null while it is complete. */
  readonly missing = new Store<Missing | null>('frames');
  /** Grows when the imported city changed, so that tiles and features are read again. */
  readonly cityEdition = new Store(0);
  readonly stream: ChangeStream;
  readonly undo = new UndoList();
  readonly drawing: Drawing;
  readonly moving = new MovingThings();
  readonly tables: ValueTables;
  readonly ways: Ways;
  readonly views: SavedViews;
  readonly imports: Imports;
  readonly indoors: IndoorsState;
  readonly objects: Objects;
  readonly rasters: Rasters;
  readonly scenarios: Scenarios;
  readonly processes: Processes;
  readonly clouds: PointClouds;
  readonly credits: Credits;
  readonly places = new OpenPlaces();
  readonly #outside: Outside;
  readonly #stops: (() => void)[] = [];
  /** Server clock minus ours, from the last summary. */
  #clockAheadMs = 0;
  #sensorRequest: AbortController | null = null;
  #entityRequest: AbortController | null = null;
  #thenRequest: AbortController | null = null;
  #movingRequest: AbortController | null = null;
  #settling = new Map<string, () => void>();
  #heardChanges: Change[] = [];
  readonly #movedPlaces = new Set<string>();
  /** When entities that are not among the sensors were last looked for among them. */
  readonly #strangers = new Map<string, number>();

  constructor(outside: Outside) {
    this.#outside = outside;
    this.api = new CityApi(outside.fetch, this.waits);
    this.address = new Store(parseAddress(outside.readQuery()));
    this.restingAsOf = new Store(this.asOf);
    this.settings = new Store(readSettings(outside));
    this.nowMs = new Store(outside.nowMs());
    this.stream = new ChangeStream(outside, this.#heard, this.#readAgain);
    this.drawing = new Drawing(this, this.undo);
    this.indoors = new IndoorsState(this);
    this.tables = new ValueTables(this.api);
    this.ways = new Ways(this.api);
    this.views = new SavedViews(this.api, this.undo, () => outside.newId());
    this.objects = new Objects(this.api, this.undo, () => outside.newId());
    this.rasters = new Rasters(this.api);
    this.scenarios = new Scenarios(this.api, this.undo, this, () => outside.newId());
    this.processes = new Processes(this.api);
    this.clouds = new PointClouds(this.api);
    this.credits = new Credits(this.api);
    this.imports = new Imports(outside, () => this.readCityAgain());
  }

  /** Starts reading from the server and following the clock. */
  start(): void {
    this.stream.start();
    this.#every(TICK_MS, this.#tick);
    this.#every(PLAY_MS, this.#play);
    this.#every(SUMMARY_EVERY_MS, () => void this.loadSummary());
    this.#every(LINKS_EVERY_MS, () => void this.loadLinks());
    this.#stops.push(
      watch(this.address, (address) => address.atMs, () => this.#momentChanged()),
      watch(this.address, (address) => address.selected, () => void this.loadEntity(true)),
      this.summary.subscribe(() => void this.credits.follow(this.summary.get())),
      watch(this.summary, sensorTypes, () => void this.loadSensors()),
      watch(this.summary, (summary) => typesOf(summary, isMoving), () => void this.loadMoving()),
      ...this.indoors.follow(),
      this.scenarios.follow(),
      watch(this.address, (address) => address.scenario, () => void this.loadEntity(false)),
      ...[this.address, this.restingAsOf, this.cityEdition].map((store) => store.subscribe(this.#wantAnswers)),
      this.settings.subscribe(() => this.#outside.writeSettings(JSON.stringify(this.settings.get()))),
    );
    void this.loadSummary();
    void this.loadLinks();
    this.#wantAnswers();
  }

  /** Another app of the same city for another moment: with no address bar, no memory and no stream of its own. */
  twin(): App {
    const silent = { addEventListener: () => undefined, close: () => undefined };
    return new App({ ...this.#outside, open: () => silent, readQuery: () => '', writeQuery: () => undefined, writeSettings: () => undefined });
  }

  stop(): void {
    this.stream.stop();
    for (const stop of [...this.#stops, ...this.#settling.values()]) stop();
  }

  get language(): Language {
    return languageOf(this.address.get(), this.#outside.languages);
  }

  /** The clock of the screen, for what moves on it. */
  screenMs = (): number => this.#outside.nowMs();

  /** The moment looked at as the server wants it; null when live. */
  get asOf(): string | null {
    const { atMs } = this.address.get();
    return atMs === null ? null : new Date(atMs).toISOString();
  }

  /** From the first record to now; null while nothing is recorded. */
  get range(): TimeRange | null {
    const startMs = parseInstant(this.summary.get().value?.firstRecordedAt);
    return startMs === null ? null : { startMs, endMs: Math.max(startMs, this.nowMs.get()) };
  }

  /** What the time slider covers: the whole record or the last part of it, and always the moment looked at. */
  get sliderRange(): TimeRange | null {
    const { range } = this;
    const part = this.sliderMs.get();
    if (!range || part === null) return range;
    const { atMs } = this.address.get();
    const startMs = Math.max(range.startMs, range.endMs - part);
    return atMs !== null && atMs < startMs ? { startMs: atMs, endMs: Math.min(range.endMs, atMs + part) } : { startMs, endMs: range.endMs };
  }

  /** Changes the address; `push` makes a step that Back undoes. */
  go(change: Partial<Address>, push = true): void {
    const next = { ...this.address.get(), ...change };
    const before = formatAddress(this.address.get());
    const after = formatAddress(next);
    if (before !== after) this.#outside.writeQuery(after, push);
    this.address.set(next);
  }

  /** The address was changed from outside (Back, Forward). */
  addressChanged(): void {
    this.address.set(parseAddress(this.#outside.readQuery()));
  }

  /** Opens what a link or a saved view holds; the language stays. */
  openQuery(query: string): void {
    const { language, panel } = this.address.get();
    this.go({ ...parseAddress(query), language, panel });
  }

  select(id: string): void {
    this.go({ selected: id, panel: 'inspector' });
  }

  closePanel(): void {
    const { panel } = this.address.get();
    this.go(panel === 'inspector' ? { panel: null, selected: null } : { panel: null });
  }

  /** Looks at a moment of the past, or live when null. Dragging replaces the step instead of adding one. */
  lookAt(ms: number | null, push = true): void {
    const range = this.range;
    if (ms === null || !range || ms >= range.endMs) {
      this.playing.update((playing) => ({ ...playing, running: false }));
      return this.go({ atMs: null }, push);
    }
    this.go({ atMs: clampTo(range, ms) }, push);
  }

  async loadSummary(): Promise<void> {
    await loadInto(this.summary.get, this.#setSummary, () => this.api.summary());
  }

  async loadLinks(): Promise<void> {
    await loadInto(this.links.get, this.links.set, () => this.api.links());
  }

  async loadSubscriptions(): Promise<void> {
    await loadInto(this.subscriptions.get, this.subscriptions.set, () => this.api.subscriptions());
  }

  async loadQuality(): Promise<void> {
    await loadInto(this.quality.get, this.quality.set, () => this.api.quality());
  }

  /** Reads the selected entity as of the moment looked at; `fresh` forgets the one shown. */
  async loadEntity(fresh: boolean): Promise<void> {
    this.#entityRequest?.abort();
    const { selected } = this.address.get();
    if (fresh) this.entity.set(IDLE);
    if (!selected) return;
    const request = (this.#entityRequest = new AbortController());
    const options = { asOf: this.asOf, branch: this.address.get().scenario, signal: request.signal };
    await loadInto(this.entity.get, (value) => {
      if (!request.signal.aborted) this.entity.set(value);
    }, () => this.api.entity(selected, options));
  }

  /** Reads all sensors as of the moment looked at. */
  async loadSensors(): Promise<void> {
    this.#sensorRequest?.abort();
    const request = (this.#sensorRequest = new AbortController());
    const types = sensorTypes(this.summary.get()).split(' ').filter(Boolean);
    const options = { asOf: this.asOf, signal: request.signal };
    await loadInto(this.sensors.get, (value) => {
      if (!request.signal.aborted) this.sensors.set(value);
    }, async () => {
      const pages = await Promise.all(types.map((type) => this.api.entities(type, { offset: 0, limit: SENSORS_MAX }, options)));
      const entities = pages.flatMap((page) => page.items);
      const found = entities.map(sensorOf).filter((one): one is Sensor => one !== null);
      const sensors = new Map(found.map((sensor) => [sensor.id, sensor]));
      if (!request.signal.aborted) this.places.take(entities, sensors);
      return sensors;
    });
  }

  /** Reads where the moving things are as of the moment looked at. */
  async loadMoving(): Promise<void> {
    this.#movingRequest?.abort();
    const { signal } = (this.#movingRequest = new AbortController());
    const { asOf } = this;
    const present = typesOf(this.summary.get(), isMoving).split(' ');
    for (const type of MOVING_TYPES.filter((one) => present.includes(one))) {
      const features: MapFeature[] = [];
      try {
        await this.api.features(type, (page) => features.push(...page), { asOf, signal });
        this.moving.takeAll(type, features, this.screenMs());
      } catch {
        // Those known stay where they are and fade; the next change or moment asks again.
      }
    }
  }

  #setSummary = (summary: Loadable<Summary>): void => {
    this.summary.set(summary);
    const serverMs = parseInstant(summary.value?.now);
    if (summary.state === 'ready' && serverMs !== null) this.#clockAheadMs = serverMs - this.#outside.nowMs();
    if (this.address.get().atMs === null) this.summaryThen.set(summary);
  };

  #momentChanged(): void {
    this.#later('moment', SETTLE_MS / 3, () => {
      this.restingAsOf.set(this.asOf);
      void this.loadEntity(false);
      if (this.summary.get().value) void this.loadSensors();
      void this.loadMoving();
      void this.#loadSummaryThen();
    });
  }

  async #loadSummaryThen(): Promise<void> {
    this.#thenRequest?.abort();
    if (this.address.get().atMs === null) return this.summaryThen.set(this.summary.get());
    const request = (this.#thenRequest = new AbortController());
    await loadInto(this.summaryThen.get, (value) => {
      if (!request.signal.aborted) this.summaryThen.set(value);
    }, () => this.api.summary({ asOf: this.asOf, signal: request.signal })).catch((error: unknown) => {
      if (!isAbort(error)) throw error;
    });
  }

  #tick = (): void => {
    this.nowMs.set(this.#outside.nowMs() + this.#clockAheadMs);
  };

  #play = (): void => {
    const { running, speed, loop } = this.playing.get();
    const { atMs } = this.address.get();
    if (!running || atMs === null) return;
    const next = atMs + speed * PLAY_MS;
    const range = this.sliderRange;
    this.lookAt(loop && range && next >= range.endMs ? range.startMs : next, false);
  };

  #heard = (change: Change): void => {
    if (change.branch !== undefined && change.branch !== 'main') return;
    const { selected, atMs } = this.address.get();
    const types = change.entities.flatMap((entity) => entity.type);
    if (types.includes(VIEW_TYPE) && this.views.list.get().state !== 'idle') this.#later('views', SETTLE_MS, () => void this.views.load());
    if (types.some((type) => isOfCity(type) || isUnderground(type))) this.#later('city', CITY_SETTLE_MS, () => this.readCityAgain());
    for (const type of this.places.movedBy(change)) this.#movedPlaces.add(type);
    if (this.#movedPlaces.size > 0) this.#later('places', CITY_SETTLE_MS, this.#renewPlaces);
    if (atMs !== null) return;
    this.moving.heard(change, this.screenMs());
    if (change.entities.some((entity) => entity.id === selected)) this.#later('entity', SETTLE_MS, () => void this.loadEntity(false));
    this.#heardChanges.push(change);
    this.#later('readings', READINGS_EVERY_MS, this.#applyReadings);
  };

  #renewPlaces = (): void => {
    this.places.renew(new Set(this.#movedPlaces));
    this.#movedPlaces.clear();
  };

  /** What the choices and drawings in the address need of the server. */
  #wantAnswers = (): void => {
    const [address, asOf, edition] = [this.address.get(), this.restingAsOf.get(), this.cityEdition.get()];
    this.tables.want(wantedTables(address), asOf, edition);
    this.ways.want(address.shapes, asOf, edition);
  };

  /** Thousands of readings a second come in many small changes: they reach panels and map together, a few times a second. */
  #applyReadings = (): void => {
    const changes = this.#heardChanges.splice(0);
    const { value } = this.sensors.get();
    if (!value || this.address.get().atMs !== null) return;
    let sensors = value;
    const unknown: { id: string; type: readonly string[] }[] = [];
    for (const change of changes) {
      const applied = applyChange(sensors, change);
      sensors = applied.sensors;
      unknown.push(...applied.unknown);
      for (const { id, deleted } of change.entities) if (deleted) this.#strangers.delete(id);
    }
    if (sensors !== value) this.sensors.set({ state: 'ready', value: sensors, error: null });
    const isNew = ({ id, type }: (typeof unknown)[number]): boolean => type.some(maySense) && (this.#strangers.get(id) ?? -Infinity) < this.nowMs.get() - STRANGER_MS;
    const strangers = unknown.filter(isNew);
    if (this.#strangers.size + strangers.length > STRANGERS_MAX) this.#strangers.clear();
    for (const { id } of strangers) this.#strangers.set(id, this.nowMs.get());
    if (strangers.length > 0) this.#later('sensors', 2000, () => void this.loadSummary().then(() => this.loadSensors()));
  };

  /** Reads all that is drawn of the city again. */
  readCityAgain(): void {
    this.cityEdition.update((edition) => edition + 1);
    void this.loadSummary();
    if (this.address.get().atMs !== null) void this.#loadSummaryThen();
  }

  #readAgain = (): void => {
    this.#later('again', SETTLE_MS, () => {
      void this.loadSummary();
      void this.loadSensors();
      void this.loadMoving();
      void this.loadEntity(false);
      void this.loadLinks();
    });
  };

  /** Runs once after a pause; asking again meanwhile does not postpone it. */
  #later(name: string, ms: number, run: () => void): void {
    if (this.#settling.has(name)) return;
    // The moment was asked for; what the stream tells may come without end.
    const end = name === 'moment' ? this.waits.begin() : null;
    this.#settling.set(name, this.#outside.after(ms, () => {
      this.#settling.delete(name);
      run();
      end?.();
    }));
  }

  #every(ms: number, run: () => void): void {
    let cancel = (): void => undefined;
    const repeat = (): void => {
      cancel = this.#outside.after(ms, () => {
        run();
        repeat();
      });
    };
    repeat();
    this.#stops.push(() => cancel());
  }
}

/** The types that may be sensors, as one text so that it compares by value. */
const sensorTypes = (summary: Loadable<Summary>): string => typesOf(summary, maySense);

function typesOf(summary: Loadable<Summary>, wanted: (type: string) => boolean): string {
  const types = (summary.value?.types ?? []).map(({ type }) => type);
  return types.filter(wanted).sort().join(' ');
}
