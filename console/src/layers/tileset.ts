// One layer of the city as 3D Tiles in the scene: loaded, shaded, and coloured as its look says.
import { Cartesian3, Cesium3DTileset, Cesium3DTileStyle, Color, CustomShader, JulianDate, LightingModel, Transforms, Matrix4, UniformType, type Cesium3DTile, type Cesium3DTileContent, type Scene } from 'cesium';
import { layerTiles } from '../state/api';
import type { TilesLook } from './tile_looks';

/** Pictures in a row with nothing under way after which all is taken to be there. */
const QUIET_PICTURES = 3;

/** Light from the south-west, three fifths up, in east-north-up. */
const LIGHT = new Cartesian3(-0.5, -0.6, 0.63);

/**
 * Flat shading from the surface itself, so tiles need no normals and weak machines no lighting. With `u_sunny` the sun gives the light,
 * with `u_pictured` surfaces with a picture show it, and those of features left untinted the colour that the model gives them.
 */
function shaderAt(centre: Cartesian3, sunny: number): CustomShader {
  const frame = Transforms.eastNorthUpToFixedFrame(centre);
  const direction = (local: Cartesian3): Cartesian3 => Cartesian3.normalize(Matrix4.multiplyByPointAsVector(frame, local, new Cartesian3()), new Cartesian3());
  return new CustomShader({
    lightingModel: LightingModel.UNLIT,
    uniforms: {
      u_light: { type: UniformType.VEC3, value: direction(LIGHT) },
      u_up: { type: UniformType.VEC3, value: direction(Cartesian3.UNIT_Z) },
      u_sunny: { type: UniformType.FLOAT, value: sunny },
      u_pictured: { type: UniformType.FLOAT, value: 1 },
    },
    fragmentShaderText: `void fragmentMain(FragmentInput fsInput, inout czm_modelMaterial material) {
      vec3 p = fsInput.attributes.positionEC;
      vec3 n = normalize(cross(dFdx(p), dFdy(p)));
      vec3 up = normalize(czm_viewRotation * u_up);
      float lit = max(0.0, dot(n, normalize(czm_viewRotation * u_light)));
      float roof = max(0.0, dot(n, up));
      float day = smoothstep(-0.10, 0.12, dot(czm_sunDirectionEC, up));
      float sun = max(0.0, dot(n, czm_sunDirectionEC)) * day;
      vec3 even = vec3(0.52 + 0.36 * lit + 0.16 * roof);
      vec3 sunlit = mix(vec3(0.16, 0.19, 0.26), vec3(0.42, 0.44, 0.48), day) + vec3(0.62, 0.58, 0.52) * sun + 0.06 * roof;
      vec3 surface = vec3(1.0);
      #if defined(HAS_BASE_COLOR_TEXTURE)
      surface = mix(surface, material.diffuse, u_pictured);
      #elif defined(HAS_SELECTED_FEATURE_ID)
      // A feature's tint is multiplied later; only where it is white may the model's own colour be there before it.
      SelectedFeature feature;
      selectedFeatureIdStage(feature, fsInput.featureIds);
      float untinted = step(0.999, min(feature.color.r, min(feature.color.g, feature.color.b)));
      surface = mix(surface, material.diffuse, u_pictured * untinted);
      #endif
      material.diffuse = surface * mix(even, sunlit, u_sunny);
    }`,
  });
}

/** Loads a layer as of a time, or now. Rejects when it cannot be loaded. */
export async function loadTileset(scene: Scene, layer: string, asOf: string | null, light: boolean, sunny = 0): Promise<DrawnTileset> {
  const tileset = await Cesium3DTileset.fromUrl(layerTiles(layer, asOf), {
    maximumScreenSpaceError: light ? 24 : 12,
    environmentMapOptions: { enabled: false },
    enableCollision: false,
    // Far tiles of a wide city may be coarser: a million buildings are never all fine at once.
    dynamicScreenSpaceError: true,
    foveatedTimeDelay: 0.2,
    cacheBytes: (light ? 64 : 256) * 1024 * 1024,
    maximumCacheOverflowBytes: (light ? 64 : 256) * 1024 * 1024,
  });
  tileset.customShader = shaderAt(tileset.boundingSphere.center, sunny);
  return new DrawnTileset(scene, scene.primitives.add(tileset) as Cesium3DTileset);
}

const isDressed = (feature: { getProperty(name: string): unknown }): boolean => ['textures', 'colours'].includes(String(feature.getProperty('appearance')));

export class DrawnTileset {
  readonly #scene: Scene;
  readonly tileset: Cesium3DTileset;
  #look: TilesLook | null = null;
  #painted = new WeakSet<Cesium3DTileContent>();
  #looked = new WeakSet<Cesium3DTileContent>();
  #dressed: (() => void) | null = null;

  constructor(scene: Scene, tileset: Cesium3DTileset) {
    this.#scene = scene;
    this.tileset = tileset;
    tileset.tileVisible.addEventListener((tile: Cesium3DTile) => {
      this.#paint(tile.content);
      if (this.#dressed) this.#lookForDress(tile.content);
    });
  }

  /** Calls `dressed` once, when something is seen that brings pictures or colours of its own. */
  whenDressed(dressed: () => void): void {
    this.#dressed = dressed;
  }

  #lookForDress(content: Cesium3DTileContent): void {
    if (this.#looked.has(content)) return;
    this.#looked.add(content);
    for (let i = 0; i < content.featuresLength; i++) {
      if (!isDressed(content.getFeature(i))) continue;
      this.#dressed?.();
      this.#dressed = null;
      return;
    }
  }

  /** Colours the features of a tile one by one, once per look. */
  #paint(content: Cesium3DTileContent): void {
    const paint = this.#look?.paint;
    if (!paint || this.#painted.has(content)) return;
    this.#painted.add(content);
    for (let i = 0; i < content.featuresLength; i++) {
      const feature = content.getFeature(i);
      const text = (name: string): string => String(feature.getProperty(name) ?? '');
      const { shown, colour, alpha } = paint({ id: text('id'), category: text('category'), dressed: isDressed(feature) });
      feature.show = shown;
      feature.color = Color.fromCssColorString(colour).withAlpha(alpha);
    }
    this.#scene.requestRender();
  }

  look(look: TilesLook): void {
    if (look.key !== this.#look?.key) {
      this.#look = look;
      this.#painted = new WeakSet();
      this.tileset.style = look.paint ? undefined : new Cesium3DTileStyle(look.style);
    }
    this.tileset.show = look.shown;
    this.tileset.customShader?.setUniform('u_sunny', look.sunny ? 1 : 0);
    this.tileset.customShader?.setUniform('u_pictured', look.pictured ? 1 : 0);
    this.#scene.requestRender();
  }

  /** Loads the contents at these addresses again; what they show stays until the new is there. */
  renew(paths: readonly string[]): void {
    const past = JulianDate.addSeconds(JulianDate.now(), -1, new JulianDate());
    const visit = (tile: Cesium3DTile): void => {
      const url = (tile.content as Cesium3DTileContent | undefined)?.url ?? '';
      if (paths.some((path) => url.includes(`/${path}`))) tile.expireDate = JulianDate.clone(past);
      tile.children.forEach(visit);
    };
    visit(this.tileset.root);
    this.#scene.requestRender();
  }

  /** Calls `seen` once, when what the view needs is drawn; a view without anything of the layer needs nothing. */
  whenSeen(seen: () => void): void {
    // Between the answer with the children and the request for their contents nothing is under way for a picture.
    let quietPictures = 0;
    const end = this.#scene.postRender.addEventListener(() => {
      quietPictures = this.tileset.isDestroyed() || this.tileset.tilesLoaded ? quietPictures + 1 : 0;
      if (quietPictures < QUIET_PICTURES) {
        if (quietPictures > 0) this.#scene.requestRender();
        return;
      }
      (end as () => void)();
      seen();
    });
    this.#scene.requestRender();
  }

  destroy(): void {
    this.#scene.primitives.remove(this.tileset);
    this.#scene.requestRender();
  }
}
