// Turns the sensors of the state into marks on the map, once per change and second at most.
import type { Scene } from 'cesium';
import type { App } from '../state/app';
import { isShown } from '../state/catalogue';
import { measuredBy, readingFreshness, type Reading, type Sensor } from '../state/sensors';
import { wordsOf } from '../state/words';
import { SensorMarks, type SensorMark } from './points';

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
    this.#marks.draw(sensors.map((sensor) => this.#markOf(sensor, first.get(sensor.type))), this.#app.settings.get().theme);
  }

  #markOf(sensor: Sensor, attribute: string | undefined): SensorMark {
    const { atMs, selected } = this.#app.address.get();
    const reading: Reading | undefined = attribute === undefined ? undefined : sensor.readings[attribute];
    const connected = atMs !== null || this.#app.stream.state.get().phase !== 'lost';
    const freshness = reading ? readingFreshness(reading, atMs ?? this.#app.nowMs.get(), connected) : 'stale';
    const text = reading ? wordsOf(this.#app.language).quantity(reading.value, reading.unitCode) : '–';
    return { id: sensor.id, position: sensor.position, text, freshness, selected: sensor.id === selected };
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    this.#marks.destroy();
  }
}
