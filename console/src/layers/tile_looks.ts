// How the features of each layer of tiles look: by Cesium's styles where the tiles carry what is needed, else feature by feature.
import { bodyColour } from '../math/bodies';
import { buildingClasses, SCENE, type ColourBy, type PaintClass } from '../math/paint';
import type { App } from '../state/app';
import { isShown } from '../state/catalogue';
import { colourIn, isSeen, lookOf } from '../state/looks';

/** As Cesium's style language writes it. */
export interface TileStyle {
  readonly show: string;
  readonly color: { readonly conditions: [string, string][] };
}

/** What the tiles say of a feature. */
export interface FeatureFacts {
  readonly id: string;
  readonly category: string;
  /** Whether the model says how it looks: by pictures or by colours. */
  readonly dressed: boolean;
}

export interface FeaturePaint {
  readonly shown: boolean;
  readonly colour: string;
  readonly alpha: number;
}

/** The look of a layer of tiles. Equal looks have equal keys. */
export interface TilesLook {
  readonly key: string;
  readonly style: TileStyle;
  /** Instead of the style, where it needs what the tiles do not carry. */
  readonly paint: ((feature: FeatureFacts) => FeaturePaint) | null;
  readonly shown: boolean;
  readonly sunny: boolean;
  /** Whether what has pictures or colours of its own shows them. */
  readonly pictured: boolean;
}

const FAINT = 0.25;
/** What a picture or a colour of the model is multiplied with to stay as it is. */
const UNTINTED = '#ffffff';

const isPlain = (id: string): boolean => /^[\w:./#%$-]+$/.test(id);
const colourText = (colour: string, faint: boolean): string => `color('${colour}'${faint ? `, ${FAINT}` : ''})`;

/** The condition of a style under which a class applies; null for the class of all else. */
function conditionOf(by: ColourBy, one: PaintClass): string | null {
  const property = '${' + by + '}';
  if (one.values) return one.values.map((value) => `${property} === '${value}'`).join(' || ');
  if (one.from === undefined) return null;
  // A building without the number has none in the tiles either, and comparing nothing would stop the map.
  const known = `${property} !== undefined && ${property} >= ${one.from}`;
  return one.to === undefined ? known : `${known} && ${property} < ${one.to}`;
}

/** What stands before the colours of a layer: the selected feature, and those that keep their pictures and colours. */
function firstConditions(app: App, pictured: boolean): [string, string][] {
  const { selected, under } = app.address.get();
  const conditions: [string, string][] = [];
  if (selected && isPlain(selected)) conditions.push(['${id} === ' + `'${selected}'`, colourText(SCENE[app.settings.get().theme].accent, false)]);
  if (pictured) conditions.push(["${appearance} === 'textures' || ${appearance} === 'colours'", colourText(UNTINTED, under !== null)]);
  return conditions;
}

/** A feature by the look of its type: its colour there, else its pictures and colours, else the layer's own colour. */
function paintOf(app: App, type: string, own: string, pictured: boolean, feature: FeatureFacts): FeaturePaint {
  const { selected, under, inside } = app.address.get();
  const look = lookOf(app, type);
  const isSelected = feature.id === selected;
  const usual = pictured && feature.dressed ? UNTINTED : own;
  return {
    shown: isSeen(look, feature.id) && feature.id !== inside?.building,
    colour: isSelected ? SCENE[app.settings.get().theme].accent : (colourIn(look, feature.id) ?? usual),
    alpha: under !== null && !isSelected ? FAINT : 1,
  };
}

/** Buildings, coloured by an attribute. */
export function buildingsLook(app: App): TilesLook {
  const { colourBy, selected, under, inside, sun, pictures } = app.address.get();
  const { theme } = app.settings.get();
  const look = lookOf(app, 'Building');
  const pictured = pictures && !look?.paint;
  const conditions = firstConditions(app, pictured);
  for (const one of buildingClasses(colourBy, theme)) conditions.push([conditionOf(colourBy, one) ?? 'true', colourText(one.colour, under !== null)]);
  const opened = inside?.building ?? null;
  const style = { show: opened && isPlain(opened) ? '${id} !== ' + `'${opened}'` : 'true', color: { conditions } };
  const rest = buildingClasses(colourBy, theme).at(-1)?.colour ?? '#888888';
  return {
    key: look ? `${look.key} ${selected} ${theme} ${under !== null} ${opened} ${pictured}` : JSON.stringify(style),
    style,
    paint: look ? (feature) => paintOf(app, 'Building', rest, pictured, feature) : null,
    shown: isShown(app.address.get(), 'Building'),
    sunny: sun !== null,
    pictured,
  };
}

/** Things of some types that have a body, each type in its colour. */
export function bodiesLook(app: App, types: readonly string[]): TilesLook {
  const address = app.address.get();
  const { theme } = app.settings.get();
  const looks = types.map((type) => lookOf(app, type));
  const pictured = address.pictures && looks.every((look) => !look?.paint);
  const shown = types.filter((type) => isShown(address, type));
  const conditions = firstConditions(app, pictured);
  for (const type of types) conditions.push(["${category} === " + `'${type}'`, colourText(bodyColour(type, theme), address.under !== null)]);
  conditions.push(['true', colourText(bodyColour('', theme), address.under !== null)]);
  const show = shown.length === types.length ? 'true' : shown.map((type) => "${category} === " + `'${type}'`).join(' || ') || 'false';
  const style = { show, color: { conditions } };
  return {
    key: JSON.stringify([style, looks.map((look) => look?.key ?? '')]),
    style,
    paint: looks.some((look) => look !== null)
      ? (feature) => {
          const painted = paintOf(app, feature.category, bodyColour(feature.category, theme), pictured, feature);
          return { ...painted, shown: painted.shown && shown.includes(feature.category) };
        }
      : null,
    shown: shown.length > 0,
    sunny: address.sun !== null,
    pictured,
  };
}
