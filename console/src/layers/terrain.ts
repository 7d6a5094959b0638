// The shape of the ground: the server's terrain where its record has some, else the plain ellipsoid.
import { CesiumTerrainProvider, EllipsoidTerrainProvider, Material, type Scene } from 'cesium';
import { isAbort } from '../state/api';
import type { App } from '../state/app';

const DOOR = '/tiles/terrain';

/** Slopes are darker, most of all those that look away from the light in the north-west, as on printed maps. */
function shading(): Material {
  return new Material({
    fabric: {
      type: 'CityloomRelief',
      source: `czm_material czm_getMaterial(czm_materialInput materialInput) {
        czm_material material = czm_getDefaultMaterial(materialInput);
        float slope = clamp(materialInput.slope, 0.0, 1.5);
        float away = 0.5 - 0.5 * cos(materialInput.aspect - 2.356);
        material.diffuse = vec3(0.0);
        material.alpha = clamp(sin(slope) * (0.2 + 0.5 * away), 0.0, 0.6);
        return material;
      }`,
    },
  });
}

/** Whether the scene draws terrain: then things on the ground are laid over it. */
export const hasTerrain = (scene: Scene): boolean => !(scene.terrainProvider instanceof EllipsoidTerrainProvider);

/** Keeps the scene's terrain in step with the record. `changed` is called when terrain comes, changes or goes. */
export class TerrainLayer {
  readonly #app: App;
  readonly #scene: Scene;
  readonly #changed: () => void;
  #asked = '';
  #version = '';
  #request: AbortController | null = null;

  constructor(app: App, scene: Scene, changed: () => void) {
    [this.#app, this.#scene, this.#changed] = [app, scene, changed];
  }

  update = (): void => {
    const models = this.#app.summary.get().value?.types.find(({ type }) => type === 'TerrainModel')?.count ?? 0;
    const key = `${models} ${this.#app.cityEdition.get()}`;
    if (key === this.#asked) return;
    this.#asked = key;
    this.#request?.abort();
    if (models === 0) return this.#flatten();
    const request = (this.#request = new AbortController());
    void this.#load(request.signal).catch((error: unknown) => {
      // What is drawn stays; the next change of the city asks again.
      if (!isAbort(error)) this.#asked = '';
    });
  };

  destroy(): void {
    this.#request?.abort();
  }

  #flatten(): void {
    if (!hasTerrain(this.#scene)) return;
    this.#version = '';
    this.#scene.globe.material = undefined;
    this.#scene.terrainProvider = new EllipsoidTerrainProvider();
    this.#show();
  }

  async #load(signal: AbortSignal): Promise<void> {
    const layer = (await this.#app.api.door(`${DOOR}/layer.json`, {}, signal)) as { version?: string; hasTerrain?: boolean };
    if (signal.aborted || !layer.hasTerrain || layer.version === this.#version) return;
    const provider = await this.#app.waits.during(CesiumTerrainProvider.fromUrl(DOOR, { requestVertexNormals: true }));
    // The scene may be gone, or another terrain be on its way.
    if (signal.aborted) return;
    this.#version = layer.version ?? '';
    this.#scene.terrainProvider = provider;
    this.#scene.globe.material = shading();
    this.#show();
  }

  #show(): void {
    const { globe } = this.#scene;
    globe.depthTestAgainstTerrain = hasTerrain(this.#scene) || globe.translucency.enabled;
    this.#scene.requestRender();
    this.#changed();
  }
}
