// A house cut open: its rooms are seen in the cut, those on the side taken away are gone with their walls.
import { difference, pixels, settled } from './browser.mjs';
import { allOf } from './server.mjs';
import { expect } from './tally.mjs';

const HOUSE = { x: 680, y: 240, width: 350, height: 270 };
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

/** On a page that shows the house from inside. */
export async function roomCutChecks({ tally, url, shoot }, page) {
  const [building] = await allOf(url, 'Building');
  const [rooms, elements] = [await northOf(url, 'Room'), await northOf(url, 'BuildingElement')];
  const isGone = ({ north }) => north < CUT[0][1];
  await tally.check('a house is cut open with its rooms: those in the cut are seen, what stands before it is gone', async () => {
    await page.evaluate((id) => {
      window.__cityloom.go({ inside: { building: id, storey: null }, selected: null, panel: null });
      window.__cityloom.map.get().putView({ longitude: 127.10005, latitude: 37.50968, heightMetres: 45, headingDegrees: 0, pitchDegrees: -8 });
    }, building.id);
    await settled(page);
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
