// The status of the links to the outside: state in words, rates, and what was refused with the reason. Below them who
// subscribes to the city and how far each is behind, and how good the data are.
import { useEffect } from 'react';
import { parseInstant } from '../math/time';
import type { Link, Subscriptions } from '../state/types';
import { useApp, useStore, useWords } from './hooks';
import { EmptyNote, FailureNote, LoadingNote, PanelHead } from './Parts';
import { QualityList } from './QualityList';

const SHAPES = {
  running: 'M6 1a5 5 0 100 10A5 5 0 006 1z',
  connecting: 'M6 1a5 5 0 015 5H6z',
  waiting: 'M6 1l5.500 10H.5z',
  failed: 'M4 1h4l3 3v4l-3 3H4L1 8V4z',
  ended: 'M2 2h8v8H2z',
} as const;

function Explanation({ link }: { link: Link }) {
  const app = useApp();
  const words = useWords();
  const nowMs = useStore(app.nowMs);
  const retryMs = parseInstant(link.retryAt);
  const when = retryMs === null || retryMs <= nowMs ? words.t('links.soon') : words.until(retryMs - nowMs);
  return <p>{words.t(`links.explain.${link.state}`, { when })}{link.detail && <span className="note-detail">{words.said(link.detail)}</span>}</p>;
}

function Figures({ link }: { link: Link }) {
  const app = useApp();
  const words = useWords();
  const nowMs = useStore(app.nowMs);
  const lastMs = parseInstant(link.lastMessageAt);
  const figures: readonly (readonly [string, string])[] = [
    [words.t('links.rate'), words.quantity(link.messagesPerSecond, undefined)],
    [words.t('links.accepted'), words.number(link.accepted)],
    [words.t('links.refused'), words.number(link.refused)],
    [words.t('links.waiting'), `${words.number(link.mailbox?.waiting ?? 0)} / ${words.number(link.mailbox?.capacity ?? 0)}`],
    [words.t('links.last'), lastMs === null ? words.t('links.never') : words.age(Math.max(0, nowMs - lastMs))],
  ];
  return <dl className="figures">{figures.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

function Refusals({ link }: { link: Link }) {
  const words = useWords();
  if (!link.refusals || link.refusals.length === 0) return null;
  return (
    <details>
      <summary>{words.t('links.refusals', { count: words.number(link.refused) })}</summary>
      <ul className="refusals">
        {link.refusals.map(({ at, reason, sample }, i) => {
          const ms = parseInstant(at);
          return <li key={`${at} ${i}`}><strong>{words.said(reason)}</strong>{ms !== null && <time dateTime={at}>{words.moment(ms)}</time>}<code title={words.t('links.sample')}>{sample}</code></li>;
        })}
      </ul>
    </details>
  );
}

function LinkCard({ link }: { link: Link }) {
  const words = useWords();
  return (
    <li className={`link link-${link.state}`} data-link={link.name}>
      <div className="link-head">
        <h3>{words.name(link.label ?? {}) ?? link.name}</h3>
        <span className="link-kind">{words.linkKind(link.kind)} · <code>{link.name}</code></span>
        <span className="link-state"><svg viewBox="0 0 12 12" aria-hidden="true"><path d={SHAPES[link.state] ?? SHAPES.ended} /></svg>{words.t(`links.state.${link.state}`)}</span>
      </div>
      <Explanation link={link} />
      <Figures link={link} />
      <Refusals link={link} />
    </li>
  );
}

const SUBSCRIPTIONS_EVERY_MS = 5_000;

type Subscription = Subscriptions['subscriptions'][number];

const BEHIND_MS = 1_000;

/** What a subscription is doing, and the link's state that looks the same. */
function stateOf(one: Subscription) {
  if (!one.isActive) return { name: 'paused', looks: 'ended' } as const;
  if (one.failuresInARow > 0) return { name: 'failing', looks: 'failed' } as const;
  return one.lagMs > BEHIND_MS ? { name: 'behind', looks: 'waiting' } as const : { name: 'current', looks: 'running' } as const;
}

function Subscriber({ one }: { one: Subscription }) {
  const app = useApp();
  const words = useWords();
  const nowMs = useStore(app.nowMs);
  const { name, looks } = stateOf(one);
  const since = (time: string | null) => {
    const ms = parseInstant(time);
    return ms === null ? words.t('links.never') : words.age(Math.max(0, nowMs - ms));
  };
  const waiting = words.number(one.waiting);
  const figures: readonly (readonly [string, string])[] = [
    [words.t('subscribers.lag'), one.lagMs > BEHIND_MS ? words.span(one.lagMs) : words.t('subscribers.none')],
    [words.t('subscribers.waiting'), one.readsAgain ? words.t('subscribers.more', { count: waiting }) : waiting],
    [words.t('subscribers.success'), since(one.lastSuccess)],
    [words.t('subscribers.failure'), since(one.lastFailure)],
    [words.t('subscribers.sent'), words.number(one.timesSent)],
    [words.t('subscribers.failed'), words.number(one.timesFailed)],
  ];
  return (
    <li className={`link link-${looks}`} data-subscription={one.id}>
      <div className="link-head">
        <h3>{one.name || one.id}</h3>
        <span className="link-kind">{one.name && <code>{one.id}</code>} <code>{one.endpoint}</code></span>
        <span className="link-state"><svg viewBox="0 0 12 12" aria-hidden="true"><path d={SHAPES[looks]} /></svg>{words.t(`subscribers.state.${name}`, { count: words.number(one.failuresInARow) })}</span>
      </div>
      {one.failuresInARow > 0 && one.lastError && <p>{words.t('subscribers.trouble')}<span className="note-detail">{words.said(one.lastError)}</span></p>}
      <dl className="figures">{figures.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
    </li>
  );
}

function Subscribers() {
  const app = useApp();
  const words = useWords();
  const { value } = useStore(app.subscriptions);
  useEffect(() => {
    void app.loadSubscriptions();
    const timer = setInterval(() => void app.loadSubscriptions(), SUBSCRIPTIONS_EVERY_MS);
    return () => clearInterval(timer);
  }, [app]);
  if (!value?.count) return null;
  return (
    <>
      <h2>{words.t('subscribers.title')}</h2>
      <p>{words.t('subscribers.summary', { count: words.number(value.count), behind: words.number(value.behind) })}</p>
      <ul className="links">{value.subscriptions.map((one) => <Subscriber key={one.id} one={one} />)}</ul>
    </>
  );
}

export function LinksPanel() {
  const app = useApp();
  const words = useWords();
  const { value, error } = useStore(app.links);
  return (
    <section className="panel panel-right" aria-label={words.t('links.title')}>
      <PanelHead title={<h2>{words.t('links.title')}</h2>} onClose={() => app.closePanel()} closeLabel={words.t('inspector.close')} />
      <div className="panel-body" tabIndex={-1}>
        {error && <FailureNote failure={error} onRetry={() => void app.loadLinks()} />}
        {!value && !error && <LoadingNote text="links.loading" />}
        {value?.length === 0 && <EmptyNote text="links.empty" />}
        <ul className="links">{value?.map((link) => <LinkCard key={link.name} link={link} />)}</ul>
        <Subscribers />
        <QualityList />
      </div>
    </section>
  );
}
