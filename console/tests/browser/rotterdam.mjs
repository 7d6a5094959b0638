// A named place in Rotterdam, whose coordinates others than us have published, and the outline of what stands there, computed by other formulas than ours.
import { readFileSync } from 'node:fs';
import { mapReady } from './browser.mjs';
import { ask } from './server.mjs';
import { expect } from './tally.mjs';

/** The Oude of Pelgrimvaderskerk in Delfshaven: 51°54'30.795" N, 4°26'56.067" E, as tripomatic.com publishes it. */
const CHURCH = [4 + 26 / 60 + 56.067 / 3600, 51 + 54 / 60 + 30.795 / 3600];
const MODEL_ID = '{E32AF8A5-8B9A-4C78-9347-60414658B64B}';

// From the Dutch grid to WGS 84, right to some decimetres: Schreutelkamp and Strang van Hees, Benaderingsformules voor de transformatie tussen
// RD- en WGS84-kaartcoördinaten, Geodesia 43 (2001). Power of x, power of y, seconds of arc.
const NORTH = [[0, 1, 3235.65389], [2, 0, -32.58297], [0, 2, -0.2475], [2, 1, -0.84978], [0, 3, -0.0655], [2, 2, -0.01709], [1, 0, -0.00738], [4, 0, 0.0053], [2, 3, -0.00039], [4, 1, 0.00033], [1, 1, -0.00012]];
const EAST = [[1, 0, 5260.52916], [1, 1, 105.94684], [1, 2, 2.45656], [3, 0, -0.81885], [1, 3, 0.05594], [3, 1, -0.05607], [0, 1, 0.01199], [3, 2, -0.00256], [1, 4, 0.00128], [0, 2, 0.00022], [2, 0, -0.00022], [5, 0, 0.00026]];
const series = (terms, x, y) => terms.reduce((sum, [p, q, seconds]) => sum + seconds * x ** p * y ** q, 0) / 3600;

function placeOf([x, y]) {
  const [dx, dy] = [(x - 155_000) * 1e-5, (y - 463_000) * 1e-5];
  return [5.38720621 + series(EAST, dx, dy), 52.1551744 + series(NORTH, dx, dy)];
}

const METRES_PER_DEGREE = 111_320;
const metresOf = ([longitude, latitude]) => [(longitude - CHURCH[0]) * Math.cos((CHURCH[1] * Math.PI) / 180) * METRES_PER_DEGREE, (latitude - CHURCH[1]) * METRES_PER_DEGREE];

/** The outer rings of all faces of the church that are roofs, in metres around its published place. */
function roofsOf(model) {
  const [sx, sy] = model.transform.scale;
  const [tx, ty] = model.transform.translate;
  const ringOf = (ring) => ring.map((i) => metresOf(placeOf([model.vertices[i][0] * sx + tx, model.vertices[i][1] * sy + ty])));
  return model.CityObjects[MODEL_ID].geometry.flatMap(({ type, boundaries, semantics }) => {
    const [faces, values] = type === 'Solid' ? [boundaries[0], semantics.values[0]] : [boundaries, semantics.values];
    return faces.filter((_, i) => semantics.surfaces[values[i]]?.type === 'RoofSurface').map(([outer]) => ringOf(outer));
  });
}

function isInside([x, y], ring) {
  let inside = false;
  ring.forEach(([x1, y1], i) => {
    const [x2, y2] = ring[(i + 1) % ring.length];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  });
  return inside;
}

/** Whether a point and its neighbours a metre away lie below roofs; null where only some do. */
function isBelow([x, y], roofs) {
  const inside = [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]].filter(([east, north]) => roofs.some((ring) => isInside([x + east, y + north], ring))).length;
  return inside === 5 ? true : inside === 0 ? false : null;
}

/** What is drawn at pixels all over the middle of the map, and where. */
const drawnAround = (page) => page.evaluate(() => {
  const map = window.__cityloom.map.get();
  const { width, height } = document.getElementById('map').getBoundingClientRect();
  const found = [];
  for (let x = 0.45; x < 0.78; x += 0.03) for (let y = 0.1; y < 0.8; y += 0.07) {
    const at = { x: width * x, y: height * y };
    found.push({ id: map.pick(at), place: map.placeAt(at) });
  }
  return found;
});

export async function rotterdamChecks({ tally, shoot }, page, server, file) {
  const bytes = readFileSync(file);
  await ask(server.url, '/api/import?name=rotterdam.city.json', { method: 'POST', body: bytes });
  const roofs = roofsOf(JSON.parse(bytes));
  await tally.check('Rotterdam: a church is drawn at its published place, and its roofs where other formulas put them', async () => {
    await page.goto(`${server.url}/console/?view=${CHURCH[0].toFixed(6)},${CHURCH[1].toFixed(6)},160,0,-89`);
    await mapReady(page);
    await shoot(page, 'rotterdam-church');
    const church = await page.evaluate(([x, y]) => window.__cityloom.map.get().pick(window.__cityloom.map.get().pixelOf(x, y, 15)), CHURCH);
    expect(church?.includes('E32AF8A5'), `at the place of the church is ${church}`);
    const drawn = (await drawnAround(page)).map(({ id, place }) => ({ isChurch: id === church, below: isBelow(metresOf(place), roofs) }));
    const [within, beside] = [drawn.filter(({ below }) => below === true), drawn.filter(({ below }) => below === false)];
    const wrong = [...within, ...beside].filter(({ isChurch, below }) => isChurch !== below).length;
    console.log(`  ${within.length} points on its roofs, ${beside.length} beside them, ${wrong} not as computed`);
    // A roof beside it may reach over its edge; two metres elsewhere would make it seven.
    expect(within.length > 20 && beside.length > 20 && wrong <= 2, `${wrong} of ${within.length} points on its roofs and ${beside.length} beside them are not as computed`);
  });
}
