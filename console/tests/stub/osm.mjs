// Reads an .osm file into NGSI-LD entities, roughly as the server does: enough to look at the console without the server.
import { readFileSync } from 'node:fs';

const attribute = (text, name) => text.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1];
const unescapeXml = (text) =>
  text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&apos;', "'").replaceAll('&amp;', '&');

function readElements(path) {
  const nodes = new Map();
  const ways = [];
  const elements = /<(node|way)\b([^>]*?)(?:\/>|>([\s\S]*?)<\/\1>)/g;
  for (const [, kind, head, body = ''] of readFileSync(path, 'utf8').matchAll(elements)) {
    const tags = {};
    for (const [, k, v] of body.matchAll(/<tag k="([^"]*)" v="([^"]*)"/g)) tags[k] = unescapeXml(v);
    const id = attribute(head, 'id');
    if (kind === 'node') nodes.set(id, { id, tags, at: [Number(attribute(head, 'lon')), Number(attribute(head, 'lat'))] });
    else ways.push({ id, tags, nodes: [...body.matchAll(/<nd ref="(\d+)"/g)].map((m) => m[1]) });
  }
  return { nodes, ways };
}

const nameOf = (tags) => {
  const map = {};
  if (tags['name:ko']) map.ko = tags['name:ko'];
  if (tags['name:en']) map.en = tags['name:en'];
  if (tags.name) map['@none'] = tags.name;
  return Object.keys(map).length ? { type: 'LanguageProperty', languageMap: map } : undefined;
};

function heightOf(tags) {
  if (Number(tags.height) > 0) return [Number(tags.height), 'measured'];
  if (Number(tags['building:levels']) > 0) return [Number(tags['building:levels']) * 3, 'levels'];
  return [6, 'estimated'];
}

function buildingOf(way, geometry, provided) {
  const [height, heightSource] = heightOf(way.tags);
  const levels = Number(way.tags['building:levels']);
  return {
    id: `urn:ngsi-ld:Building:osm-way-${way.id}`,
    type: 'Building',
    name: nameOf(way.tags),
    location: { type: 'GeoProperty', value: geometry },
    height: { type: 'Property', value: height, unitCode: 'MTR', heightSource: { type: 'Property', value: heightSource }, ...provided },
    ...(levels > 0 ? { levels: { type: 'Property', value: levels, ...provided } } : {}),
    category: { type: 'Property', value: way.tags.building, ...provided },
  };
}

function roadOf(way, geometry, provided) {
  return {
    id: `urn:ngsi-ld:RoadSegment:osm-way-${way.id}-0`,
    type: 'RoadSegment',
    name: nameOf(way.tags),
    location: { type: 'GeoProperty', value: geometry },
    roadClass: { type: 'Property', value: way.tags.highway, ...provided },
    laneCount: { type: 'Property', value: Number(way.tags.lanes) || 2, ...provided },
  };
}

function areaOf(way, geometry, provided) {
  const water = way.tags.natural === 'water' || way.tags.waterway === 'riverbank';
  const green = ['park', 'garden', 'pitch', 'playground'].includes(way.tags.leisure) || ['grass', 'forest'].includes(way.tags.landuse);
  if (!water && !green) return null;
  const type = water ? 'Water' : 'GreenSpace';
  return { id: `urn:ngsi-ld:${type}:osm-way-${way.id}`, type, name: nameOf(way.tags), location: { type: 'GeoProperty', value: geometry, ...provided } };
}

function pointOf(node, provided) {
  const { highway, amenity, shop } = node.tags;
  const type = highway === 'traffic_signals' ? 'TrafficSignal' : highway === 'crossing' ? 'Crossing' : amenity || shop ? 'PointOfInterest' : null;
  if (!type) return null;
  return {
    id: `urn:ngsi-ld:${type}:osm-node-${node.id}`,
    type,
    name: nameOf(node.tags),
    location: { type: 'GeoProperty', value: { type: 'Point', coordinates: node.at } },
    category: { type: 'Property', value: amenity ?? shop ?? highway, ...provided },
  };
}

/** All entities of the file, in the normalized representation. */
export function readCity(path) {
  const { nodes, ways } = readElements(path);
  const entities = [];
  for (const way of ways) {
    const line = way.nodes.map((id) => nodes.get(id)?.at).filter(Boolean);
    if (line.length < 2) continue;
    const provided = { providedBy: { type: 'Property', value: `seoul-jamsil.osm way/${way.id}` } };
    const closed = way.nodes[0] === way.nodes.at(-1) && line.length > 3;
    const polygon = { type: 'Polygon', coordinates: [line] };
    if (way.tags.highway) entities.push(roadOf(way, { type: 'LineString', coordinates: line }, provided));
    else if (closed && way.tags.building) entities.push(buildingOf(way, polygon, provided));
    else if (closed) entities.push(areaOf(way, polygon, provided));
  }
  for (const node of nodes.values()) {
    entities.push(pointOf(node, { providedBy: { type: 'Property', value: `seoul-jamsil.osm node/${node.id}` } }));
  }
  return entities.filter(Boolean).map((entity) => JSON.parse(JSON.stringify(entity)));
}
