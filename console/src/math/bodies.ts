// Things of a city model that are drawn by faces of their own: which layer of tiles holds which types, and their colours.
import type { Theme } from './paint';

/** The layers of tiles beside that of buildings, as the server names them, and what they hold. */
export const BODY_LAYERS: Readonly<Record<string, readonly string[]>> = {
  landuse: ['LandUse'],
  water: ['WaterBody', 'Waterway'],
  transportation: ['Road', 'Railway', 'TransportSquare', 'Track'],
  vegetation: ['SolitaryVegetationObject', 'PlantCover'],
  bridges: ['Bridge', 'BridgeInstallation', 'BridgeConstructiveElement'],
  tunnels: ['Tunnel', 'TunnelInstallation', 'TunnelConstructiveElement'],
  installations: ['BuildingInstallation', 'BuildingConstructiveElement', 'BuildingFurniture'],
  furniture: ['CityFurniture'],
  generic: ['GenericCityObject', 'OtherConstruction', 'CityObjectGroup', 'ExtensionObject'],
};

export const BODY_TYPES: readonly string[] = Object.values(BODY_LAYERS).flat();

const COLOURS: Readonly<Record<string, readonly [dark: string, light: string]>> = {
  LandUse: ['#4a4f3f', '#d5d8c2'],
  WaterBody: ['#2a5478', '#8fbbe0'],
  Waterway: ['#336a8f', '#79aed6'],
  Road: ['#6d737b', '#a3a9b0'],
  Railway: ['#7d6b72', '#957b86'],
  TransportSquare: ['#827a6c', '#bdb3a1'],
  Track: ['#5f665c', '#a5ac98'],
  SolitaryVegetationObject: ['#4f8a5b', '#5f9f5f'],
  PlantCover: ['#3a6647', '#8fbf86'],
  Bridge: ['#b39b78', '#a58a60'],
  BridgeInstallation: ['#8c96a1', '#7a8794'],
  BridgeConstructiveElement: ['#9c8a70', '#8f7a59'],
  Tunnel: ['#8a8fa6', '#6d7391'],
  TunnelInstallation: ['#7c8699', '#7a8499'],
  TunnelConstructiveElement: ['#737a91', '#878da6'],
  BuildingInstallation: ['#a08a8a', '#a58585'],
  BuildingConstructiveElement: ['#948a96', '#94879b'],
  BuildingFurniture: ['#a39a86', '#9b8f74'],
  CityFurniture: ['#c4a35a', '#a9812a'],
  GenericCityObject: ['#8d8794', '#9d95a6'],
  OtherConstruction: ['#7f8a94', '#8f9aa4'],
  CityObjectGroup: ['#878787', '#a0a0a0'],
  ExtensionObject: ['#8a7f94', '#a094ab'],
};
const OTHER: readonly [string, string] = ['#8d8d8d', '#9d9d9d'];

/** The colour in which things of a type are drawn where they have no picture of their own. */
export const bodyColour = (type: string, theme: Theme): string => (COLOURS[type] ?? OTHER)[theme === 'dark' ? 0 : 1];
