// Reads vector tiles by @mapbox/vector-tile; prints one JSON line a file: layers with features, their properties and GeoJSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const load = async (name) => import(pathToFileURL(require.resolve(name)).href);
const { VectorTile, classifyRings } = await load("@mapbox/vector-tile");
const Pbf = (await load("pbf")).default;

for (const argument of process.argv.slice(2)) {
  const [file, z, x, y] = argument.split("@");
  const tile = new VectorTile(new Pbf(readFileSync(file)));
  const layers = {};
  for (const [name, layer] of Object.entries(tile.layers)) {
    const features = [];
    for (let i = 0; i < layer.length; i++) {
      const feature = layer.feature(i);
      const rings = feature.loadGeometry();
      const geojson = feature.toGeoJSON(Number(x), Number(y), Number(z));
      const polygons = feature.type === 3 ? classifyRings(rings).length : 0;
      const points = rings.flat();
      features.push({ type: feature.type, properties: feature.properties, geometry: geojson.geometry, polygons, rings: rings.length,
        least: Math.min(...points.flatMap((p) => [p.x, p.y])), most: Math.max(...points.flatMap((p) => [p.x, p.y])) });
    }
    layers[name] = { version: layer.version, extent: layer.extent, features };
  }
  console.log(JSON.stringify({ file, layers }));
}
