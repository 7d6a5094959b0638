// The map layers: one row per entity type. Add a layer here, its name in the texts, its drawing in src/layers.
import type { Address } from './address';
import { BODY_TYPES } from '../math/bodies';
import { isUnderground } from '../math/underground';
import { isMoving } from './moving';
import type { Summary } from './types';

/** `places`: whatever shape a thing has, points as marks, lines and areas on the ground. */
export type LayerKind = 'buildings' | 'roads' | 'areas' | 'bodies' | 'places' | 'clouds' | 'objects' | 'raster' | 'sensors' | 'moving' | 'underground' | 'none';

export interface LayerRow {
  readonly type: string;
  readonly kind: LayerKind;
  readonly onAtFirst: boolean;
}

const FIXED: readonly LayerRow[] = [
  { type: 'Building', kind: 'buildings', onAtFirst: true },
  { type: 'RoadSegment', kind: 'roads', onAtFirst: true },
  { type: 'Water', kind: 'areas', onAtFirst: true },
  { type: 'GreenSpace', kind: 'areas', onAtFirst: true },
  ...BODY_TYPES.filter((type) => !isUnderground(type)).map((type): LayerRow => ({ type, kind: 'bodies', onAtFirst: true })),
  { type: 'TransitRoute', kind: 'places', onAtFirst: true },
  { type: 'TransitStop', kind: 'places', onAtFirst: true },
  { type: 'WaterNetworkNode', kind: 'places', onAtFirst: true },
  { type: 'Pump', kind: 'places', onAtFirst: true },
  { type: 'Valve', kind: 'places', onAtFirst: true },
  { type: 'GeographicFeature', kind: 'places', onAtFirst: true },
  { type: 'TrafficSignal', kind: 'places', onAtFirst: false },
  { type: 'Crossing', kind: 'places', onAtFirst: false },
  { type: 'Junction', kind: 'places', onAtFirst: false },
  { type: 'PointOfInterest', kind: 'places', onAtFirst: false },
  { type: 'PointCloud', kind: 'clouds', onAtFirst: true },
  { type: 'CityObject', kind: 'objects', onAtFirst: true },
  { type: 'RasterLayer', kind: 'raster', onAtFirst: true },
];
/** Types that are part of another layer or cannot be drawn. */
const HIDDEN = ['BuildingPart', 'BridgePart', 'TunnelPart', 'TurnRestriction', 'SavedView', 'Site', 'BuildingStorey', 'BuildingRoom', 'BuildingUnit', 'Room', 'BuildingElement', 'Equipment', 'Facility', 'FacilityPart'];

/** Types of a city that are no sensors and no places: they stand in lists and search, some are part of the tiles. */
const NOT_SENSING = new Set([
  'TunnelInstallation', 'TunnelConstructiveElement', 'TransportationComplex', 'TerrainModel', 'RasterLayer', 'City', 'Storey', 'Room', 'Space', 'Door', 'Window', 'Equipment',
  'TransitFeed', 'TransitTrip', 'Household',
]);

/** Layers that imports of a city bring. */
export const FIXED_LAYERS: readonly LayerRow[] = FIXED;

/** Whether entities of this type may be sensors: every type that is not of the imported city. */
export function maySense(type: string): boolean {
  return !HIDDEN.includes(type) && !NOT_SENSING.has(type) && !isMoving(type) && !isUnderground(type) && !isOfCity(type);
}

/** Whether a type is one that imports of a city bring. */
export const isOfCity = (type: string): boolean => FIXED.some((row) => row.type === type);

/** The layers of things of any shape that imports bring; point clouds are such where only the ground is drawn, as on the flat map. */
export const PLACE_TYPES: readonly string[] = FIXED.filter(({ kind }) => kind === 'places' || kind === 'clouds').map(({ type }) => type);

/** The row of a type; types beside the imported city are sensors, and places as far as they measure nothing. */
export function layerOf(type: string): LayerRow {
  const kind = HIDDEN.includes(type) ? 'none' : isMoving(type) ? 'moving' : isUnderground(type) ? 'underground' : 'sensors';
  return FIXED.find((row) => row.type === type) ?? { type, kind, onAtFirst: true };
}

/** Whether the layer of a type is shown. */
export function isShown(address: Pick<Address, 'on' | 'off'>, type: string): boolean {
  return address.on.includes(type) || (layerOf(type).onAtFirst && !address.off.includes(type));
}

/** The address with the layer of a type switched. */
export function switchLayer(address: Address, type: string): Address {
  const show = !isShown(address, type);
  const others = (types: readonly string[]): string[] => types.filter((one) => one !== type);
  const byDefault = layerOf(type).onAtFirst;
  return {
    ...address,
    on: show && !byDefault ? [...others(address.on), type] : others(address.on),
    off: !show && byDefault ? [...others(address.off), type] : others(address.off),
  };
}

/** The types of a summary that can be shown, buildings first. */
export function drawnTypes(summary: Summary | null): string[] {
  const types = (summary?.types ?? []).map(({ type }) => type).filter((type) => !HIDDEN.includes(type));
  const rank = (type: string): number => (isOfCity(type) ? FIXED.findIndex((row) => row.type === type) : FIXED.length);
  return types.sort((a, b) => rank(a) - rank(b));
}
