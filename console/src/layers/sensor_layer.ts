// Turns the sensors of the state into marks on the map, once per change and second at most.
import type { Scene } from 'cesium';
import type { App } from '../state/app';
import { isShown } from '../state/catalogue';
import { passes } from '../state/address_parts';
import { classOf } from '../math/paint';
import type { Look } from '../state/looks';
import { lookOf } from '../state/looks';
import { measuredBy, readingFreshness, type Reading, type Sensor } from '../state/sensors';
import { wordsOf } from '../state/words';
import { NO_VALUE, SensorMarks, type SensorMark } from './points';

export class SensorLayer {
  readonly #app: App;
  readonly #marks: SensorMarks;
  #waiting = false;
  #frame = 0;

  constructor(app: App, scene: Scene) {
    this.#app = app;
    this.#marks = new SensorMarks(scene);
  }

  /** Draws with the next frame, however often it is called before. */
  update = (): void => {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#frame = requestAnimationFrame(() => {
      this.#waiting = false;
      this.#draw();
    });
  };

  #draw(): void {
    const { value } = this.#app.sensors.get();
    const address = this.#app.address.get();
    const sensors = [...(value?.values() ?? [])].filter(({ type }) => isShown(address, type));
    const first = new Map<string, string | undefined>();
    for (const { type } of sensors) {
      if (value && !first.has(type)) first.set(type, address.shown[type] ?? measuredBy(value, type)[0]);
    }
    const looks = new Map([...first.keys()].map((type) => [type, lookOf(this.#app, type)] as const));
    const seen = sensors.filter((sensor) => isSeenNow(looks.get(sensor.type) ?? null, sensor));
    this.#marks.draw(seen.map((sensor) => this.#markOf(sensor, first.get(sensor.type), looks.get(sensor.type) ?? null)), this.#app.settings.get().theme);
  }

  #markOf(sensor: Sensor, attribute: string | undefined, look: Look | null): SensorMark {
    const { atMs, selected } = this.#app.address.get();
    const reading: Reading | undefined = attribute === undefined ? undefined : sensor.readings[attribute];
    const connected = atMs !== null || this.#app.stream.state.get().phase !== 'lost';
    const freshness = reading ? readingFreshness(reading, atMs ?? this.#app.nowMs.get(), connected) : 'stale';
    const text = reading ? wordsOf(this.#app.language).quantity(reading.value, reading.unitCode) : NO_VALUE;
    return { id: sensor.id, position: sensor.position, text, freshness, selected: sensor.id === selected, colour: colourNow(look, sensor), invented: sensor.invented };
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    this.#marks.destroy();
  }
}

/** A sensor's own value goes before the table's, since it changes while the table rests. */
const valueNow = (sensor: Sensor, attribute: string, table: ReadonlyMap<string, number | string>): number | string | undefined => sensor.readings[attribute]?.value ?? table.get(sensor.id);

function isSeenNow(look: Look | null, sensor: Sensor): boolean {
  return !look?.filter || !look.filterTable || passes(look.filter, valueNow(sensor, look.filter.attribute, look.filterTable.values));
}

function colourNow(look: Look | null, sensor: Sensor): string | null {
  return look?.paint ? (classOf(look.paint.classes, valueNow(sensor, look.paint.attribute, look.paint.table.values))?.colour ?? null) : null;
}
