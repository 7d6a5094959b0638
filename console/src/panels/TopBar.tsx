// The top bar: which city, search, how the links are, language, theme, commands, help.
import { toggleTheme } from '../state/actions';
import type { Language } from '../state/address';
import type { Link } from '../state/types';
import { useApp, usePart, useStore, useWords } from './hooks';
import { Icon, IconButton } from './Parts';
import { SearchBox } from './SearchBox';

function CityName() {
  const app = useApp();
  const words = useWords();
  const summary = useStore(app.summary).value;
  const count = (summary?.types ?? []).reduce((sum, type) => sum + type.count, 0);
  return (
    <div className="brand">
      <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="24" height="24" />
      <h1>
        <span className="brand-name">{words.t('app.title', { city: '' }).replace(/ — $/, '')}</span>
        <span className="brand-city">{summary?.city?.name ?? (summary ? words.t('app.noCity') : '')}</span>
      </h1>
      {count > 0 && <span className="brand-count">{words.t('app.objects', { count: words.number(count) })}</span>}
    </div>
  );
}

const isTroubled = ({ state }: Link): boolean => state === 'waiting' || state === 'failed';

function LinksChip() {
  const app = useApp();
  const words = useWords();
  const links = useStore(app.links).value;
  const open = usePart(app.address, ({ panel }) => panel === 'links');
  const running = links?.filter(({ state }) => state === 'running').length ?? 0;
  const troubled = links?.filter(isTroubled).length ?? 0;
  return (
    <button type="button" className={`chip chip-links ${troubled > 0 ? 'chip-warning' : ''}`} aria-pressed={open} onClick={() => app.go({ panel: open ? null : 'links' })}>
      <Icon name={troubled > 0 ? 'warning' : 'links'} />
      {links?.length === 0 ? <span>{words.t('links.none')}</span> : <span className="chip-word">{words.t('top.links')}</span>}
      {running > 0 && <span>{words.t('links.running', { count: running })}</span>}
      {troubled > 0 && <strong>{words.t('links.troubled', { count: troubled })}</strong>}
    </button>
  );
}

function LanguageSwitch() {
  const app = useApp();
  const { t, language } = useWords();
  const choices: readonly (readonly [Language, string, string])[] = [['ko', 'KO', '한국어'], ['en', 'EN', 'English']];
  return (
    <div className="switch" role="group" aria-label={t('top.language')}>
      {choices.map(([code, short, long]) => (
        <button key={code} type="button" lang={code} title={long} aria-pressed={language === code} onClick={() => app.go({ language: code }, false)}>
          {short}<span className="unseen"> {long}</span>
        </button>
      ))}
    </div>
  );
}

export function TopBar() {
  const app = useApp();
  const { t } = useWords();
  const theme = usePart(app.settings, (settings) => settings.theme);
  return (
    <header className="top" aria-label={t('top.label')}>
      <CityName />
      <SearchBox />
      <div className="top-tools">
        <LinksChip />
        <button type="button" className="chip chip-command" title={t('top.paletteHint')} onClick={() => app.dialog.set('palette')}>
          <Icon name="command" /><span className="chip-word">{t('top.palette')}</span><kbd aria-hidden="true">Ctrl K</kbd>
        </button>
        <LanguageSwitch />
        <IconButton icon={theme === 'dark' ? 'sun' : 'moon'} label={t(theme === 'dark' ? 'top.theme.light' : 'top.theme.dark')} onClick={() => toggleTheme(app)} />
        <IconButton icon="help" className="only-wide" label={t('top.help')} onClick={() => app.dialog.set('help')} />
      </div>
    </header>
  );
}
