// Buildings as 3D Tiles, coloured by an attribute; the selected one stands out.
import { Cartesian3, Cesium3DTileset, Cesium3DTileStyle, Color, CustomShader, JulianDate, LightingModel, Transforms, Matrix4, UniformType, type Cesium3DTile, type Cesium3DTileContent, type Scene } from 'cesium';
import { buildingTiles } from '../state/api';
import { colourIn, isSeen, type Look } from '../state/looks';
import { buildingClasses, SCENE, type ColourBy, type PaintClass, type Theme } from '../math/paint';

export interface BuildingsLook {
  readonly colourBy: ColourBy;
  readonly theme: Theme;
  readonly selected: string | null;
  readonly shown: boolean;
  readonly sunny: boolean;
  /** Seen through while one looks below the ground. */
  readonly faint: boolean;
  /** The building that one looks into: its outside is not drawn. */
  readonly opened: string | null;
  /** Colours and filter by an attribute that the tiles do not carry themselves; null: the layer's own way. */
  readonly look: Look | null;
}

const FAINT = 0.25;

/** Pictures in a row with nothing under way after which all is taken to be there. */
const QUIET_PICTURES = 3;

/** Light from the south-west, three fifths up, in east-north-up. */
const LIGHT = new Cartesian3(-0.5, -0.6, 0.63);

/** The condition of a style under which a class applies; null for the class of all else. */
function conditionOf(by: ColourBy, one: PaintClass): string | null {
  const property = '${' + by + '}';
  if (one.values) return one.values.map((value) => `${property} === '${value}'`).join(' || ');
  if (one.from === undefined) return null;
  // A building without the number has none in the tiles either, and comparing nothing would stop the map.
  const known = `${property} !== undefined && ${property} >= ${one.from}`;
  return one.to === undefined ? known : `${known} && ${property} < ${one.to}`;
}

/** The style of buildings as Cesium's style language writes it. */
export function styleOf({ colourBy, theme, selected, faint, opened }: BuildingsLook): { show: string; color: { conditions: [string, string][] } } {
  const conditions: [string, string][] = [];
  if (selected && /^[\w:./#%-]+$/.test(selected)) conditions.push(['${id} === ' + `'${selected}'`, `color('${SCENE[theme].accent}')`]);
  for (const one of buildingClasses(colourBy, theme)) conditions.push([conditionOf(colourBy, one) ?? 'true', `color('${one.colour}'${faint ? `, ${FAINT}` : ''})`]);
  return { show: opened && /^[\w:.$%-]+$/.test(opened) ? '${id} !== ' + `'${opened}'` : 'true', color: { conditions } };
}

/** Flat shading from the surface itself, so tiles need no normals and weak machines no lighting. With `u_sunny` the sun gives the light. */
function shaderAt(centre: Cartesian3, sunny: number): CustomShader {
  const frame = Transforms.eastNorthUpToFixedFrame(centre);
  const direction = (local: Cartesian3): Cartesian3 => Cartesian3.normalize(Matrix4.multiplyByPointAsVector(frame, local, new Cartesian3()), new Cartesian3());
  return new CustomShader({
    lightingModel: LightingModel.UNLIT,
    uniforms: {
      u_light: { type: UniformType.VEC3, value: direction(LIGHT) },
      u_up: { type: UniformType.VEC3, value: direction(Cartesian3.UNIT_Z) },
      u_sunny: { type: UniformType.FLOAT, value: sunny },
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
      material.diffuse = mix(even, sunlit, u_sunny);
    }`,
  });
}

/** Loads the buildings as of a time, or now. Rejects when they cannot be loaded. */
export async function loadBuildings(scene: Scene, asOf: string | null, light: boolean, sunny = 0): Promise<Buildings> {
  const tileset = await Cesium3DTileset.fromUrl(buildingTiles(asOf), {
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
  return new Buildings(scene, scene.primitives.add(tileset) as Cesium3DTileset);
}

export class Buildings {
  readonly #scene: Scene;
  readonly tileset: Cesium3DTileset;
  #last = '';
  #looks: BuildingsLook | null = null;
  #painted = new WeakSet<Cesium3DTileContent>();

  constructor(scene: Scene, tileset: Cesium3DTileset) {
    this.#scene = scene;
    this.tileset = tileset;
    tileset.tileVisible.addEventListener((tile: Cesium3DTile) => this.#paint(tile.content));
  }

  /** Colours the features of a tile by the table of values, once per look. */
  #paint(content: Cesium3DTileContent): void {
    const looks = this.#looks;
    if (!looks?.look || this.#painted.has(content)) return;
    this.#painted.add(content);
    const rest = buildingClasses(looks.colourBy, looks.theme).at(-1)?.colour ?? '#888888';
    for (let i = 0; i < content.featuresLength; i++) {
      const feature = content.getFeature(i);
      const id = String(feature.getProperty('id'));
      feature.show = isSeen(looks.look, id) && id !== looks.opened;
      feature.color = Color.fromCssColorString(id === looks.selected ? SCENE[looks.theme].accent : (colourIn(looks.look, id) ?? rest)).withAlpha(looks.faint && id !== looks.selected ? FAINT : 1);
    }
    this.#scene.requestRender();
  }

  look(look: BuildingsLook): void {
    const text = look.look ? `${look.look.key} ${look.selected} ${look.theme} ${look.faint} ${look.opened}` : JSON.stringify(styleOf(look));
    if (text !== this.#last) {
      this.#last = text;
      this.#looks = look;
      this.#painted = new WeakSet();
      // Styled by Cesium where the tiles carry what is needed; by our own table of values else.
      this.tileset.style = look.look ? undefined : new Cesium3DTileStyle(styleOf(look));
    }
    this.tileset.show = look.shown;
    this.tileset.customShader?.setUniform('u_sunny', look.sunny ? 1 : 0);
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

  /** Calls `seen` once, when what the view needs is drawn; a view without any building needs nothing. */
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
