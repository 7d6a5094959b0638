// The whole screen: bars, map and panels in their places, shortcuts, the frame that tells live from past.
import { Component, lazy, Suspense, useEffect, type ComponentType, type ReactNode } from 'react';
import { actionForKey } from '../state/actions';
import type { App } from '../state/app';
import { redoLast, undoLast } from '../state/tool_actions';
import { wordsOf } from '../state/words';
import { Help, Palette } from './Dialogs';
import { AppContext, openPageAgain, useApp, useNarrow, usePart, useSettled, useStore, useWords } from './hooks';
import { Inspector } from './Inspector';
import { LayersPanel } from './LayersPanel';
import { LinksPanel } from './LinksPanel';
import { ListPanel } from './ListPanel';
import { MapView } from './MapView';
import { Icon, IconButton, LoadingNote, type IconName } from './Parts';
import { TimeBar } from './TimeBar';
import { DropZone } from './tools/DropZone';
import { TopBar } from './TopBar';
import type { Panel } from '../state/address';

/** The program of a panel did not come. */
class Unloaded extends Error {}

interface GuardState {
  readonly failed: boolean;
  readonly unloaded: boolean;
}

/** Keeps one failed panel from taking the others along. */
class Guard extends Component<{ app: App; children: ReactNode }, GuardState> {
  override state: GuardState = { failed: false, unloaded: false };

  static getDerivedStateFromError(error: unknown): GuardState {
    return { failed: true, unloaded: error instanceof Unloaded };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    const { t } = wordsOf(this.props.app.language);
    if (this.state.unloaded) {
      return (
        <section className="panel panel-right note note-failure" role="alert" aria-label={t('error.unloaded')}>
          <p className="note-title"><Icon name="warning" />{t('error.unloaded')}</p>
          <p>{t('error.unloaded.do')}</p>
          <button type="button" className="button" onClick={() => void openPageAgain()}>{t('error.retry')}</button>
        </section>
      );
    }
    return (
      <section className="note note-failure" role="alert" aria-label={t('error.crash')}>
        <p className="note-title">{t('error.crash')}</p>
        <p>{t('error.crash.do')}</p>
        <button type="button" className="button" onClick={() => this.setState({ failed: false })}>{t('error.reload')}</button>
      </section>
    );
  }
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || ['SELECT', 'TEXTAREA'].includes(target.tagName) || (target instanceof HTMLInputElement && !['checkbox', 'range'].includes(target.type)));

function useShortcuts(app: App): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.isComposing || app.dialog.get() !== null) return;
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        return app.dialog.set('palette');
      }
      if ((event.ctrlKey || event.metaKey) && ['z', 'y'].includes(event.key.toLowerCase()) && !isTyping(event.target)) {
        event.preventDefault();
        return event.key.toLowerCase() === 'y' || event.shiftKey ? redoLast(app) : undoLast(app);
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const action = actionForKey(app, event.key === 'Escape' ? 'Esc' : event.key);
      if (!action) return;
      event.preventDefault();
      action.run();
    };
    const onBack = (): void => app.addressChanged();
    window.addEventListener('keydown', onKey);
    window.addEventListener('popstate', onBack);
    return () => {
      window.removeEventListener('keydown', onKey);
      window.removeEventListener('popstate', onBack);
    };
  }, [app]);
}

function StreamBanner() {
  const app = useApp();
  const words = useWords();
  const { phase, sinceMs, retryAtMs } = useStore(app.stream.state);
  const nowMs = useStore(app.nowMs);
  if (phase !== 'lost' || nowMs - sinceMs < 2000) return null;
  const seconds = Math.max(0, Math.ceil(((retryAtMs ?? nowMs) - nowMs) / 1000));
  return (
    <div className="banner" role="region" aria-label={words.t('stream.lost')}>
      <Icon name="warning" />
      <span>{words.t('stream.lostLong', { age: words.age(nowMs - sinceMs), seconds })}</span>
      <button type="button" className="button" onClick={() => app.stream.start()}>{words.t('stream.retry')}</button>
    </div>
  );
}

/** Says over the map that this is not now, for those who do not see the frame's colour. */
function PastSign() {
  const app = useApp();
  const words = useWords();
  const atMs = usePart(app.address, (address) => address.atMs);
  const settled = useSettled(atMs, 600);
  const said = settled === null || atMs === null ? '' : words.t('time.announcePast', { time: words.moment(settled) });
  return (
    <>
      {atMs !== null && <p className="past-sign" aria-hidden="true"><Icon name="clock" />{words.t('time.pastFrame')}</p>}
      <span className="unseen" role="status" aria-live="polite">{said}</span>
    </>
  );
}

/** Says over the map that this is a plan, for those who do not see the frame's colour. */
function PlanSign() {
  const app = useApp();
  const { t } = useWords();
  const scenario = usePart(app.address, (address) => address.scenario);
  const name = usePart(app.scenarios.current, ({ value }) => value?.name) ?? scenario;
  const past = usePart(app.address, ({ atMs }) => atMs !== null);
  return (
    <>
      {scenario !== null && !past && <p className="past-sign plan-sign"><Icon name="scenarios" /><button type="button" className="sign-button" onClick={() => app.go({ panel: 'scenarios' })}>{t('scenarios.sign', { name: name ?? '' })}</button><IconButton icon="close" className="small" label={t('scenarios.leave')} onClick={() => app.go({ scenario: null, compare: null })} /></p>}
      <span className="unseen" role="status" aria-live="polite">{scenario === null ? '' : t('scenarios.announce', { name: name ?? '' })}</span>
    </>
  );
}

const late = (load: () => Promise<{ default: ComponentType }>): ComponentType => lazy(() => load().catch(() => { throw new Unloaded(); }));

/** Panels of the tools come when they are first opened, so that the first picture need not wait for them. */
const TOOL_PANELS: Readonly<Partial<Record<Panel, ComponentType>>> = {
  tools: late(() => import('./tools/Toolbar')),
  sun: late(() => import('./tools/SunPanel')),
  measure: late(() => import('./tools/MeasurePanel')),
  filters: late(() => import('./tools/FiltersPanel')),
  charts: late(() => import('./tools/ChartsPanel')),
  section: late(() => import('./tools/SectionPanel')),
  under: late(() => import('./tools/UnderPanel')),
  objects: late(() => import('./tools/ObjectLibrary')),
  compare: late(() => import('./tools/ComparePanel')),
  scenarios: late(() => import('./tools/ScenariosPanel')),
  models: late(() => import('./tools/ModelsPanel')),
  views: late(() => import('./tools/ViewsPanel')),
  import: late(() => import('./tools/ImportPanel')),
  picture: late(() => import('./tools/PicturePanel')),
};

function RightPanel() {
  const panel = usePart(useApp().address, (address) => address.panel);
  if (panel === 'inspector') return <Inspector />;
  if (panel === 'links') return <LinksPanel />;
  if (panel === 'list') return <ListPanel />;
  const ToolPanel = panel ? TOOL_PANELS[panel] : undefined;
  return ToolPanel ? <Suspense fallback={<section className="panel panel-right"><LoadingNote text="inspector.loading" /></section>}><ToolPanel /></Suspense> : null;
}

const SHEETS: readonly (readonly [Panel | null, IconName, 'nav.map' | 'nav.layers' | 'nav.list' | 'nav.tools' | 'nav.links' | 'nav.inspector'])[] = [
  [null, 'map', 'nav.map'], ['layers', 'layers', 'nav.layers'], ['inspector', 'target', 'nav.inspector'], ['list', 'list', 'nav.list'], ['tools', 'tools', 'nav.tools'], ['links', 'links', 'nav.links'],
];

function SheetNav() {
  const app = useApp();
  const { t } = useWords();
  const open = usePart(app.address, ({ panel }) => panel);
  return (
    <nav className="sheet-nav" aria-label={t('nav.label')}>
      {SHEETS.map(([panel, icon, text]) => (
        <button key={text} type="button" aria-current={open === panel ? 'true' : undefined} onClick={() => app.go({ panel: open === panel ? null : panel })}>
          <Icon name={icon} />{t(text)}
        </button>
      ))}
    </nav>
  );
}

function LiveRegion() {
  const app = useApp();
  const words = useWords();
  const said = useStore(app.announcement);
  const phase = usePart(app.stream.state, (state) => state.phase);
  useEffect(() => {
    if (said === '') return undefined;
    const timer = window.setTimeout(() => app.announcement.set(''), 4000);
    return () => window.clearTimeout(timer);
  }, [app, said]);
  return (
    <>
      <div className={`toast ${said ? '' : 'unseen'}`} role="status" aria-live="polite">{said}</div>
      <div className="unseen" role="status" aria-live="polite">{words.t(`stream.${phase}`)}</div>
    </>
  );
}

function useDocument(app: App): void {
  const words = useWords();
  const city = usePart(app.summary, ({ value }) => value?.city?.name);
  const theme = usePart(app.settings, (settings) => settings.theme);
  useEffect(() => {
    document.documentElement.lang = words.language;
    document.documentElement.dataset['theme'] = theme;
    document.title = words.t('app.title', { city: city ?? words.t('app.noCity') });
  }, [words, city, theme]);
}

function Screen() {
  const app = useApp();
  const { t } = useWords();
  const narrow = useNarrow();
  const past = usePart(app.address, ({ atMs }) => atMs !== null);
  const lost = usePart(app.stream.state, ({ phase }) => phase === 'lost');
  const plan = usePart(app.address, ({ scenario }) => scenario !== null);
  const panel = usePart(app.address, (address) => address.panel);
  const dialog = useStore(app.dialog);
  const layersOpen = usePart(app.settings, (settings) => settings.layersOpen);
  useShortcuts(app);
  useDocument(app);
  const layersShown = narrow ? panel === 'layers' : layersOpen;
  return (
    <div className="frame" data-mode={past ? 'past' : plan ? 'plan' : lost ? 'lost' : 'live'}>
      <a className="skip" href="#map" onClick={(event) => { event.preventDefault(); document.getElementById('map')?.focus(); }}>{t('app.skip')}</a>
      <TopBar />
      <div className="middle">
        {layersShown && <Guard app={app}><LayersPanel /></Guard>}
        {!layersShown && !narrow && <IconButton icon="layers" className="layers-open" label={t('layers.open')} onClick={() => app.settings.update((settings) => ({ ...settings, layersOpen: true }))} />}
        <Guard app={app}><MapView /></Guard>
        <Guard key={panel} app={app}><RightPanel /></Guard>
      </div>
      <PastSign />
      <PlanSign />
      <StreamBanner />
      <TimeBar />
      {narrow && <SheetNav />}
      <LiveRegion />
      <DropZone />
      {dialog === 'palette' && <Palette />}
      {dialog === 'help' && <Help />}
    </div>
  );
}

export function Console({ app }: { app: App }) {
  return <AppContext.Provider value={app}><Screen /></AppContext.Provider>;
}
