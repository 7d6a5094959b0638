// One value as people read it: numbers with unit, addresses in lines, places in degrees, lists, records by their fields.
import { boxOf, isGeometry, linesOf, type Geometry } from '../math/geo';
import type { AttributeFact } from '../state/ngsi';
import type { Json } from '../state/types';
import { isAddress, type Fields } from '../state/words';
import { useApp, useWords } from './hooks';

const ITEMS_MAX = 20;
const DEPTH_MAX = 4;

function Place({ geometry }: { geometry: Geometry }) {
  const words = useWords();
  if (geometry.type === 'Point') return <span className="number-text">{words.position(geometry.coordinates)}</span>;
  const box = boxOf(geometry);
  return (
    <ul className="lines">
      <li>{words.t('inspector.geometry', { kind: words.geometryKind(geometry.type), count: words.number(linesOf(geometry).flat().length) })}</li>
      {box && <li className="number-text quiet">{words.t('inspector.centre', { position: words.position([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]) })}</li>}
    </ul>
  );
}

function Related({ value }: { value: Json }) {
  const app = useApp();
  const words = useWords();
  const ids = (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string');
  return <ul className="lines">{ids.map((id) => <li key={id}><button type="button" className="link-button" title={words.t('inspector.open', { id })} onClick={() => app.select(id)}>{id.split(':').slice(2).join(':') || id}</button></li>)}</ul>;
}

function NamesList({ value }: { value: Fields }) {
  const names = Object.entries(value);
  const shown = names.filter(([code, text]) => code !== '@none' || !names.some(([other, same]) => other !== code && same === text));
  return <ul className="names">{shown.map(([code, text]) => <li key={code} lang={code === '@none' ? undefined : code}><span className="names-code">{code === '@none' ? '–' : code}</span>{String(text)}</li>)}</ul>;
}

function ItemList({ items, depth, unitCode, name }: { items: readonly Json[]; depth: number; unitCode: string | undefined; name: string }) {
  const words = useWords();
  return (
    <ul className="lines">
      {items.slice(0, ITEMS_MAX).map((one, i) => <li key={i}><AnyValue value={one} depth={depth + 1} unitCode={unitCode} name={name} /></li>)}
      {items.length > ITEMS_MAX && <li className="quiet">{words.t('inspector.more', { count: words.number(items.length - ITEMS_MAX) })}</li>}
    </ul>
  );
}

function AnyValue({ value, depth, unitCode, name }: { value: Json; depth: number; unitCode: string | undefined; name: string }) {
  const words = useWords();
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return <>{words.value(value, unitCode, name)}</>;
  if (isGeometry(value)) return <Place geometry={value} />;
  if (Array.isArray(value)) return <ItemList items={value as readonly Json[]} depth={depth} unitCode={unitCode} name={name} />;
  const record = value as Fields;
  if (record['@value'] !== undefined) return <>{words.value(record, unitCode, name)}</>;
  if (isAddress(record)) return <ul className="lines">{words.address(record).map((line) => <li key={line}>{line}</li>)}</ul>;
  const entries = Object.entries(record);
  return (
    <dl className="record">
      {entries.slice(0, ITEMS_MAX).map(([key, one]) => <div key={key}><dt title={key}>{words.attribute(key)}</dt><dd><AnyValue value={one} depth={depth + 1} unitCode={undefined} name={key} /></dd></div>)}
      {entries.length > ITEMS_MAX && <div className="quiet">{words.t('inspector.more', { count: words.number(entries.length - ITEMS_MAX) })}</div>}
    </dl>
  );
}

export function Value({ fact }: { fact: AttributeFact }) {
  if (fact.kind === 'relationship') return <Related value={fact.value} />;
  if (fact.kind === 'names' && typeof fact.value === 'object' && fact.value !== null) return <NamesList value={fact.value as Fields} />;
  return <AnyValue value={fact.value} depth={0} unitCode={fact.unitCode} name={fact.name} />;
}
