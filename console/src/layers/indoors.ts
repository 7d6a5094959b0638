// The inside of a building on the map: the storey looked at, rooms to be clicked, walls seen through, the way out as a line.
import { ArcType, Cartesian3, Cesium3DTileset, Cesium3DTileStyle, Color, GeometryInstance, PolylineColorAppearance, PolylineGeometry, Primitive, type Scene } from 'cesium';
import { SCENE, type Theme } from '../math/paint';
import { indoorTiles } from '../state/api';
import type { App } from '../state/app';
import { Slot } from './flat';

const WALL_SEEN = 0.28;
const ROOM_SEEN = 0.35;
const WAY_PIXELS = 5;

/** The style of what is inside, as Cesium's style language writes it. */
export function indoorStyle(storey: string | null, selected: string | null, theme: Theme): { show: string; color: { conditions: [string, string][] } } {
  const isPlain = (id: string): boolean => /^[\w:.$%-]+$/.test(id);
  const conditions: [string, string][] = [];
  if (selected && isPlain(selected)) conditions.push(['${id} === ' + `'${selected}'`, `color('${SCENE[theme].accent}', 0.85)`]);
  const seen = theme === 'dark' ? '#c9d4de' : '#5b6b7a';
  conditions.push(["${type} === 'Room'", `color('${SCENE[theme].accent}', ${ROOM_SEEN})`]);
  conditions.push(["${category} === 'wall' || ${category} === 'roof' || ${category} === 'covering' || ${category} === 'curtainWall'", `color('${seen}', ${WALL_SEEN})`]);
  conditions.push(["${category} === 'window'", "color('#7fb3d5', 0.35)"], ["${category} === 'door'", "color('#d08a3c', 0.9)"], ["${category} === 'stair'", "color('#e0b040', 0.95)"]);
  conditions.push(["${type} === 'Equipment' || ${type} === 'Device'", "color('#4fb286', 0.95)"], ["${category} === 'slab' || ${category} === 'footing'", `color('${seen}', 0.45)`], ['true', `color('${seen}', 0.8)`]);
  const show = storey && isPlain(storey) ? "${storey} === '" + storey + "'" : "${type} !== 'Room' || ${area} > 0";
  return { show, color: { conditions } };
}

export class IndoorLayer {
  readonly #app: App;
  readonly #scene: Scene;
  readonly #way: Slot;
  #tileset: Cesium3DTileset | null = null;
  #drawn = '';
  #styled = '';
  #wayDrawn: unknown = null;
  #ended = false;

  constructor(app: App, scene: Scene) {
    [this.#app, this.#scene] = [app, scene];
    this.#way = new Slot(scene);
  }

  update = (): void => {
    const { inside, selected } = this.#app.address.get();
    const { theme } = this.#app.settings.get();
    const key = inside ? `${inside.building} ${this.#app.restingAsOf.get()} ${this.#app.cityEdition.get()}` : '';
    if (key !== this.#drawn) {
      this.#drawn = key;
      void this.#bring(inside?.building ?? null, key);
    }
    this.#look(inside?.storey ?? null, selected, theme);
    this.#drawWay(theme);
  };

  async #bring(building: string | null, key: string): Promise<void> {
    if (!building) return this.#replace(null);
    try {
      const tileset = await this.#app.waits.during(Cesium3DTileset.fromUrl(indoorTiles(building, this.#app.restingAsOf.get()), { maximumScreenSpaceError: 1, enableCollision: false, environmentMapOptions: { enabled: false } }));
      if (this.#ended || this.#drawn !== key) return tileset.destroy();
      this.#replace(this.#scene.primitives.add(tileset) as Cesium3DTileset);
    } catch {
      // The panel says that the plan failed and asks again; the map stays as it is.
      if (this.#drawn === key) this.#drawn = 'failed';
    }
  }

  #replace(tileset: Cesium3DTileset | null): void {
    if (this.#tileset) this.#scene.primitives.remove(this.#tileset);
    this.#tileset = tileset;
    this.#styled = '';
    const { inside, selected } = this.#app.address.get();
    this.#look(inside?.storey ?? null, selected, this.#app.settings.get().theme);
    this.#scene.requestRender();
  }

  #look(storey: string | null, selected: string | null, theme: Theme): void {
    const style = indoorStyle(storey, selected, theme);
    const text = JSON.stringify(style);
    if (!this.#tileset || text === this.#styled) return;
    this.#styled = text;
    this.#tileset.style = new Cesium3DTileStyle(style);
    this.#scene.requestRender();
  }

  #drawWay(theme: Theme): void {
    const { value } = this.#app.indoors.way.get();
    const shown = this.#app.address.get().inside ? value : null;
    if (shown === this.#wayDrawn) return;
    this.#wayDrawn = shown;
    const points = (shown?.line ?? []).map(([longitude, latitude, height]) => Cartesian3.fromDegrees(longitude, latitude, (height ?? 0) + 0.3));
    const primitive = points.length < 2 ? null : new Primitive({
      geometryInstances: new GeometryInstance({
        geometry: new PolylineGeometry({ positions: points, width: WAY_PIXELS, arcType: ArcType.NONE, vertexFormat: PolylineColorAppearance.VERTEX_FORMAT, colors: points.map(() => Color.fromCssColorString(theme === 'dark' ? '#ffd24a' : '#b36b00')), colorsPerVertex: true }),
      }),
      appearance: new PolylineColorAppearance({ translucent: false }),
      asynchronous: false,
    });
    this.#way.put(primitive);
    this.#scene.requestRender();
  }

  destroy(): void {
    this.#ended = true;
    this.#way.destroy();
    if (this.#tileset) this.#scene.primitives.remove(this.#tileset);
  }
}
