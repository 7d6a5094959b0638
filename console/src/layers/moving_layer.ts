// Vehicles and people on the map: one arrow each, turned as it moves, thousands at once. Faded when no report comes any more.
import { BillboardCollection, Cartesian2, Cartesian3, Color, NearFarScalar, type Billboard, type Scene } from 'cesium';
import { MOVING_COLOURS, SCENE, type Theme } from '../math/paint';
import { shownAt } from '../math/track';
import type { App } from '../state/app';
import { isShown } from '../state/catalogue';
import type { MovingThing } from '../state/moving';
import { movingImage, type MovingShape } from './marks';
import { cutOfScene } from './scene_cut';

/** With so many the far ones are drawn every few frames only. */
const CALM_ABOVE = 3000;
const HEIGHT_M = 1.5;
const FRAME_MS = 33;
const REST_AFTER_MS = 120_000;

const shapeOf = ({ type, kind }: MovingThing): MovingShape => (type === 'Person' ? 'person' : /bus|truck|lorry|tram|train/i.test(kind) ? 'long' : 'car');

interface Drawn {
  readonly billboard: Billboard;
  look: string;
  /** The ground at both ends of the glide, asked once a report: it costs too much for each frame. */
  groundFrom: number;
  groundTo: number;
  reportMs: number;
}

export class MovingLayer {
  readonly #app: App;
  readonly #scene: Scene;
  readonly #marks: BillboardCollection;
  readonly #drawn = new Map<string, Drawn>();
  readonly #scratch = new Cartesian3();
  readonly #up = new Map<string, Cartesian3>();
  #timer = 0;
  #lastReportMs = 0;
  readonly #endCutting: () => void;
  #ground: (longitude: number, latitude: number) => number;

  /** `ground` gives the height of the ground above the ellipsoid, for things that say none. */
  constructor(app: App, scene: Scene, ground: (longitude: number, latitude: number) => number) {
    [this.#app, this.#scene, this.#ground] = [app, scene, ground];
    this.#marks = scene.primitives.add(new BillboardCollection({ scene })) as BillboardCollection;
    this.#endCutting = cutOfScene(scene).watch(() => this.#frame());
  }

  /** Reports came or the choice of layers changed: moves until things have been silent for long. */
  update = (): void => {
    this.#lastReportMs = this.#app.screenMs();
    if (this.#timer === 0) this.#timer = window.setInterval(this.#frame, FRAME_MS);
    this.#frame();
  };

  #frame = (): void => {
    const nowMs = this.#app.screenMs();
    const { moving } = this.#app;
    const address = this.#app.address.get();
    const { theme } = this.#app.settings.get();
    if (document.visibilityState === 'hidden' && moving.all.size > 0) return;
    const shown: Readonly<Record<string, boolean>> = { Vehicle: isShown(address, 'Vehicle'), Person: isShown(address, 'Person') };
    const before = this.#drawn.size;
    for (const [id, { billboard }] of this.#drawn) {
      const thing = moving.all.get(id);
      if (thing && shown[thing.type]) continue;
      this.#marks.remove(billboard);
      this.#drawn.delete(id);
    }
    let turn = 0;
    const calm = moving.all.size > CALM_ABOVE;
    for (const thing of moving.all.values()) {
      if (!shown[thing.type]) continue;
      turn++;
      if (calm && this.#drawn.has(thing.id) && (turn + Math.floor(nowMs / FRAME_MS)) % 4 !== 0) continue;
      this.#place(thing, nowMs, theme, address.selected === thing.id);
    }
    this.#follow(address.follow, nowMs);
    // Things that nobody sees draw no frames.
    if (before + this.#drawn.size > 0) this.#scene.requestRender();
    if (nowMs - this.#lastReportMs > REST_AFTER_MS || moving.all.size === 0) this.#rest();
  };

  #place(thing: MovingThing, nowMs: number, theme: Theme, selected: boolean): void {
    const { place, heading, presence } = shownAt(thing.track, nowMs);
    const shown = this.#drawn.get(thing.id) ?? this.#add(thing);
    const { billboard } = shown;
    const height = (place[2] ?? this.#groundBelow(thing, shown, nowMs)) + HEIGHT_M;
    billboard.position = Cartesian3.fromDegrees(place[0], place[1], height, undefined, this.#scratch);
    billboard.rotation = (-heading * Math.PI) / 180;
    billboard.show = presence > 0 && !cutOfScene(this.#scene).takes(billboard.position);
    const drawn = this.#drawn.get(thing.id);
    const look = `${theme}${selected}${thing.kind}${thing.track.still}${Math.round(presence * 8)}`;
    if (!drawn || drawn.look === look) return;
    drawn.look = look;
    // Without a known direction a dot, so that no arrow says what nobody reported.
    const { image, id } = movingImage(thing.track.still ? 'person' : shapeOf(thing), selected ? SCENE[theme].accent : movingColour(thing, theme), SCENE[theme].halo, thing.invented);
    billboard.setImage(id, image);
    billboard.color = Color.WHITE.withAlpha(0.15 + 0.85 * presence);
    billboard.scale = selected ? 0.75 : 0.5;
  }

  #groundBelow({ track }: MovingThing, shown: Drawn, nowMs: number): number {
    if (shown.reportMs !== track.atMs) {
      shown.groundFrom = this.#ground(track.from[0], track.from[1]);
      shown.groundTo = this.#ground(track.to[0], track.to[1]);
      shown.reportMs = track.atMs;
    }
    return shown.groundFrom + (shown.groundTo - shown.groundFrom) * Math.min(1, Math.max(0, (nowMs - track.atMs) / track.glideMs));
  }

  #add({ id, track }: MovingThing): Drawn {
    const [longitude, latitude] = track.to;
    const key = `${longitude.toFixed(1)},${latitude.toFixed(1)}`;
    const north = this.#up.get(key) ?? northAt(longitude, latitude);
    this.#up.set(key, north);
    const billboard = this.#marks.add({
      id, position: Cartesian3.fromDegrees(longitude, latitude), alignedAxis: north, scaleByDistance: new NearFarScalar(150, 1.6, 6000, 0.45), pixelOffset: Cartesian2.ZERO, disableDepthTestDistance: 120,
    });
    const drawn = { billboard, look: '', groundFrom: 0, groundTo: 0, reportMs: Number.NaN };
    this.#drawn.set(id, drawn);
    return drawn;
  }

  /** Keeps the followed thing in the middle, from the same side and distance. */
  #follow(id: string | null, nowMs: number): void {
    const thing = id === null ? undefined : this.#app.moving.all.get(id);
    if (!thing) return;
    const { place } = shownAt(thing.track, nowMs);
    this.#app.map.get()?.lookFrom([place[0], place[1], place[2] ?? this.#ground(place[0], place[1])]);
  }

  #rest(): void {
    window.clearInterval(this.#timer);
    this.#timer = 0;
  }

  destroy(): void {
    this.#endCutting();
    this.#rest();
  }
}

/** The direction north at a place, along which arrows are turned. */
function northAt(longitude: number, latitude: number): Cartesian3 {
  const [x, y] = [(longitude * Math.PI) / 180, (latitude * Math.PI) / 180];
  return new Cartesian3(-Math.sin(y) * Math.cos(x), -Math.sin(y) * Math.sin(x), Math.cos(y));
}

/** The colour of a moving thing. */
export function movingColour(thing: MovingThing, theme: Theme): string {
  return MOVING_COLOURS[theme][shapeOf(thing)];
}
