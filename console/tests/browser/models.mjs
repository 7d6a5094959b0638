// City models: a textured one, imported as the zip that it is shipped as, one with colours, and one with bodies of every kind. Against
// servers of their own, for the models lie elsewhere than the district.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { colours, difference, mapReady, openPage, pixels, settled } from './browser.mjs';
import { fits, inEnglish, PHONE, sheetWorks, spotOf } from './fits.mjs';
import { rotterdamChecks } from './rotterdam.mjs';
import { allOf, ask, startServer } from './server.mjs';
import { expect } from './tally.mjs';

const MIDDLE = { x: 420, y: 200, width: 500, height: 420 };
/** The museum at Yokosuka: two parts whose faces have pictures. */
const TEXTURED = 'urn:ngsi-ld:Building:bldg_16418b2d-dc75-4731-ae04-90bbef1d66fe';

const middleOf = (corners, axis) => corners.reduce((sum, corner) => sum + corner[axis], 0) / corners.length;

/** Where an entity with a body stands: its middle, the height of its highest corner, and the middles of its faces. */
async function placeOf(url, id) {
  const entity = await ask(url, `/ngsi-ld/v1/entities/${encodeURIComponent(id)}`);
  const faces = [entity.body].flat()[0].value.coordinates.map(([ring]) => ring.slice(1));
  const corners = faces.flat();
  return {
    id, longitude: middleOf(corners, 0), latitude: middleOf(corners, 1), top: Math.max(...corners.map(([, , height]) => height)),
    faces: faces.map((ring) => [0, 1, 2].map((axis) => middleOf(ring, axis))),
  };
}

/** Part of the pixels whose colour is not grey, and the mean of all colours. */
function tone({ data }) {
  let [coloured, sum] = [0, [0, 0, 0]];
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
    if (Math.max(r, g, b) - Math.min(r, g, b) > 24) coloured++;
    sum = [sum[0] + r, sum[1] + g, sum[2] + b];
  }
  const count = data.length / 4;
  return { coloured: coloured / count, mean: sum.map((one) => Math.round(one / count)) };
}

/** The eye `away` metres south of a place and as high above it, looking down at it. */
const viewOf = ({ longitude, latitude, top }, away) => [longitude.toFixed(6), (latitude - away / 111_000).toFixed(6), Math.round(top + away), 0, -45].join(',');

async function lookAt(page, url, place, away, more = '') {
  await page.goto(`${url}/console/?view=${viewOf(place, away)}${more}`);
  await mapReady(page);
}

/** What clicks on the middles of a thing's faces would select: things before it, and itself. */
const pickedAt = (page, { faces }) => page.evaluate((places) => {
  const map = window.__cityloom.map.get();
  return places.map(([x, y, z]) => map.pixelOf(x, y, z)).filter(Boolean).map((at) => map.pick(at));
}, faces.filter((_, i) => i % Math.ceil(faces.length / 40) === 0));

async function texturedPlace(url) {
  const parts = (await allOf(url, 'BuildingPart')).filter((one) => one.partOf?.object === TEXTURED);
  expect(parts.length > 0, 'the textured building has no parts');
  return { ...(await placeOf(url, parts[0].id)), id: TEXTURED };
}

async function texturedChecks({ tally, shoot }, page, server, zip) {
  await tally.check('a model with its pictures is imported as the zip that it comes as', async () => {
    await page.goto(`${server.url}/console/?panel=import`);
    await page.setInputFiles('#import-files', zip);
    await page.waitForSelector('[data-import="done"]', { timeout: 60_000 });
    const text = await page.textContent('[data-import="done"]');
    expect(text.includes('13'), `the report reads ${text}`);
    expect(!text.includes('picture'), `pictures are missing: ${text}`);
  });
  await tally.check('surfaces of a model with textures show their pictures; switched off, they take the colour of their class', async () => {
    const place = await texturedPlace(server.url);
    await lookAt(page, server.url, place, 60);
    const withPictures = await pixels(page, MIDDLE);
    await shoot(page, 'models-textures');
    const picked = await pickedAt(page, place);
    expect(picked.includes(TEXTURED), `picked ${[...new Set(picked)]} instead of ${TEXTURED}`);
    await page.uncheck('label.check:has-text("사진 무늬와 색") input');
    await settled(page);
    const without = await pixels(page, MIDDLE);
    await shoot(page, 'models-textures-off');
    const [on, off] = [tone(withPictures), tone(without)];
    console.log(`  with pictures ${colours(withPictures)} colours, mean ${on.mean}; without ${colours(without)}, mean ${off.mean}`);
    expect(difference(withPictures, without) > 0.1, 'the pictures change nothing');
    expect(colours(withPictures) > 1.5 * colours(without), 'the pictures have no more colours than plain faces');
    await page.evaluate(() => window.__cityloom.go({ pictures: true, colourBy: 'category' }));
    await settled(page);
    expect(difference(withPictures, await pixels(page, MIDDLE)) < 0.15, 'another colouring of plain faces tints the pictures');
  });
}

const middleOfMap = async (page) => {
  const { x, y, width, height } = await page.locator('#map').boundingBox();
  return { x: x + width / 2, y: y + height / 2 };
};

async function texturedScreenChecks({ tally, shoot, browser, journal }, page, server) {
  await tally.check('Yokosuka in English: the textured museum is clicked on, stands out and tells its facts; nothing overlaps', async () => {
    await page.evaluate(() => window.__cityloom.go({ colourBy: 'height' }));
    await inEnglish(page);
    await settled(page);
    const before = await pixels(page, MIDDLE);
    const { x, y } = await spotOf(page, await middleOfMap(page), TEXTURED);
    await page.mouse.click(x, y);
    await page.waitForSelector(`[data-entity="${TEXTURED}"]`);
    await settled(page);
    await shoot(page, 'yokosuka-en-building');
    const facts = await page.innerText('#inspector');
    expect(/Building/.test(facts) && /buildingID/.test(facts) && /Source yokosuka/.test(facts) && !/\p{Script=Hangul}/u.test(facts), `it tells ${facts.slice(0, 300)}`);
    expect(difference(before, await pixels(page, MIDDLE)) > 0.02, 'the selected museum looks as before');
    await fits(page);
  });
  await tally.check('Yokosuka on a phone: its pictures are seen, the museum is tapped, its sheet is read and closed', async () => {
    const phone = await openPage(browser, journal, PHONE);
    try {
      await lookAt(phone, server.url, await texturedPlace(server.url), 60);
      const box = await phone.locator('#map').boundingBox();
      const clip = { x: 40, y: box.y + box.height * 0.3, width: 280, height: box.height * 0.4 };
      const pictured = await pixels(phone, clip);
      await shoot(phone, 'yokosuka-phone');
      await fits(phone);
      await phone.evaluate(() => window.__cityloom.go({ pictures: false }));
      await settled(phone);
      const plain = await pixels(phone, clip);
      expect(difference(pictured, plain) > 0.1 && colours(pictured) > 1.5 * colours(plain), `${colours(pictured)} colours with pictures, ${colours(plain)} without`);
      await phone.evaluate(() => window.__cityloom.go({ pictures: true }));
      await settled(phone);
      const { x, y } = await spotOf(phone, await middleOfMap(phone), TEXTURED);
      await phone.touchscreen.tap(x, y);
      await phone.waitForSelector(`[data-entity="${TEXTURED}"]`);
      await settled(phone);
      await shoot(phone, 'yokosuka-phone-building');
      await fits(phone);
      await sheetWorks(phone, '#inspector');
    } finally {
      await phone.context().close();
    }
  });
}

const BOX = [[[[0, 3, 2, 1]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]]]];
const CORNERS = [[0, 0, 0], [10, 0, 0], [10, 20, 0], [0, 20, 0], [0, 0, 9], [10, 0, 9], [10, 20, 9], [0, 20, 9]];
const boxOf = (first, painted) => ({
  type: 'Building',
  geometry: [{ type: 'Solid', lod: '2.2', boundaries: BOX.map((shell) => shell.map((face) => face.map((ring) => ring.map((corner) => corner + first)))), ...(painted && { material: { paint: { values: [Array(6).fill(0)] } } }) }],
});
/** Two boxes side by side: the model paints the western one green, of the eastern one it says nothing. */
const PAINTED = {
  type: 'CityJSON', version: '1.1', transform: { scale: [1, 1, 1], translate: [390000, 5819000, 0] },
  metadata: { referenceSystem: 'https://www.opengis.net/def/crs/EPSG/0/25833' },
  appearance: { materials: [{ name: 'green', diffuseColor: [0.1, 0.8, 0.2] }] },
  CityObjects: { 'the-painted-building': boxOf(0, true), 'the-plain-building': boxOf(8, false) },
  vertices: [...CORNERS, ...CORNERS.map(([x, y, z]) => [x + 15, y, z])],
};

async function colourChecks({ tally, shoot }, page, server) {
  await tally.check('surfaces that the model paints show its colour, the others that of their class; switched off or selected, none does', async () => {
    await ask(server.url, '/api/import?name=painted.city.json', { method: 'POST', body: JSON.stringify(PAINTED) });
    const places = [await placeOf(server.url, 'urn:ngsi-ld:Building:the-painted-building'), await placeOf(server.url, 'urn:ngsi-ld:Building:the-plain-building')];
    await lookAt(page, server.url, places[0], 40);
    /** Of each roof the mean colour around its middle. */
    const roofs = async () => {
      const spots = await page.evaluate((all) => {
        const box = document.getElementById('map').getBoundingClientRect();
        return all.map(({ longitude, latitude, top }) => window.__cityloom.map.get().pixelOf(longitude, latitude, top)).map(({ x, y }) => ({ x: Math.round(box.x + x) - 4, y: Math.round(box.y + y) - 4, width: 8, height: 8 }));
      }, places);
      return [tone(await pixels(page, spots[0])).mean, tone(await pixels(page, spots[1])).mean];
    };
    const isGreen = ([r, g, b]) => g > 1.5 * r && g > 1.5 * b;
    const own = await roofs();
    await shoot(page, 'models-colours');
    await page.evaluate(() => window.__cityloom.go({ pictures: false }));
    await settled(page);
    const off = await roofs();
    await shoot(page, 'models-colours-off');
    await page.evaluate((selected) => window.__cityloom.go({ pictures: true, selected }), places[0].id);
    await settled(page);
    const selected = await roofs();
    console.log(`  painted and plain roof: ${own.join(' | ')}; off: ${off.join(' | ')}; the painted one selected: ${selected.join(' | ')}`);
    expect(isGreen(own[0]), `the painted roof is ${own[0]}`);
    expect(!isGreen(own[1]) && String(own[1]) === String(off[1]), `the plain roof is ${own[1]}, without the model's colours ${off[1]}`);
    expect(!isGreen(off[0]), `switched off, the painted roof is ${off[0]}`);
    expect(!isGreen(selected[0]) && String(selected[0]) !== String(off[0]), `selected, the painted roof is ${selected[0]}`);
  });
}

/** Layers of the Delft model, and how they are listed. */
const KINDS = { Bridge: '교량', PlantCover: '식생', WaterBody: '수면', Road: '도로 면', LandUse: '토지 이용', GenericCityObject: '그 밖의 물체' };

async function bodyChecks({ tally, shoot }, page, server) {
  await tally.check('bodies of every kind are listed with their colour, drawn, and found by a click', async () => {
    const bridge = await placeOf(server.url, (await allOf(server.url, 'Bridge'))[0].id);
    await lookAt(page, server.url, bridge, 150);
    await shoot(page, 'models-bodies');
    const picked = await pickedAt(page, bridge);
    expect(picked.includes(bridge.id), `picked ${[...new Set(picked)]} instead of ${bridge.id}`);
    const listed = await page.textContent('.panel-layers');
    for (const name of Object.values(KINDS)) expect(listed.includes(name), `${name} is not in the list of layers: ${listed}`);
    const all = await pixels(page, MIDDLE);
    for (const type of ['LandUse', 'Road', 'PlantCover']) {
      await page.evaluate((off) => window.__cityloom.go({ off: [off] }), type);
      await settled(page);
      const without = difference(all, await pixels(page, MIDDLE));
      console.log(`  ${type}: ${(without * 100).toFixed(1)} % of the pixels`);
      expect(without > 0.002, `without ${type} the picture is the same`);
    }
    await page.evaluate(() => window.__cityloom.go({ off: [] }));
  });
  await tally.check('a selected body stands out and its panel opens', async () => {
    const before = await pixels(page, MIDDLE);
    const bridge = (await allOf(server.url, 'Bridge'))[0].id;
    await page.evaluate((id) => window.__cityloom.go({ selected: id, panel: 'inspector' }), bridge);
    await page.waitForSelector(`[data-entity="${bridge}"]`);
    await settled(page);
    expect(difference(before, await pixels(page, MIDDLE)) > 0.001, 'the selected bridge looks as before');
    await shoot(page, 'models-body-selected');
  });
}

async function onServer(bench, run) {
  const server = await startServer(bench.server.binary, {});
  (bench.otherHosts ??= []).push(new URL(server.url).host);
  const page = await openPage(bench.browser, bench.journal);
  try {
    await run(page, server);
  } finally {
    await page.context().close();
    await server.stop();
    server.forget();
  }
}

/** Checks with the models of the shared data. */
export async function modelChecks(bench) {
  const folder = join(bench.shared, 'buildings');
  if (!bench.server.binary || !existsSync(folder)) return bench.tally.skip('city models in the browser', 'needs a program to start and ../shared/data');
  const temporary = mkdtempSync(join(tmpdir(), 'cityloom-models-'));
  try {
    const zip = join(temporary, 'yokosuka.zip');
    execFileSync('python3', ['-m', 'zipfile', '-c', zip, join(folder, 'yokosuka-lod2-citygml2-plateau.gml'), join(folder, '52397519_bldg_6697_appearance')]);
    await onServer(bench, async (page, server) => {
      await texturedChecks(bench, page, server, zip);
      await texturedScreenChecks(bench, page, server);
    });
    await onServer(bench, (page, server) => colourChecks(bench, page, server));
    await onServer(bench, (page, server) => rotterdamChecks(bench, page, server, join(folder, 'rotterdam-delfshaven-lod2.city.json')));
    await onServer(bench, async (page, server) => {
      await ask(server.url, '/api/import?name=delft-lod1.city.json', { method: 'POST', body: readFileSync(join(folder, 'delft-lod1.city.json')) });
      await bodyChecks(bench, page, server);
    });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
