// Point clouds as 3D Tiles, each loaded when the eye first comes to where it lies.
import { Cesium3DTileset, Rectangle, type CustomShader, type Scene } from 'cesium';
import { boxOf } from '../math/geo';
import type { App } from '../state/app';
import { isShown } from '../state/catalogue';
import { CLOUD_TYPE, cloudTiles, cloudVersion, heightsOfClouds } from '../state/clouds';
import type { MapFeature } from '../state/ngsi';
import { heightShader } from './cloud_heights';
import { belongsTo } from './picking';

/** Points are drawn larger where they lie far apart, up to so many pixels. */
const POINT_PIXELS_MOST = 10;
const COARSE = { fine: 8, light: 14 } as const;

interface Drawn {
  readonly version: string;
  tileset: Cesium3DTileset | null;
  byHeight: CustomShader | null;
}

export class CloudLayer {
  readonly #app: App;
  readonly #scene: Scene;
  /** By id; null while it is on its way. */
  readonly #drawn = new Map<string, Drawn>();
  readonly #failed = new Set<string>();
  readonly #endFollowing: () => void;
  #loaded = '';
  #ended = false;

  constructor(app: App, scene: Scene) {
    [this.#app, this.#scene] = [app, scene];
    this.#endFollowing = scene.camera.moveEnd.addEventListener(this.update) as () => void;
  }

  update = (): void => {
    const { summaryThen, address, cityEdition, restingAsOf, clouds } = this.#app;
    const present = (summaryThen.get().value?.types ?? []).some(({ type, count }) => type === CLOUD_TYPE && count > 0);
    const shown = present && isShown(address.get(), CLOUD_TYPE);
    const wanted = `${cityEdition.get()} ${restingAsOf.get()}`;
    if (shown && (wanted !== this.#loaded || clouds.list.get().state === 'failed')) {
      this.#loaded = wanted;
      void clouds.load(restingAsOf.get());
    }
    const known = present ? (clouds.list.get().value ?? []) : [];
    this.#forget(known);
    for (const drawn of this.#drawn.values()) this.#look(drawn, shown);
    if (shown) for (const cloud of known) if (!this.#drawn.has(cloud.id) && this.#isSeen(cloud)) void this.#bring(cloud);
    this.#scene.requestRender();
  };

  #look(drawn: Drawn, shown: boolean): void {
    const { tileset } = drawn;
    if (!tileset) return;
    tileset.show = shown;
    const byHeight = this.#app.address.get().cloudColouring === 'height' && this.#heights() !== null;
    if (byHeight) drawn.byHeight ??= heightShader(this.#scene, tileset.boundingSphere.center, () => this.#heights() ?? { lowMetres: 0, highMetres: 0 });
    tileset.customShader = byHeight ? (drawn.byHeight ?? undefined) : undefined;
  }

  #heights = (): ReturnType<typeof heightsOfClouds> => heightsOfClouds(this.#app.clouds.list.get().value ?? []);

  /** Takes away clouds that are not there any more, or are others now. */
  #forget(known: readonly MapFeature[]): void {
    const versions = new Map(known.map((cloud) => [cloud.id, cloudVersion(cloud)]));
    for (const [id, { version, tileset }] of this.#drawn) {
      if (versions.get(id) === version) continue;
      if (tileset) this.#scene.primitives.remove(tileset);
      this.#drawn.delete(id);
    }
  }

  #isSeen({ geometry }: MapFeature): boolean {
    const [box, view] = [boxOf(geometry), this.#scene.camera.computeViewRectangle()];
    return box !== null && (view === undefined || Rectangle.intersection(Rectangle.fromDegrees(...box), view) !== undefined);
  }

  async #bring(cloud: MapFeature): Promise<void> {
    const drawn: Drawn = { version: cloudVersion(cloud), tileset: null, byHeight: null };
    this.#drawn.set(cloud.id, drawn);
    const { light } = this.#app.mapStatus.get();
    try {
      const tileset = await this.#app.waits.during(Cesium3DTileset.fromUrl(cloudTiles(cloud.id, this.#app.restingAsOf.get()), {
        maximumScreenSpaceError: light ? COARSE.light : COARSE.fine, enableCollision: false, environmentMapOptions: { enabled: false },
        pointCloudShading: { attenuation: true, maximumAttenuation: POINT_PIXELS_MOST, eyeDomeLighting: !light },
      }));
      if (this.#ended || this.#drawn.get(cloud.id) !== drawn) return tileset.destroy();
      drawn.tileset = this.#scene.primitives.add(tileset) as Cesium3DTileset;
      belongsTo(tileset, cloud.id);
      tileset.tileFailed.addEventListener(() => this.#tell(cloud.id, true));
      this.#tell(cloud.id, false);
      this.update();
    } catch {
      // Asked for again when the eye moves on.
      if (this.#drawn.get(cloud.id) === drawn) this.#drawn.delete(cloud.id);
      this.#tell(cloud.id, true);
    }
  }

  #tell(id: string, failed: boolean): void {
    if (this.#ended) return;
    if (failed) this.#failed.add(id);
    else this.#failed.delete(id);
    this.#app.mapStatus.update((status) => {
      const others = status.layersFailed.filter((type) => type !== CLOUD_TYPE);
      return { ...status, layersFailed: this.#failed.size > 0 ? [...others, CLOUD_TYPE] : others };
    });
  }

  destroy(): void {
    this.#ended = true;
    this.#endFollowing();
    for (const { tileset } of this.#drawn.values()) if (tileset) this.#scene.primitives.remove(tileset);
  }
}
