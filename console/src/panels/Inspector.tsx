// What is selected: every attribute with value, unit, source, time and age, and its history.
import { useState } from 'react';
import { freshnessOf } from '../math/freshness';
import { copyText, flyToSelected } from '../state/actions';
import type { AttributeFact, EntityFacts } from '../state/ngsi';
import { maySense } from '../state/catalogue';
import { STOP_TYPE } from '../state/departures';
import { isMoving } from '../state/moving';
import { isInvented } from '../state/sensors';
import { hasSeries, toggleSeries } from '../state/series';
import type { TextKey } from '../state/words';
import { Departures } from './Departures';
import { History } from './History';
import { Indoors } from './Indoors';
import { useApp, usePart, useStore, useWords } from './hooks';
import { EmptyNote, FailureNote, FreshnessMark, Icon, IconButton, LoadingNote, PanelHead } from './Parts';
import { Value } from './Value';

const HEIGHT_NOTES: Readonly<Record<string, TextKey>> = { measured: 'inspector.heightMeasured', levels: 'inspector.heightLevels', estimated: 'inspector.heightEstimated' };

/** A link's own name beside its id, else the source as it is recorded. */
function useSource(providedBy: string | null): string | null {
  const app = useApp();
  const { language } = useWords();
  const label = usePart(app.links, ({ value }) => value?.find(({ name }) => name === providedBy)?.label[language]);
  return label && label !== providedBy ? `${label} (${providedBy})` : providedBy;
}

/** Source, observed time and age of one attribute, or of several that came together. */
function Origin({ fact, live }: { fact: AttributeFact; live: boolean }) {
  const app = useApp();
  const words = useWords();
  const atMs = usePart(app.address, (address) => address.atMs);
  const nowMs = useStore(app.nowMs);
  const lookedAtMs = atMs ?? nowMs;
  const measuredMs = fact.observedMs ?? fact.receivedMs;
  const lost = usePart(app.stream.state, ({ phase }) => phase === 'lost') && atMs === null;
  const source = useSource(fact.providedBy);
  const freshness = lost ? 'stale' : freshnessOf({ observedMs: fact.observedMs, receivedMs: fact.receivedMs, intervalMs: null }, lookedAtMs);
  return (
    <div className="origin">
      {live && <FreshnessMark freshness={freshness} />}
      {measuredMs !== null && (
        <span>
          {words.t(fact.observedMs === null ? 'inspector.received' : 'inspector.observed')} <time dateTime={new Date(measuredMs).toISOString()}>{words.moment(measuredMs)}</time> · {words.age(lookedAtMs - measuredMs)}
        </span>
      )}
      <span className="origin-source">{source === null ? words.t('inspector.noSource') : <>{words.t('inspector.source')} <b>{source}</b></>}</span>
      {live && freshness !== 'fresh' && <span>{words.t(`fresh.${freshness}.long`)}</span>}
    </div>
  );
}

/** What qualifies a value, such as where a height came from, in words. */
function Notes({ fact }: { fact: AttributeFact }) {
  const words = useWords();
  return fact.notes.map(({ name, value }) => {
    const explained = name === 'heightSource' && typeof value === 'string' ? HEIGHT_NOTES[value] : undefined;
    return (
      <div key={name} className="attribute-note" data-note={typeof value === 'string' ? value : undefined}>
        {words.attribute(name)}: <strong>{words.value(value, undefined, name)}</strong>
        {explained && <span className="quiet"> · {words.t(explained)}</span>}
      </div>
    );
  });
}

/** Puts a number beside others in the charts. */
function SeriesButton({ id, attribute }: { id: string; attribute: string }) {
  const app = useApp();
  const words = useWords();
  const chosen = usePart(app.address, ({ series }) => hasSeries(series, { id, attribute }));
  return <IconButton icon={chosen ? 'minus' : 'plus'} className="small" pressed={chosen} label={`${words.attribute(attribute)}: ${words.t(chosen ? 'charts.drop' : 'charts.add')}`} onClick={() => toggleSeries(app, { id, attribute })} />;
}

function Attribute({ entity, fact, live, openAtFirst }: { entity: EntityFacts; fact: AttributeFact; live: boolean; openAtFirst: boolean }) {
  const words = useWords();
  const [open, setOpen] = useState(openAtFirst);
  const numeric = typeof fact.value === 'number';
  return (
    <li className="attribute" data-attribute={fact.name}>
      <div className="attribute-row">
        <span className="attribute-name" title={fact.name}>{words.attribute(fact.name)}</span>
        <div className={numeric ? 'attribute-value number' : 'attribute-value'}><Value fact={fact} /></div>
        {numeric && (
          <button type="button" className="icon-button small" aria-expanded={open} aria-label={`${words.attribute(fact.name)}: ${words.t(open ? 'history.hide' : 'history.show')}`} title={words.t(open ? 'history.hide' : 'history.show')} onClick={() => setOpen(!open)}>
            <Icon name="chart" />
          </button>
        )}
        {numeric && <SeriesButton id={entity.id} attribute={fact.name} />}
      </div>
      <Notes fact={fact} />
      {live && <Origin fact={fact} live />}
      {open && numeric && <History id={entity.id} fact={fact} />}
    </li>
  );
}

/** Attributes that came from one source at one time, with that said once. */
function Group({ entity, facts }: { entity: EntityFacts; facts: readonly AttributeFact[] }) {
  const [first] = facts;
  if (!first) return null;
  return (
    <li className="attribute-group">
      <ul>{facts.map((fact) => <Attribute key={`${fact.name} ${fact.datasetId ?? ''}`} entity={entity} fact={fact} live={false} openAtFirst={false} />)}</ul>
      <Origin fact={facts.find(({ providedBy }) => providedBy !== null) ?? first} live={false} />
    </li>
  );
}

/** By source and second; the `source` of an imported entity belongs to what came from that file. */
function groupsOf(facts: readonly AttributeFact[]): AttributeFact[][] {
  const groups = new Map<string, AttributeFact[]>();
  for (const fact of facts) {
    const file = fact.name === 'source' && fact.providedBy === null && typeof fact.value === 'string' ? fact.value : null;
    const like = file === null ? undefined : facts.find(({ providedBy }) => providedBy?.startsWith(`${file} `));
    const { providedBy, observedMs, receivedMs } = like ?? fact;
    const key = `${providedBy} ${Math.floor((observedMs ?? receivedMs ?? 0) / 1000)} ${observedMs !== null}`;
    groups.set(key, [...(groups.get(key) ?? []), fact]);
  }
  return [...groups.values()];
}

function Facts({ entity }: { entity: EntityFacts }) {
  const app = useApp();
  const words = useWords();
  const senses = maySense(entity.types[0] ?? '');
  const shownAttribute = usePart(app.address, ({ shown }) => shown[entity.types[0] ?? '']);
  const order = (fact: AttributeFact): number => (fact.kind === 'geometry' ? 4 : fact.name === 'source' ? 5 : fact.name === 'name' ? 2 : typeof fact.value === 'number' ? 0 : 1);
  const facts = [...entity.attributes].sort((a, b) => order(a) - order(b));
  const readings = senses ? facts.filter(({ value }) => typeof value === 'number') : [];
  const first = readings.find(({ name }) => shownAttribute === undefined || name === shownAttribute);
  if (facts.length === 0) return <EmptyNote text="inspector.noAttributes" />;
  return (
    <ul className="attributes" aria-label={words.t('inspector.attributes')}>
      {readings.map((fact) => <Attribute key={`${fact.name} ${fact.datasetId ?? ''}`} entity={entity} fact={fact} live openAtFirst={fact === first} />)}
      {groupsOf(facts.filter((fact) => !readings.includes(fact))).map((group) => <Group key={group[0]?.name} entity={entity} facts={group} />)}
    </ul>
  );
}

function Title({ id, entity, loading }: { id: string; entity: EntityFacts | null; loading: boolean }) {
  const app = useApp();
  const words = useWords();
  const type = entity?.types[0] ?? id.split(':')[2] ?? '';
  const name = entity ? words.name(entity.names) : null;
  return (
    <div className="inspector-title">
      <p className="kicker">{words.one(type)}{entity && isInvented(entity) && <span className="invented-badge">{words.t('invented.badge')}</span>}</p>
      <h2>{name ?? (loading ? '…' : words.unnamed(type))}</h2>
      <p className="raw-id">
        <code>{id}</code>
        <IconButton icon="copy" className="small" label={words.t('inspector.copyId')} onClick={() => copyText(app, id)} />
        {entity?.geometry && <IconButton icon="target" className="small" label={words.t('inspector.fly')} onClick={() => flyToSelected(app)} />}
      </p>
    </div>
  );
}

/** Lets the eye follow what moves. */
function FollowButton({ id }: { id: string }) {
  const app = useApp();
  const { t } = useWords();
  const follows = usePart(app.address, ({ follow }) => follow === id);
  return <button type="button" className="button follow-button" aria-pressed={follows} onClick={() => app.go({ follow: follows ? null : id })}><Icon name="follow" />{t(follows ? 'moving.stopFollowing' : 'moving.follow')}</button>;
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
        <EmptyNote text="inspector.none" />
      </section>
    );
  }
  return (
    <section id="inspector" tabIndex={-1} className="panel panel-right" aria-label={words.t('inspector.title')} aria-busy={state === 'loading'} data-entity={entity?.id}>
      <PanelHead title={<Title id={selected} entity={entity} loading={!entity && !error} />} onClose={close} closeLabel={words.t('inspector.close')} />
      <div className="panel-body" tabIndex={-1}>
        {atMs !== null && <p className="as-of"><Icon name="clock" />{words.t('inspector.asOf', { time: words.moment(atMs) })}</p>}
        {error && <FailureNote failure={error} onRetry={() => void app.loadEntity(true)} />}
        {entity && isInvented(entity) && <p className="note invented-note">{words.t('invented.note')}</p>}
        {entity && isMoving(entity.types[0] ?? '') && <FollowButton id={entity.id} />}
        {entity?.types.includes(STOP_TYPE) && <Departures key={`departures ${entity.id}`} stop={entity.id} />}
        {entity && <Indoors entity={entity} />}
        {!entity && !error && <LoadingNote text="inspector.loading" />}
        {entity && !(error?.kind === 'notFound') && <Facts key={entity.id} entity={entity} />}
      </div>
    </section>
  );
}
