// Writes one glTF tile of extruded buildings with EXT_mesh_features and EXT_structural_metadata, for the stub server.
import earcut from 'earcut';

const EARTH_RADIUS_M = 6378137;
const FIRST_ECCENTRICITY_SQUARED = 0.00669437999014;

function eastNorthUp([lonDeg, latDeg]) {
  const [lon, lat] = [(lonDeg * Math.PI) / 180, (latDeg * Math.PI) / 180];
  const [sl, cl, sp, cp] = [Math.sin(lon), Math.cos(lon), Math.sin(lat), Math.cos(lat)];
  const n = EARTH_RADIUS_M / Math.sqrt(1 - FIRST_ECCENTRICITY_SQUARED * sp * sp);
  const origin = [n * cp * cl, n * cp * sl, n * (1 - FIRST_ECCENTRICITY_SQUARED) * sp];
  return [-sl, cl, 0, 0, -sp * cl, -sp * sl, cp, 0, cp * cl, cp * sl, sp, 0, ...origin, 1];
}

function extrude(ring, height, toLocal, mesh, feature) {
  let points = ring.slice(0, -1).map(toLocal);
  const area = points.reduce((sum, [x, y], i) => { const [u, v] = points[(i + 1) % points.length]; return sum + x * v - u * y; }, 0);
  if (area < 0) points = points.reverse();
  const put = (x, y, z, normal) => {
    mesh.positions.push(x, z, -y);
    mesh.normals.push(...normal);
    mesh.features.push(feature);
    return mesh.features.length - 1;
  };
  const roof = points.map(([x, y]) => put(x, y, height, [0, 1, 0]));
  for (const index of earcut(points.flat())) mesh.indices.push(roof[index]);
  points.forEach(([x, y], i) => {
    const [u, v] = points[(i + 1) % points.length];
    const length = Math.hypot(u - x, v - y) || 1;
    const normal = [(v - y) / length, 0, (u - x) / length];
    const [a, b, c, d] = [put(x, y, 0, normal), put(u, v, 0, normal), put(u, v, height, normal), put(x, y, height, normal)];
    mesh.indices.push(a, b, c, a, c, d);
  });
}

class Binary {
  chunks = [];
  views = [];
  length = 0;
  add(buffer, target) {
    const padding = (8 - (this.length % 8)) % 8;
    this.chunks.push(Buffer.alloc(padding), buffer);
    this.views.push({ buffer: 0, byteOffset: this.length + padding, byteLength: buffer.length, ...(target ? { target } : {}) });
    this.length += padding + buffer.length;
    return this.views.length - 1;
  }
  strings(values) {
    const encoded = values.map((value) => Buffer.from(value ?? ''));
    const offsets = new Uint32Array(values.length + 1);
    encoded.forEach((value, i) => { offsets[i + 1] = offsets[i] + value.length; });
    return { values: this.add(Buffer.concat([...encoded, Buffer.alloc(1)]).subarray(0, offsets.at(-1) || 1)), stringOffsets: this.add(Buffer.from(offsets.buffer)) };
  }
}

function pack(json, binary) {
  const pad = (buffer, fill) => Buffer.concat([buffer, Buffer.alloc((4 - (buffer.length % 4)) % 4, fill)]);
  const text = pad(Buffer.from(JSON.stringify(json)), 0x20);
  const data = pad(Buffer.concat(binary.chunks), 0);
  const head = Buffer.alloc(20);
  head.writeUInt32LE(0x46546c67, 0); head.writeUInt32LE(2, 4); head.writeUInt32LE(28 + text.length + data.length, 8);
  head.writeUInt32LE(text.length, 12); head.writeUInt32LE(0x4e4f534a, 16);
  const middle = Buffer.alloc(8);
  middle.writeUInt32LE(data.length, 0); middle.writeUInt32LE(0x004e4942, 4);
  return Buffer.concat([head, text, middle, data]);
}

function propertyTable(buildings, binary) {
  const numbers = (pick) => ({ values: binary.add(Buffer.from(Float32Array.from(buildings, pick).buffer)) });
  return {
    class: 'building', count: buildings.length,
    properties: {
      id: binary.strings(buildings.map((b) => b.id)),
      name: binary.strings(buildings.map((b) => b.name?.languageMap.ko ?? b.name?.languageMap['@none'])),
      height: numbers((b) => b.height.value), levels: numbers((b) => b.levels?.value ?? 0),
      heightSource: binary.strings(buildings.map((b) => b.height.heightSource.value)),
      category: binary.strings(buildings.map((b) => b.category.value)),
    },
  };
}

/** { tileset, glb } of the buildings around `centre` (longitude, latitude). */
export function buildTiles(buildings, centre) {
  const scale = [Math.cos((centre[1] * Math.PI) / 180) * 111320, 110950];
  const toLocal = ([lon, lat]) => [(lon - centre[0]) * scale[0], (lat - centre[1]) * scale[1]];
  const mesh = { positions: [], normals: [], features: [], indices: [] };
  buildings.forEach((b, i) => extrude(b.location.value.coordinates[0], b.height.value, toLocal, mesh, i));
  const binary = new Binary();
  const count = mesh.features.length;
  const bounds = [0, 1, 2].map((axis) => { let [low, high] = [Infinity, -Infinity]; for (let i = axis; i < count * 3; i += 3) { low = Math.min(low, Math.fround(mesh.positions[i])); high = Math.max(high, Math.fround(mesh.positions[i])); } return [low, high]; });
  const string = { type: 'STRING' };
  const number = { type: 'SCALAR', componentType: 'FLOAT32' };
  const accessors = [
    { bufferView: binary.add(Buffer.from(Float32Array.from(mesh.positions).buffer), 34962), componentType: 5126, count, type: 'VEC3', min: bounds.map((b) => b[0]), max: bounds.map((b) => b[1]) },
    { bufferView: binary.add(Buffer.from(Float32Array.from(mesh.normals).buffer), 34962), componentType: 5126, count, type: 'VEC3' },
    { bufferView: binary.add(Buffer.from(Float32Array.from(mesh.features).buffer), 34962), componentType: 5126, count, type: 'SCALAR' },
    { bufferView: binary.add(Buffer.from(Uint32Array.from(mesh.indices).buffer), 34963), componentType: 5125, count: mesh.indices.length, type: 'SCALAR' },
  ];
  const table = propertyTable(buildings, binary);
  const gltf = {
    asset: { version: '2.0' }, extensionsUsed: ['EXT_mesh_features', 'EXT_structural_metadata'],
    extensions: { EXT_structural_metadata: { schema: { id: 'city', classes: { building: { properties: { id: string, name: string, height: number, levels: number, heightSource: string, category: string } } } }, propertyTables: [table] } },
    scene: 0, scenes: [{ nodes: [0] }], nodes: [{ mesh: 0 }], materials: [{ pbrMetallicRoughness: { metallicFactor: 0, roughnessFactor: 1 } }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0, NORMAL: 1, _FEATURE_ID_0: 2 }, indices: 3, material: 0, extensions: { EXT_mesh_features: { featureIds: [{ featureCount: buildings.length, attribute: 0, propertyTable: 0 }] } } }] }],
    accessors, bufferViews: binary.views, buffers: [{ byteLength: binary.length }],
  };
  const tileset = { asset: { version: '1.1' }, geometricError: 500, root: { transform: eastNorthUp(centre), boundingVolume: { box: [0, 0, 100, 4000, 0, 0, 0, 4000, 0, 0, 0, 200] }, geometricError: 0, refine: 'ADD', content: { uri: 'all.glb' } } };
  return { tileset, glb: pack(gltf, binary) };
}
