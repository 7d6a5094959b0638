// What is selected: every attribute with value, unit, source, time and age, and its history.
import { useState } from 'react';
import { freshnessOf } from '../math/freshness';
import { isGeometry, linesOf } from '../math/geo';
import { copyText, flyToSelected } from '../state/actions';
import type { AttributeFact, EntityFacts } from '../state/ngsi';
import { maySense } from '../state/catalogue';
import type { Words } from '../state/words';
import { History } from './History';
import { useApp, usePart, useStore, useWords } from './hooks';
import { EmptyNote, FailureNote, FreshnessMark, Icon, IconButton, LoadingNote, PanelHead } from './Parts';

/** Source, observed time and age of one attribute. */
function Origin({ fact, live }: { fact: AttributeFact; live: boolean }) {
  const app = useApp();
  const words = useWords();
  const atMs = usePart(app.address, (address) => address.atMs);
  const nowMs = useStore(app.nowMs);
  const lookedAtMs = atMs ?? nowMs;
  const measuredMs = fact.observedMs ?? fact.receivedMs;
  const lost = usePart(app.stream.state, ({ phase }) => phase === 'lost') && atMs === null;
  const freshness = lost ? 'stale' : freshnessOf({ observedMs: fact.observedMs, receivedMs: fact.receivedMs, intervalMs: null }, lookedAtMs);
  return (
    <div className="origin">
      {live && <FreshnessMark freshness={freshness} />}
      {measuredMs !== null && (
        <span title={words.moment(measuredMs)}>
          {words.t(fact.observedMs === null ? 'inspector.received' : 'inspector.observed')} <time dateTime={new Date(measuredMs).toISOString()}>{words.moment(measuredMs)}</time> · {words.age(lookedAtMs - measuredMs)}
        </span>
      )}
      <span className="origin-source">{fact.providedBy === null ? words.t('inspector.noSource') : `${words.t('inspector.source')} ${fact.providedBy}`}</span>
      {live && freshness !== 'fresh' && <span>{words.t(`fresh.${freshness}.long`)}</span>}
    </div>
  );
}

function textOf(fact: AttributeFact, words: Words): string {
  if (isGeometry(fact.value)) {
    if (fact.value.type === 'Point') return words.position(fact.value.coordinates);
    return words.t('inspector.geometry', { kind: words.geometryKind(fact.value.type), count: words.number(linesOf(fact.value).flat().length) });
  }
  return words.value(fact.value, fact.unitCode, fact.name);
}

function Value({ fact }: { fact: AttributeFact }) {
  const app = useApp();
  const words = useWords();
  if (fact.kind === 'relationship') {
    const ids = (Array.isArray(fact.value) ? fact.value : [fact.value]).filter((one): one is string => typeof one === 'string');
    return <>{ids.map((id) => <button key={id} type="button" className="link-button" title={words.t('inspector.open', { id })} onClick={() => app.select(id)}>{id.split(':').slice(2).join(':') || id}</button>)}</>;
  }
  if (fact.kind === 'names' && typeof fact.value === 'object' && fact.value !== null) {
    const names = Object.entries(fact.value);
    const shown = names.filter(([code, text]) => code !== '@none' || !names.some(([other, same]) => other !== code && same === text));
    return <ul className="names">{shown.map(([code, text]) => <li key={code} lang={code === '@none' ? undefined : code}><span className="names-code">{code === '@none' ? '–' : code}</span>{String(text)}</li>)}</ul>;
  }
  return <>{textOf(fact, words)}</>;
}

function Attribute({ entity, fact, live, openAtFirst }: { entity: EntityFacts; fact: AttributeFact; live: boolean; openAtFirst: boolean }) {
  const words = useWords();
  const [open, setOpen] = useState(openAtFirst);
  const numeric = typeof fact.value === 'number';
  return (
    <li className="attribute" data-attribute={fact.name}>
      <div className="attribute-row">
        <span className="attribute-name" title={fact.name}>{words.attribute(fact.name)}</span>
        <span className={numeric ? 'attribute-value number' : 'attribute-value'}><Value fact={fact} /></span>
        {numeric && (
          <button type="button" className="icon-button small" aria-expanded={open} aria-label={`${words.attribute(fact.name)}: ${words.t(open ? 'history.hide' : 'history.show')}`} title={words.t(open ? 'history.hide' : 'history.show')} onClick={() => setOpen(!open)}>
            <Icon name="chart" />
          </button>
        )}
      </div>
      {fact.notes.map((note) => <div key={note.name} className="origin">{words.attribute(note.name)}: <strong>{words.value(note.value, undefined, note.name)}</strong></div>)}
      <Origin fact={fact} live={live} />
      {open && numeric && <History id={entity.id} fact={fact} />}
    </li>
  );
}

function Facts({ entity }: { entity: EntityFacts }) {
  const app = useApp();
  const words = useWords();
  const live = maySense(entity.types[0] ?? '');
  const shownAttribute = usePart(app.address, ({ shown }) => shown[entity.types[0] ?? '']);
  const order = (fact: AttributeFact): number => (fact.kind === 'geometry' ? 3 : fact.name === 'name' ? 2 : typeof fact.value === 'number' ? 0 : 1);
  const facts = [...entity.attributes].sort((a, b) => order(a) - order(b));
  const first = facts.find(({ name, value }) => typeof value === 'number' && (shownAttribute === undefined || name === shownAttribute));
  if (facts.length === 0) return <EmptyNote text="inspector.noAttributes" />;
  return (
    <ul className="attributes" aria-label={words.t('inspector.attributes')}>
      {facts.map((fact) => <Attribute key={`${fact.name} ${fact.datasetId ?? ''}`} entity={entity} fact={fact} live={live && typeof fact.value === 'number'} openAtFirst={live && fact === first} />)}
    </ul>
  );
}

function Title({ id, entity }: { id: string; entity: EntityFacts | null }) {
  const app = useApp();
  const words = useWords();
  const type = words.type(entity?.types[0] ?? id.split(':')[2] ?? '');
  const name = entity ? words.name(entity.names) : null;
  return (
    <div className="inspector-title">
      <p className="kicker">{type}</p>
      <h2>{name ?? (entity ? words.t('inspector.unnamed', { type }) : '…')}</h2>
      <p className="raw-id">
        <code>{id}</code>
        <IconButton icon="copy" className="small" label={words.t('inspector.copyId')} onClick={() => copyText(app, id)} />
        {entity?.geometry && <IconButton icon="target" className="small" label={words.t('inspector.fly')} onClick={() => flyToSelected(app)} />}
      </p>
    </div>
  );
}

export function Inspector() {
  const app = useApp();
  const words = useWords();
  const { selected, atMs } = useStore(app.address);
  const { value, error, state } = useStore(app.entity);
  const entity = value?.id === selected ? value : null;
  const close = (): void => app.closePanel();
  if (!selected) {
    return (
      <section className="panel panel-right" aria-label={words.t('inspector.title')}>
        <PanelHead title={<h2>{words.t('inspector.title')}</h2>} onClose={close} closeLabel={words.t('inspector.close')} />
        <EmptyNote text="inspector.none"><p>{words.t('inspector.none.do')}</p></EmptyNote>
      </section>
    );
  }
  return (
    <section id="inspector" tabIndex={-1} className="panel panel-right" aria-label={words.t('inspector.title')} aria-busy={state === 'loading'} data-entity={entity?.id}>
      <PanelHead title={<Title id={selected} entity={entity} />} onClose={close} closeLabel={words.t('inspector.close')} />
      <div className="panel-body" tabIndex={-1}>
        {atMs !== null && <p className="as-of"><Icon name="clock" />{words.t('inspector.asOf', { time: words.moment(atMs) })}</p>}
        {error && <FailureNote failure={error} onRetry={() => void app.loadEntity(true)} />}
        {!entity && !error && <LoadingNote text="inspector.loading" />}
        {entity && !(error?.kind === 'notFound') && <Facts key={entity.id} entity={entity} />}
      </div>
    </section>
  );
}
