// Drawings along a line: ground and buildings above it, pipes and cables below it, to scale, with a table behind.
import { useEffect, useState, type ReactNode } from 'react';
import type { Position } from '../../math/geo';
import { linearScale, networkColour, networkOf } from '../../math/underground';
import { failureOf, isAbort } from '../../state/api';
import { askFullerSection, askProfile, type Buried, type Profile, type SectionAnswer } from '../../state/digging';
import { IDLE, type Loadable } from '../../state/types';
import { useApp, usePart, useSettled, useStore, useWords } from '../hooks';
import { EmptyNote, FailureNote, LoadingNote } from '../Parts';

const WIDTH = 560;
const HEIGHT = 240;
/** Smaller than this nothing is drawn, so that it is seen and can be hit. */
const LEAST = 12;
const EDGE = { left: 46, right: 10, top: 12, bottom: 28 } as const;

/** Asks along a line again when it, the moment or the language changes. */
function useAlong<T>(line: readonly Position[] | undefined, ask: (line: readonly Position[], signal: AbortSignal) => Promise<T>, key: string): Loadable<T> & { retry: () => void } {
  const app = useApp();
  const asOf = useStore(app.restingAsOf);
  const language = usePart(app.address, (address) => address.language);
  const [tries, setTries] = useState(0);
  const [answer, setAnswer] = useState<Loadable<T>>(IDLE);
  const text = line?.map((point) => point.slice(0, 2).join()).join(';') ?? '';
  useEffect(() => {
    if (!line || line.length < 2) return setAnswer(IDLE);
    const request = new AbortController();
    setAnswer({ state: 'loading', value: null, error: null });
    ask(line, request.signal).then((value) => setAnswer({ state: 'ready', value, error: null })).catch((error: unknown) => {
      if (!isAbort(error)) setAnswer({ state: 'failed', value: null, error: failureOf(error) });
    });
    return () => request.abort();
    // The line is compared by its text, since panels make it anew.
  }, [text, key, asOf, language, tries]);
  return { ...answer, retry: () => setTries(tries + 1) };
}

interface Range {
  readonly length: number;
  readonly low: number;
  readonly high: number;
}

function useScales({ length, low, high }: Range) {
  const x = linearScale(0, length, EDGE.left, WIDTH - EDGE.right, 6);
  const y = linearScale(low, high, HEIGHT - EDGE.bottom, EDGE.top, 5);
  return { x, y };
}

/** In a box of its own: as a row of a grid itself a drawing would take no height and lie below what follows. */
function Drawing({ label, children }: { label: string; children: ReactNode }) {
  return <div><svg className="drawing" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>{children}</svg></div>;
}

function Axes({ range }: { range: Range }) {
  const words = useWords();
  const { x, y } = useScales(range);
  return (
    <g className="axes">
      {y.marks.map((mark) => <g key={mark}><line x1={EDGE.left} x2={WIDTH - EDGE.right} y1={y.at(mark)} y2={y.at(mark)} /><text x={EDGE.left - 6} y={y.at(mark) + 6} textAnchor="end">{words.quantity(mark, undefined)}</text></g>)}
      {x.marks.map((mark) => <text key={mark} x={x.at(mark)} y={HEIGHT - 10} textAnchor="middle">{words.quantity(mark, 'MTR')}</text>)}
    </g>
  );
}

/** Height of the ground at a distance; 0 where none is known. */
function groundAt(profile: Profile, metres: number): number {
  const { ground } = profile;
  const after = ground.findIndex((point) => point.metres >= metres);
  const [a, b] = [ground[Math.max(0, after - 1)], ground[after === -1 ? ground.length - 1 : after]];
  if (!a || !b) return 0;
  return b.metres === a.metres ? a.height : a.height + ((b.height - a.height) * (metres - a.metres)) / (b.metres - a.metres);
}

function ProfileDrawing({ profile }: { profile: Profile }) {
  const app = useApp();
  const words = useWords();
  const tops = profile.buildings.map((one) => groundAt(profile, (one.from + one.to) / 2) + one.height);
  const heights = [...profile.ground.map(({ height }) => height), ...tops, 0];
  const grounds = profile.ground.map(({ height }) => height);
  const low = grounds.length > 0 ? Math.min(...grounds) : 0;
  const range = { length: profile.length, low: low - Math.max(2, (Math.max(...heights) - low) * 0.08), high: Math.max(...heights, low + 10) };
  const { x, y } = useScales(range);
  const line = grounds.length > 0 ? profile.ground.map(({ metres, height }) => `${x.at(metres).toFixed(1)},${y.at(height).toFixed(1)}`) : [`${x.at(0)},${y.at(0)}`, `${x.at(profile.length)},${y.at(0)}`];
  const label = words.t('section.drawing', { length: words.quantity(Math.round(profile.length), 'MTR'), count: words.number(profile.buildings.length), high: words.quantity(Math.round(Math.max(0, ...tops)), 'MTR') });
  return (
    <Drawing label={label}>
      <Axes range={range} />
      {profile.buildings.map((one, i) => {
        const base = groundAt(profile, (one.from + one.to) / 2);
        return <rect key={`${one.id} ${i}`} className={one.estimated ? 'building estimated' : 'building'} x={x.at(one.from)} width={Math.max(1, x.at(one.to) - x.at(one.from))} y={y.at(base + one.height)} height={Math.max(0, y.at(base) - y.at(base + one.height))} onClick={() => app.select(one.id)} />;
      })}
      <polyline className="ground" points={line.join(' ')} />
    </Drawing>
  );
}

function ProfileTable({ profile }: { profile: Profile }) {
  const app = useApp();
  const words = useWords();
  return (
    <details>
      <summary>{words.t('history.table')}</summary>
      <div className="table-scroll" tabIndex={0} role="group" aria-label={words.t('section.buildings')}>
        <table>
          <thead><tr><th scope="col">{words.t('section.along')}</th><th scope="col">{words.attribute('height')}</th><th scope="col">{words.t('list.id')}</th></tr></thead>
          <tbody>{profile.buildings.map((one, i) => <tr key={i}><td className="number">{`${words.number(Math.round(one.from))}–${words.quantity(Math.round(one.to), 'MTR')}`}</td><td className="number">{words.quantity(one.height, 'MTR')}</td><td><button type="button" className="link-button" onClick={() => app.select(one.id)}>{one.id.split(':').at(-1)}</button></td></tr>)}</tbody>
        </table>
      </div>
    </details>
  );
}

/** Ground and buildings along a line. */
export function ProfileSection({ line }: { line: readonly Position[] }) {
  const app = useApp();
  const words = useWords();
  const { value, error, retry } = useAlong(line, (along, signal) => askProfile(app, along, signal), 'profile');
  if (error) return <FailureNote failure={error} onRetry={retry} />;
  if (!value) return <LoadingNote text="section.loading" />;
  return (
    <>
      <ProfileDrawing profile={value} />
      {value.ground.length === 0 && <p className="quiet">{words.t('section.noTerrain')}</p>}
      {value.buildings.some(({ estimated }) => estimated) && <p className="quiet">{words.t('section.estimated')}</p>}
      {value.buildings.length === 0 ? <EmptyNote text="section.noBuildings" /> : <ProfileTable profile={value} />}
    </>
  );
}

function Crossed({ one, x, y, theme }: { one: Buried; x: (value: number) => number; y: (value: number) => number; theme: 'dark' | 'light' }) {
  const app = useApp();
  if (one.top_m == null || one.bottom_m == null || one.station_m == null) return null;
  const [from, to] = [one.from_m ?? one.station_m, one.to_m ?? one.station_m];
  const [width, height] = [Math.max(LEAST, x(to) - x(from)), Math.max(LEAST, Math.abs(y(one.bottom_m) - y(one.top_m)))];
  const colour = networkColour(networkOf(one.network), theme);
  const round = one.type === 'Pipe' || one.type === 'Cable';
  return round
    ? <ellipse cx={x(one.station_m)} cy={(y(one.top_m) + y(one.bottom_m)) / 2} rx={width / 2} ry={height / 2} fill={colour} onClick={() => app.select(one.id)}><title>{one.label ?? one.id}</title></ellipse>
    : <rect x={x(from)} y={y(one.top_m)} width={width} height={height} fill={colour} fillOpacity={0.6} onClick={() => app.select(one.id)}><title>{one.label ?? one.id}</title></rect>;
}

function SectionDrawing({ answer, depth }: { answer: SectionAnswer; depth: number }) {
  const words = useWords();
  const { theme } = useStore(useApp().settings);
  const lowest = Math.min(-depth, ...answer.objects.map(({ bottom_m }) => bottom_m ?? 0));
  const range = { length: answer.length_m, low: lowest - 0.3, high: 1 };
  const { x, y } = useScales(range);
  return (
    <Drawing label={words.t('section.below', { count: words.number(answer.objects.length), length: words.quantity(Math.round(answer.length_m), 'MTR') })}>
      <rect className="soil" x={EDGE.left} y={y.at(0)} width={WIDTH - EDGE.left - EDGE.right} height={Math.max(0, HEIGHT - EDGE.bottom - y.at(0))} />
      <Axes range={range} />
      <line className="dig-bottom" x1={EDGE.left} x2={WIDTH - EDGE.right} y1={y.at(-depth)} y2={y.at(-depth)} />
      <line className="ground" x1={EDGE.left} x2={WIDTH - EDGE.right} y1={y.at(0)} y2={y.at(0)} />
      {answer.objects.map((one, i) => <Crossed key={`${one.id} ${i}`} one={one} x={x.at} y={y.at} theme={theme} />)}
    </Drawing>
  );
}

/** What a line crosses below the ground, down to the depth looked at; of an area the line along or that across, which crosses more. */
export function UndergroundSection({ line, across = null }: { line: readonly Position[]; across?: readonly Position[] | null }) {
  const app = useApp();
  const words = useWords();
  const depth = useSettled(usePart(app.address, ({ under }) => under?.depthMetres ?? 3), 400);
  const { value, error, retry } = useAlong(line, (along, signal) => askFullerSection(app, along, across, depth, signal), `${depth} ${across?.join(';') ?? ''}`);
  const unknown = value?.objects.filter(({ top_m }) => top_m == null) ?? [];
  return (
    <section className="stack" data-section="below" aria-label={words.t('section.belowTitle')}>
      <h3>{words.t('section.belowTitle')}</h3>
      {error && <FailureNote failure={error} onRetry={retry} />}
      {!value && !error && <LoadingNote text="section.loading" />}
      {value?.objects.length === 0 && <EmptyNote text="section.nothingBelow" />}
      {value && value.objects.length > 0 && <SectionDrawing answer={value} depth={depth} />}
      {value && across && <p className="quiet">{words.t(value.isSecond ? 'section.crosswise' : 'section.lengthwise')}</p>}
      {unknown.length > 0 && <p className="quiet">{words.t('section.depthUnknown', { things: unknown.map((one) => one.label ?? one.id).join(', ') })}</p>}
    </section>
  );
}
