// A house cut open: its rooms are seen in the cut, those on the side taken away are gone with their walls.
import { difference, mapReady, pixels, settled } from './browser.mjs';
import { allOf } from './server.mjs';
import { expect } from './tally.mjs';

const HOUSE = { x: 500, y: 100, width: 720, height: 600 };
/** Through the stairs of both flats. */
const CUT = [[127.1, 37.5099], [127.1001, 37.5099]];

/** Ids of all that is found on the front of the house. */
const foundOn = (page) => page.evaluate(({ x, y, width, height }) => {
  const [map, box] = [window.__cityloom.map.get(), document.getElementById('map').getBoundingClientRect()];
  const found = new Set();
  for (let i = 0; i <= 12; i++) for (let j = 0; j <= 8; j++) found.add(map.pick({ x: x - box.x + (width * i) / 12, y: y - box.y + (height * j) / 8 }));
  return [...found].filter(Boolean);
}, HOUSE);

/** How far north each thing of a type reaches. */
const northOf = async (url, type) => (await allOf(url, type)).filter(({ location }) => location)
  .map(({ id, location: { value: { coordinates } } }) => ({ id, north: Math.max(...coordinates.flat(Infinity).filter((one) => one > 37 && one < 38)) }));

export async function roomCutChecks({ tally, url, console: address, shoot }, page) {
  const [building] = await allOf(url, 'Building');
  const [rooms, elements] = [await northOf(url, 'Room'), await northOf(url, 'BuildingElement')];
  const isGone = ({ north }) => north < CUT[0][1];
  await tally.check('a house is cut open with its rooms: those in the cut are seen, what stands before it is gone', async () => {
    await page.goto(`${address}?view=127.10005,37.50968,45,0,-8&in=${encodeURIComponent(building.id)}`);
    await mapReady(page);
    const seen = (among, found) => among.filter(({ id }) => found.includes(id)).length;
    const [whole, before] = [await foundOn(page), await pixels(page, HOUSE)];
    await page.evaluate((points) => window.__cityloom.go({ shapes: [{ kind: 'cut', points }] }), CUT);
    await settled(page);
    await shoot(page, 'house-cut');
    const cut = await foundOn(page);
    const gone = [...rooms, ...elements].filter(isGone);
    console.log(`  ${seen(rooms, whole)} rooms were found, then ${seen(rooms, cut)}; of ${gone.length} things before the plane ${seen(gone, whole)}, then ${seen(gone, cut)}`);
    expect(seen(rooms, cut) >= seen(rooms, whole) + 3, `${seen(rooms, cut)} rooms are found in the cut, ${seen(rooms, whole)} before`);
    expect(seen(gone, whole) > 3 && seen(gone, cut) === 0, `of what stands before the plane ${seen(gone, whole)} were found, then ${seen(gone, cut)}`);
    expect(difference(before, await pixels(page, HOUSE)) > 0.05, 'the picture is as before');
  });
}
