// Points coloured by their height: computed where they are drawn, so that nothing is loaded again.
import { Cartesian2, Cartesian3, Cartographic, CustomShader, LightingModel, Matrix4, UniformType, type Scene } from 'cesium';
import { HEIGHT_RAMP, type HeightRange } from '../math/clouds';

const EARTH_RADIUS_M = 6_371_000;

const part = (hex: string, at: number): string => (parseInt(hex.slice(at, at + 2), 16) / 255).toFixed(4);
const vector = (hex: string): string => `vec3(${part(hex, 1)}, ${part(hex, 3)}, ${part(hex, 5)})`;

/** The shader of a cloud around `centre`; `rangeOf` says which heights have the first and the last colour. */
export function heightShader({ camera }: Scene, centre: Cartesian3, rangeOf: () => HeightRange): CustomShader {
  const [seen, ends] = [new Cartesian3(), new Cartesian2()];
  const { height } = Cartographic.fromCartesian(centre);
  const last = HEIGHT_RAMP.length - 1;
  return new CustomShader({
    lightingModel: LightingModel.UNLIT,
    uniforms: {
      // From the eye: in single precision places that count from the middle of the earth are half a metre apart.
      u_centre: { type: UniformType.VEC3, get value() { return Matrix4.multiplyByPoint(camera.viewMatrix, centre, seen); } },
      u_up: { type: UniformType.VEC3, value: Cartesian3.normalize(centre, new Cartesian3()) },
      u_range: { type: UniformType.VEC2, get value() { const { lowMetres, highMetres } = rangeOf(); return Cartesian2.fromElements(lowMetres - height, highMetres - height, ends); } },
    },
    fragmentShaderText: `void fragmentMain(FragmentInput fsInput, inout czm_modelMaterial material) {
      vec3 ramp[${HEIGHT_RAMP.length}] = vec3[${HEIGHT_RAMP.length}](${HEIGHT_RAMP.map(vector).join(', ')});
      vec3 away = fsInput.attributes.positionEC - u_centre;
      float up = dot(away, normalize(czm_viewRotation * u_up));
      float round = (dot(away, away) - up * up) / ${(2 * EARTH_RADIUS_M).toFixed(1)};
      float place = ${last.toFixed(1)} * clamp((up + round - u_range.x) / max(0.01, u_range.y - u_range.x), 0.0, 1.0);
      int below = min(int(place), ${last - 1});
      material.diffuse = czm_srgbToLinear(mix(ramp[below], ramp[below + 1], place - float(below)));
    }`,
  });
}
