// The plane that cuts a scene open, for what Cesium's own clipping planes leave whole: marks by the side on which they stand, shapes and
// models pixel by pixel.
import { Cartesian3, Cartesian4, CustomShader, Matrix4, Plane, Transforms, UniformType, type Model, type Primitive, type Scene } from 'cesium';
import type { Cut } from '../math/cut';
import { Store } from '../state/store';

/** A model that stands farther from the plane is on one side of it altogether. */
const MODEL_REACH_M = 40;
/** By this plane in eye coordinates all is kept. */
const KEEPS_ALL = new Cartesian4(0, 0, 0, 1);

/** What Cesium's types do not tell of an appearance. */
interface OpenAppearance {
  _fragmentShaderSource: string;
  uniforms?: { readonly u_cut: Cartesian4 };
}

function planeOf({ place, keptDegrees }: Cut): Plane {
  const origin = Cartesian3.fromDegrees(place[0], place[1]);
  const kept = (keptDegrees * Math.PI) / 180;
  const normal = Matrix4.multiplyByPointAsVector(Transforms.eastNorthUpToFixedFrame(origin), new Cartesian3(Math.sin(kept), Math.cos(kept), 0), new Cartesian3());
  return Plane.fromPointNormal(origin, normal);
}

export class SceneCut {
  readonly #scene: Scene;
  readonly #plane = new Store<Plane | null>(null);
  readonly #inEye = new Plane(Cartesian3.UNIT_X, 0);
  readonly #uniform = new Cartesian4();
  #shader: CustomShader | null = null;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  set(cut: Cut | null): void {
    if (cut || this.#plane.get()) this.#plane.set(cut && planeOf(cut));
  }

  /** Calls `changed` whenever the plane comes, moves or goes; the answer ends that. */
  watch(changed: () => void): () => void {
    return this.#plane.subscribe(changed);
  }

  /** Whether what stands at a point is taken away. */
  takes(point: Cartesian3): boolean {
    return this.#keptMetres(point) < 0;
  }

  /** Has a shape cut by the plane; to be called before it is first drawn. */
  cutShape({ appearance }: Primitive): void {
    const open = appearance as unknown as OpenAppearance;
    open._fragmentShaderSource = open._fragmentShaderSource.replace(/void main\(\)\s*\{/, (main) => `uniform vec4 u_cut;\n${main}
      if (dot(u_cut.xyz, czm_windowToEyeCoordinates(gl_FragCoord).xyz) + u_cut.w < 0.0) discard;`);
    const now = (): Cartesian4 => this.#now();
    open.uniforms = { get u_cut() { return now(); } };
  }

  /** Shows a model that stands at a point as far as it is kept; to be called again when the plane changed. */
  cutModel(model: Model, point: Cartesian3): void {
    const kept = this.#keptMetres(point);
    model.show = kept > -MODEL_REACH_M;
    const wanted = Math.abs(kept) < MODEL_REACH_M ? (this.#shader ??= this.#modelShader()) : undefined;
    // Cesium takes none too; its types do not say so.
    if (model.customShader !== wanted) model.customShader = wanted as CustomShader;
  }

  #keptMetres(point: Cartesian3): number {
    const plane = this.#plane.get();
    return plane ? Plane.getPointDistance(plane, point) : Number.POSITIVE_INFINITY;
  }

  /** The plane from where the eye is now: single precision would not do for one that counts from the middle of the earth. */
  #now(): Cartesian4 {
    const plane = this.#plane.get();
    if (!plane) return KEEPS_ALL;
    const { normal, distance } = Plane.transform(plane, this.#scene.camera.viewMatrix, this.#inEye);
    return Cartesian4.fromElements(normal.x, normal.y, normal.z, distance, this.#uniform);
  }

  #modelShader(): CustomShader {
    const now = (): Cartesian4 => this.#now();
    return new CustomShader({
      uniforms: { u_cut: { type: UniformType.VEC4, get value() { return now(); } } },
      fragmentShaderText: `void fragmentMain(FragmentInput fsInput, inout czm_modelMaterial material) {
        if (dot(u_cut.xyz, fsInput.attributes.positionEC) + u_cut.w < 0.0) discard;
      }`,
    });
  }
}

const cuts = new WeakMap<Scene, SceneCut>();

/** The cut of a scene, one for all its layers. */
export function cutOfScene(scene: Scene): SceneCut {
  const known = cuts.get(scene) ?? new SceneCut(scene);
  cuts.set(scene, known);
  return known;
}
