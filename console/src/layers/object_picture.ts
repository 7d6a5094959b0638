// Small pictures of objects for the catalogue, drawn from their glTF by one WebGL context of its own.
import { matrixProduct, orthographic, viewFrom, type Matrix } from '../math/matrix';

interface Accessor {
  readonly bufferView: number;
  readonly byteOffset?: number;
  readonly componentType: number;
  readonly count: number;
  readonly min?: readonly number[];
  readonly max?: readonly number[];
}
interface Gltf {
  readonly accessors: readonly Accessor[];
  readonly bufferViews: readonly { readonly byteOffset?: number; readonly byteLength: number }[];
  readonly materials: readonly { readonly name?: string }[];
  readonly meshes: readonly { readonly primitives: readonly { readonly attributes: Readonly<Record<string, number>>; readonly indices: number; readonly material: number }[] }[];
}

const JSON_AT = 20;
const PIXELS_PER_SIDE = 2;

const VERTEX = `attribute vec3 position; attribute vec3 normal; attribute vec4 colour;
uniform mat4 matrix; varying vec3 n; varying vec4 c;
void main() { gl_Position = matrix * vec4(position, 1.0); n = normal; c = colour; }`;
const FRAGMENT = `precision mediump float; varying vec3 n; varying vec4 c; uniform float lit;
void main() {
  vec3 m = normalize(n);
  float light = 0.45 + 0.5 * max(0.0, dot(m, normalize(vec3(-0.4, 0.8, 0.6)))) + 0.12 * max(0.0, dot(m, vec3(1.0, 0.0, 0.2)));
  gl_FragColor = vec4(pow(c.rgb, vec3(1.0 / 2.2)) * mix(light, 1.05, lit), c.a);
}`;

function read(glb: ArrayBuffer): { gltf: Gltf; binary: number } {
  const head = new DataView(glb);
  if (head.getUint32(0, true) !== 0x46546c67) throw new Error('not a glb');
  const length = head.getUint32(12, true);
  const text = new TextDecoder().decode(new Uint8Array(glb, JSON_AT, length));
  return { gltf: JSON.parse(text) as Gltf, binary: JSON_AT + length + 8 };
}

function program(gl: WebGLRenderingContext): WebGLProgram {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error('no shader');
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  return made;
}

/** Looks at the front (+z in glTF) from the right and above, so that all of the box is in the picture. */
function matrixOf(min: readonly number[], max: readonly number[]): Matrix {
  const centre = [0, 1, 2].map((i) => ((min[i] ?? 0) + (max[i] ?? 0)) / 2);
  const view = viewFrom(centre, 0.6, 0.35);
  let radius = 0.01;
  for (let corner = 0; corner < 8; corner++) {
    const point = [0, 1, 2].map((i) => ((corner >> i) & 1 ? max[i] : min[i]) ?? 0);
    for (const row of [0, 1]) {
      radius = Math.max(radius, Math.abs((view[row] ?? 0) * (point[0] ?? 0) + (view[row + 4] ?? 0) * (point[1] ?? 0) + (view[row + 8] ?? 0) * (point[2] ?? 0) + (view[row + 12] ?? 0)));
    }
  }
  return matrixProduct(orthographic(radius * 1.08, radius * 8), view);
}

export class ObjectPictures {
  readonly #canvas = document.createElement('canvas');
  readonly #gl: WebGLRenderingContext | null;
  readonly #program: WebGLProgram | null = null;

  constructor(size: number) {
    this.#canvas.width = this.#canvas.height = size * PIXELS_PER_SIDE;
    this.#gl = this.#canvas.getContext('webgl', { antialias: true, preserveDrawingBuffer: true });
    if (this.#gl) {
      this.#gl.getExtension('OES_element_index_uint');
      this.#program = program(this.#gl);
    }
  }

  /** A picture as a data address; null where the browser draws no WebGL or the file cannot be read. */
  draw(glb: ArrayBuffer): string | null {
    const [gl, drawn] = [this.#gl, this.#program];
    if (!gl || !drawn || gl.isContextLost()) return null;
    const { gltf, binary } = read(glb);
    const primitives = gltf.meshes[0]?.primitives ?? [];
    const position = gltf.accessors[primitives[0]?.attributes['POSITION'] ?? -1];
    if (!position?.min || !position.max) return null;
    gl.viewport(0, 0, this.#canvas.width, this.#canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(drawn);
    gl.uniformMatrix4fv(gl.getUniformLocation(drawn, 'matrix'), false, matrixOf(position.min, position.max));
    const bytesOf = (accessor: Accessor): Uint8Array => {
      const view = gltf.bufferViews[accessor.bufferView];
      return new Uint8Array(glb, binary + (view?.byteOffset ?? 0) + (accessor.byteOffset ?? 0), (view?.byteLength ?? 0) - (accessor.byteOffset ?? 0));
    };
    const buffers: WebGLBuffer[] = [];
    const upload = (target: number, accessor: Accessor): void => {
      const buffer = gl.createBuffer();
      buffers.push(buffer);
      gl.bindBuffer(target, buffer);
      gl.bufferData(target, bytesOf(accessor), gl.STATIC_DRAW);
    };
    const inOrder = [...primitives].sort((a, b) => Number(gltf.materials[a.material]?.name === 'glass') - Number(gltf.materials[b.material]?.name === 'glass'));
    for (const primitive of inOrder) {
      for (const [attribute, name, size] of [['POSITION', 'position', 3], ['NORMAL', 'normal', 3], ['COLOR_0', 'colour', 4]] as const) {
        const accessor = gltf.accessors[primitive.attributes[attribute] ?? -1];
        if (!accessor) continue;
        upload(gl.ARRAY_BUFFER, accessor);
        const place = gl.getAttribLocation(drawn, name);
        gl.enableVertexAttribArray(place);
        gl.vertexAttribPointer(place, size, accessor.componentType, accessor.componentType !== gl.FLOAT, 0, 0);
      }
      const indices = gltf.accessors[primitive.indices];
      if (!indices) continue;
      upload(gl.ELEMENT_ARRAY_BUFFER, indices);
      gl.uniform1f(gl.getUniformLocation(drawn, 'lit'), gltf.materials[primitive.material]?.name === 'lit' ? 1 : 0);
      gl.drawElements(gl.TRIANGLES, indices.count, indices.componentType, 0);
    }
    for (const buffer of buffers) gl.deleteBuffer(buffer);
    return this.#canvas.toDataURL('image/png');
  }
}
