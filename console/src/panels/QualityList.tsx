// How good the data of each type and source are, by the data models of the types: shares as bars, and what was refused.
import { useEffect } from 'react';
import { parseInstant } from '../math/time';
import type { Quality, QualityExample, QualitySource } from '../state/types';
import { useApp, useStore, useWords } from './hooks';

/** A look at the quality reads many entities: seldom enough. */
const EVERY_MS = 60_000;

const SHARES = ['completeness', 'validity', 'freshness'] as const;

function Share({ name, value }: { name: string; value: number }) {
  const words = useWords();
  return (
    <div className="share">
      <span>{name}</span>
      <meter min={0} max={1} low={0.5} high={0.9} optimum={1} value={value} aria-label={name} />
      <strong>{words.quantity(Math.round(value * 1_000) / 10, 'P1')}</strong>
    </div>
  );
}

function Example({ one }: { one: QualityExample }) {
  const words = useWords();
  const ms = parseInstant(one.at);
  return (
    <li>
      <strong>{one.findings.map(({ path, what, nearest }) => `${path}: ${words.said(nearest ? `${what}; nearest: ${nearest}` : what)}`).join('; ')}</strong>
      {ms !== null && <time dateTime={one.at}>{words.moment(ms)}</time>}
      <code>{one.entityId}</code>
    </li>
  );
}

function Source({ one }: { one: QualitySource }) {
  const words = useWords();
  const counts = (['rejected', 'warned', 'counted'] as const).filter((fate) => one[fate] > 0).map((fate) => words.t(`quality.fate.${fate}`, { count: words.number(one[fate]) }));
  return (
    <li className="quality-source">
      <h4>{words.said(one.source)} <span className="link-kind">{words.t('quality.entities', { count: words.number(one.entities) })}</span></h4>
      {SHARES.map((share) => {
        const value = one[share];
        return value !== null && <Share key={share} name={words.t(`quality.share.${share}`)} value={value} />;
      })}
      {counts.length > 0 && (
        <details>
          <summary>{counts.join(', ')}</summary>
          <ul className="refusals">{one.examples.map((example, i) => <Example key={`${example.at} ${i}`} one={example} />)}</ul>
        </details>
      )}
    </li>
  );
}

function TypeCard({ type }: { type: Quality['types'][number] }) {
  const words = useWords();
  return (
    <li className="link">
      <div className="link-head">
        <h3>{type.type}</h3>
        <span className="link-kind">{type.model} {type.version} · {words.t(`quality.mode.${type.mode}`)}</span>
      </div>
      {!type.complete && <p>{words.t('quality.partly', { count: words.number(type.entities) })}</p>}
      {type.sources.length === 0 && <p>{words.t('quality.none')}</p>}
      <ul className="quality-sources">{type.sources.map((one) => <Source key={one.source} one={one} />)}</ul>
    </li>
  );
}

/** Nothing, where no type has a model. */
export function QualityList() {
  const app = useApp();
  const words = useWords();
  const { value } = useStore(app.quality);
  useEffect(() => {
    void app.loadQuality();
    const timer = setInterval(() => void app.loadQuality(), EVERY_MS);
    return () => clearInterval(timer);
  }, [app]);
  if (!value?.types.length) return null;
  return (
    <>
      <h2>{words.t('quality.title')}</h2>
      <ul className="links">{value.types.map((type) => <TypeCard key={type.typeIri} type={type} />)}</ul>
    </>
  );
}
