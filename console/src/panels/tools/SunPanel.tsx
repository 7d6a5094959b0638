// Sun, shadows and time of day: the real sun of the moment shown, or of another time of the same day.
import { clockText } from '../../math/sun';
import { sunMinutesOf, sunPlaceOf, sunMomentOf } from '../../state/sun';
import { setShadows, setSun } from '../../state/tool_actions';
import { useApp, useStore, useWords } from '../hooks';
import { EmptyNote, PanelHead } from '../Parts';

const DAY_MINUTES = 1440;
const DIRECTIONS = ['sun.north', 'sun.northEast', 'sun.east', 'sun.southEast', 'sun.south', 'sun.southWest', 'sun.west', 'sun.northWest'] as const;

function SunPlace() {
  const app = useApp();
  const words = useWords();
  useStore(app.address);
  useStore(app.nowMs);
  const place = sunPlaceOf(app);
  if (!place) return null;
  const direction = words.t(DIRECTIONS[Math.round(place.azimuth / 45) % 8] ?? 'sun.north');
  const height = words.quantity(Number(place.elevation.toFixed(1)), 'DD');
  return (
    <dl className="facts">
      <div><dt>{words.t('sun.moment')}</dt><dd>{words.moment(sunMomentOf(app))}</dd></div>
      <div><dt>{words.t('sun.elevation')}</dt><dd>{place.elevation > 0 ? height : words.t('sun.below', { height })}</dd></div>
      <div><dt>{words.t('sun.azimuth')}</dt><dd>{`${direction} (${words.quantity(Math.round(place.azimuth), 'DD')})`}</dd></div>
    </dl>
  );
}

function TimeOfDay() {
  const app = useApp();
  const { t } = useWords();
  const { sun } = useStore(app.address);
  useStore(app.nowMs);
  const minutes = sunMinutesOf(app);
  return (
    <>
      <label className="stack">
        <span className="stack-row"><span>{t('sun.timeOfDay')}</span><strong className="number-text">{clockText(minutes)}</strong></span>
        <input id="sun-minutes" type="range" min={0} max={DAY_MINUTES - 1} step={5} value={minutes} aria-valuetext={clockText(minutes)} onChange={(event) => setSun(app, Number(event.target.value), false)} />
      </label>
      <button type="button" className="button" disabled={sun?.minutes == null} onClick={() => setSun(app, null)}>{t('sun.real')}</button>
    </>
  );
}

export default function SunPanel() {
  const app = useApp();
  const { t } = useWords();
  const { sun, atMs } = useStore(app.address);
  const { light } = useStore(app.mapStatus);
  return (
    <section className="panel panel-right" aria-label={t('tool.sun')}>
      <PanelHead title={<h2>{t('tool.sun')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body stack" tabIndex={-1}>
        <label className="check"><input id="sun-on" type="checkbox" checked={sun !== null} onChange={() => app.go({ sun: sun ? null : { minutes: null, shadows: !light } })} />{t('sun.on')}</label>
        <label className="check"><input id="sun-shadows" type="checkbox" checked={sun?.shadows ?? false} disabled={!sun} onChange={() => setShadows(app, !sun?.shadows)} />{t('sun.shadows')}</label>
        {light && <p className="quiet">{t('sun.lightMode')}</p>}
        {!sun && <EmptyNote text="sun.none" />}
        {sun && <TimeOfDay />}
        {sun && <p className="quiet">{t(sun.minutes === null ? (atMs === null ? 'sun.followsNow' : 'sun.followsPast') : 'sun.chosen')}</p>}
        <SunPlace />
      </div>
    </section>
  );
}
