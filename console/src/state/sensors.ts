// Sensors: entities that stand at a point and carry numbers, kept up to date by the change stream.
import { freshnessOf, type Freshness } from '../math/freshness';
import type { Position } from '../math/geo';
import { parseInstant } from '../math/time';
import { pointOf, type EntityFacts, type Names } from './ngsi';
import type { Change, ChangedAttribute } from './types';

export interface Reading {
  readonly value: number;
  readonly unitCode: string | undefined;
  readonly observedMs: number | null;
  readonly receivedMs: number | null;
  readonly intervalMs: number | null;
}

export interface Sensor {
  readonly id: string;
  readonly type: string;
  readonly names: Names;
  readonly position: Position;
  readonly readings: Readonly<Record<string, Reading>>;
  /** Whether a rehearsal made it up. */
  readonly invented: boolean;
}

export type Sensors = ReadonlyMap<string, Sensor>;

/** Numbers that describe the device and not what it measures. */
const NOT_MEASURED = new Set(['height', 'elevation', 'altitude', 'heading', 'batteryLevel', 'laneCount', 'sensorIndex', 'index']);
const SHOWN_FIRST = ['pm25', 'averageVehicleSpeed', 'temperature', 'waterLevel', 'occupancy', 'intensity'];

/** Whether an entity says that a rehearsal made it up. */
export const isInvented = ({ attributes }: EntityFacts): boolean => attributes.some(({ name, value }) => name === 'invented' && value === true);

/** Reads an entity as a sensor; null when it is not at a point or carries no measured number. */
export function sensorOf(entity: EntityFacts): Sensor | null {
  const position = pointOf(entity.geometry);
  if (!position) return null;
  const readings: Record<string, Reading> = {};
  for (const { name, value, unitCode, observedMs, receivedMs } of entity.attributes) {
    if (typeof value !== 'number' || NOT_MEASURED.has(name)) continue;
    readings[name] = { value, unitCode, observedMs, receivedMs, intervalMs: null };
  }
  if (Object.keys(readings).length === 0) return null;
  return { id: entity.id, type: entity.types[0] ?? '', names: entity.names, position, readings, invented: isInvented(entity) };
}

function readingAfter(before: Reading | undefined, changed: ChangedAttribute, value: number, recordedMs: number): Reading {
  const gapMs = before?.receivedMs == null ? null : recordedMs - before.receivedMs;
  return {
    value,
    unitCode: changed.unitCode ?? before?.unitCode,
    observedMs: parseInstant(changed.observedAt) ?? null,
    receivedMs: recordedMs,
    intervalMs: gapMs !== null && gapMs > 0 ? gapMs : (before?.intervalMs ?? null),
  };
}

/** The sensors after a change. `unknown` says that entities were named which are not sensors yet. */
export function applyChange(sensors: Sensors, change: Change): { sensors: Sensors; unknown: readonly { id: string; type: readonly string[] }[] } {
  const recordedMs = parseInstant(change.recordedAt) ?? 0;
  let next: Map<string, Sensor> | null = null;
  const unknown: { id: string; type: readonly string[] }[] = [];
  for (const { id, type, attributes, deleted } of change.entities) {
    const sensor = (next ?? sensors).get(id);
    if (!sensor) {
      if (!deleted) unknown.push({ id, type });
      continue;
    }
    next ??= new Map(sensors);
    if (deleted) {
      next.delete(id);
      continue;
    }
    const readings = { ...sensor.readings };
    for (const [name, changed] of Object.entries(attributes)) {
      if (typeof changed.value === 'number' && !NOT_MEASURED.has(name)) readings[name] = readingAfter(readings[name], changed, changed.value, recordedMs);
    }
    next.set(id, { ...sensor, readings });
  }
  return { sensors: next ?? sensors, unknown };
}

/** Names of what the sensors of a type measure, the most asked for first. */
export function measuredBy(sensors: Sensors, type: string): string[] {
  const names = new Set<string>();
  for (const sensor of sensors.values()) {
    if (sensor.type === type) for (const name of Object.keys(sensor.readings)) names.add(name);
  }
  const rank = (name: string): number => (SHOWN_FIRST.includes(name) ? SHOWN_FIRST.indexOf(name) : SHOWN_FIRST.length);
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** How far a reading can be trusted now; everything is stale while the stream is lost. */
export function readingFreshness(reading: Reading, nowMs: number, connected: boolean): Freshness {
  return connected ? freshnessOf(reading, nowMs) : 'stale';
}
