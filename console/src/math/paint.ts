// Colours that carry meaning: classes of building attributes, roads, areas. Lightness grows or falls steadily along every
// scale, so it survives colour blindness and grey print.

export type Theme = 'dark' | 'light';
export type ColourBy = 'height' | 'levels' | 'category' | 'heightSource';
export const COLOUR_BY: readonly ColourBy[] = ['height', 'levels', 'category', 'heightSource'];

/** One class of a legend. Numbers: from (inclusive) up to the next class; texts: any of `values`; neither: all else. */
export interface PaintClass {
  readonly key: string;
  readonly colour: string;
  readonly from?: number;
  readonly to?: number;
  readonly values?: readonly string[];
}

const SEQUENCE: Readonly<Record<Theme, readonly string[]>> = {
  dark: ['#4a5b74', '#6a7280', '#8d877f', '#bea583', '#f2d49b'],
  light: ['#ddd3bb', '#c2a874', '#93856b', '#5d6674', '#2b3950'],
};
const UNKNOWN: Readonly<Record<Theme, string>> = { dark: '#5d6670', light: '#b4bcc4' };

function numberClasses(theme: Theme, bounds: readonly number[]): PaintClass[] {
  const colours = SEQUENCE[theme];
  const classes = bounds.map((from, i): PaintClass => {
    const to = bounds[i + 1];
    return { key: `${from}`, colour: colours[i] ?? UNKNOWN[theme], from, ...(to === undefined ? {} : { to }) };
  });
  return [...classes, { key: 'unknown', colour: UNKNOWN[theme] }];
}

const CATEGORY_VALUES: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['residential', '#6c8fb5', '#4d7aa5', ['residential', 'apartments', 'house', 'officetel', 'dormitory', 'detached', 'terrace', 'yes;apartments', 'semidetached_house', 'bungalow']],
  ['commercial', '#e0b04c', '#b27d0c', ['commercial', 'retail', 'hotel', 'supermarket', 'kiosk', 'mall']],
  ['office', '#b7e0f2', '#274a68', ['office']],
  ['public', '#d98cb3', '#a8427a', ['public', 'civic', 'government', 'hospital', 'school', 'kindergarten', 'university', 'college', 'church', 'cathedral', 'temple', 'mosque', 'train_station', 'transportation', 'fire_station', 'stadium', 'sports_hall', 'museum', 'library']],
  ['service', '#8e7f73', '#7a6a5c', ['industrial', 'warehouse', 'parking', 'parkingbuilding', 'garage', 'garages', 'carport', 'service', 'roof', 'shed', 'construction', 'hangar', 'greenhouse']],
];

/** The classes by which buildings are coloured; the last takes everything not matched before. */
export function buildingClasses(by: ColourBy, theme: Theme): PaintClass[] {
  if (by === 'height') return numberClasses(theme, [0.01, 10, 20, 40, 80]);
  if (by === 'levels') return numberClasses(theme, [1, 3, 6, 11, 21]);
  const dark = theme === 'dark';
  if (by === 'category') {
    const classes = CATEGORY_VALUES.map(([key, onDark, onLight, values]) => ({ key, colour: dark ? onDark : onLight, values }));
    return [...classes, { key: 'unknown', colour: UNKNOWN[theme] }];
  }
  return [
    { key: 'measured', colour: dark ? '#8fd0c0' : '#1f6f66', values: ['measured'] },
    { key: 'levels', colour: dark ? '#4c88b0' : '#4f8fbd', values: ['levels'] },
    { key: 'estimated', colour: dark ? '#8a6f9e' : '#b79cc9', values: ['estimated'] },
    { key: 'unknown', colour: UNKNOWN[theme] },
  ];
}

/** The class a value falls into; the last class when none fits. */
export function classOf(classes: readonly PaintClass[], value: number | string | undefined): PaintClass | undefined {
  const found = classes.find((one) => {
    if (typeof value === 'number' && one.from !== undefined) return value >= one.from && (one.to === undefined || value < one.to);
    return typeof value === 'string' && (one.values?.includes(value) ?? false);
  });
  return found ?? classes.at(-1);
}

export type RoadGroup = 'major' | 'middle' | 'minor' | 'path';
export interface RoadPaint {
  readonly group: RoadGroup;
  readonly colour: string;
  readonly widthPixels: number;
}

const ROAD_GROUPS: readonly (readonly [RoadGroup, readonly string[]])[] = [
  ['major', ['motorway', 'trunk', 'motorway_link', 'trunk_link']],
  ['middle', ['primary', 'secondary', 'primary_link', 'secondary_link']],
  ['path', ['footway', 'cycleway', 'path', 'pedestrian', 'steps', 'bridleway', 'track', 'corridor']],
];
const ROAD_PAINT: Readonly<Record<RoadGroup, readonly [dark: string, light: string, widthPixels: number]>> = {
  major: ['#c9a877', '#a06a1c', 3],
  middle: ['#93876f', '#b98f50', 2.2],
  minor: ['#626a73', '#9aa2aa', 1.4],
  path: ['#4f6259', '#7f968c', 1],
};
export const ROAD_LEGEND: readonly RoadGroup[] = ['major', 'middle', 'minor', 'path'];

/** How a group of roads is drawn. */
export function roadPaint(group: RoadGroup, theme: Theme): RoadPaint {
  const [dark, light, widthPixels] = ROAD_PAINT[group];
  return { group, colour: theme === 'dark' ? dark : light, widthPixels };
}

/** Lanes of a road that does not say how many it has. */
const USUAL_LANES: Readonly<Record<RoadGroup, number>> = { major: 3, middle: 2, minor: 1.5, path: 0.7 };
const LANE_METRES = 3.25;

/** How wide a road is, in metres: by its lanes, or those that a road of its group usually has. */
export const roadMetres = (group: RoadGroup, lanes: unknown): number => LANE_METRES * (typeof lanes === 'number' && lanes > 0 ? Math.min(lanes, 20) : USUAL_LANES[group]);

/** The group of a road class such as "primary_link"; everything unknown is minor. */
export function roadGroup(roadClass: unknown): RoadGroup {
  return ROAD_GROUPS.find(([, classes]) => typeof roadClass === 'string' && classes.includes(roadClass))?.[0] ?? 'minor';
}

/** What a plan does to the city: each kind is told apart by its form too. */
export const PLAN_COLOURS: Readonly<Record<Theme, Readonly<Record<'created' | 'changed' | 'deleted' | 'closed', string>>>> = {
  dark: { created: '#ffb86b', changed: '#5cc8ff', deleted: '#8a929c', closed: '#ff6b6b' },
  light: { created: '#c05a00', changed: '#0b62bb', deleted: '#6d7580', closed: '#c62828' },
};

/** Colours of the scene that are not data. */
export const SCENE: Readonly<Record<Theme, Readonly<Record<'ground' | 'sky' | 'water' | 'green' | 'point' | 'accent' | 'label' | 'halo', string>>>> = {
  dark: { ground: '#1c2127', sky: '#10141a', water: '#1f3a52', green: '#22382d', point: '#a9b4bf', accent: '#5cc8ff', label: '#f2f5f7', halo: '#10141a' },
  light: { ground: '#e9ebe7', sky: '#dfe5ea', water: '#a9c9e2', green: '#c5dcbc', point: '#55606b', accent: '#0b6bcb', label: '#12181d', halo: '#ffffff' },
};

/** Colours of a sensor's mark by how far its reading can be trusted; the shapes differ too. */
export const FRESHNESS_COLOUR: Readonly<Record<Theme, Readonly<Record<'fresh' | 'replayed' | 'stale', string>>>> = {
  dark: { fresh: '#53d18a', replayed: '#e5a6d6', stale: '#8c97a3' },
  light: { fresh: '#0a7d43', replayed: '#9c2f7f', stale: '#68727d' },
};

/** Colours of moving things; the shapes differ too. */
export const MOVING_COLOURS: Readonly<Record<Theme, Readonly<Record<'car' | 'long' | 'person', string>>>> = {
  dark: { car: '#f2c94c', long: '#ff9a52', person: '#8fd0c0' },
  light: { car: '#7d5f00', long: '#a84300', person: '#1f6f66' },
};
