// The layer list: what is drawn, by which colours, how many, and a list behind each layer.
import { bodyColour } from '../math/bodies';
import { COLOUR_BY, MOVING_COLOURS, ROAD_LEGEND, roadPaint, SCENE, type ColourBy } from '../math/paint';
import { placeColour } from '../math/places';
import { isUnderground } from '../math/underground';
import { toggleLayers } from '../state/actions';
import { FIXED_LAYERS, isShown, layerOf, maySense, switchLayer, type LayerRow } from '../state/catalogue';
import { SENSORS_MAX } from '../state/app';
import { isMoving } from '../state/moving';
import { isPlaceOnly } from '../state/places';
import { measuredBy } from '../state/sensors';
import { toggleUnder } from '../state/under_actions';
import { useApp, usePart, useStore, useWords } from './hooks';
import { CloudLegend } from './CloudLegend';
import { BuildingClasses } from './Legend';
import { LookLegend } from './LookLegend';
import { RasterLegend } from './RasterLegend';
import { EmptyNote, FailureNote, FreshnessMark, IconButton, LoadingNote, OfCity, PanelHead } from './Parts';

/** Whether surfaces show the pictures and colours that the model brings; offered where one brings some. */
function PicturesChoice() {
  const app = useApp();
  const { t } = useWords();
  const { pictures } = useStore(app.address);
  const { dressed } = useStore(app.mapStatus);
  if (!dressed && pictures) return null;
  return <label className="check"><input type="checkbox" checked={pictures} onChange={() => app.go({ pictures: !pictures })} />{t('layers.pictures')}</label>;
}

function BuildingLegend() {
  const app = useApp();
  const { t } = useWords();
  const { colourBy } = useStore(app.address);
  return (
    <div className="layer-more">
      <label className="field">
        <span>{t('layers.colourBy')}</span>
        <select value={colourBy} onChange={(event) => app.go({ colourBy: event.target.value as ColourBy })}>
          {COLOUR_BY.map((by) => <option key={by} value={by}>{t(`colour.${by}`)}</option>)}
        </select>
      </label>
      <BuildingClasses />
      <PicturesChoice />
    </div>
  );
}

function RoadLegend() {
  const { t } = useWords();
  const { theme } = useStore(useApp().settings);
  return (
    <ul className="legend-list layer-more">
      {ROAD_LEGEND.map((group) => {
        const { colour, widthPixels } = roadPaint(group, theme);
        return <li key={group}><span className="legend-line" style={{ background: colour, height: widthPixels }} />{t(`road.${group}`)}</li>;
      })}
    </ul>
  );
}

function SensorLegend({ type, count }: { type: string; count: number }) {
  const app = useApp();
  const words = useWords();
  const { state, value: sensors, error } = useStore(app.sensors);
  const { shown } = useStore(app.address);
  const names = sensors ? measuredBy(sensors, type) : [];
  // Above the list it is said that reading them failed.
  if (names.length === 0 && error) return null;
  if (names.length === 0) return state === 'ready' ? <EmptyNote text="layers.noSensors" /> : <LoadingNote text="layers.loadingSensors" />;
  return (
    <div className="layer-more">
      <label className="field">
        <span>{words.t('layers.shown')}</span>
        <select value={shown[type] ?? names[0]} onChange={(event) => app.go({ shown: { ...shown, [type]: event.target.value } })}>
          {names.map((name) => <option key={name} value={name}>{words.attribute(name)}</option>)}
        </select>
      </label>
      {count > SENSORS_MAX && <p className="quiet">{words.t('layers.sensorsCut', { count: words.number(SENSORS_MAX) })}</p>}
      <div className="legend-row"><FreshnessMark freshness="fresh" /><FreshnessMark freshness="replayed" /><FreshnessMark freshness="stale" /></div>
    </div>
  );
}

/** What the marks of moving things mean; hollow ones are invented. */
function MovingLegend({ type }: { type: string }) {
  const app = useApp();
  const { t } = useWords();
  const { theme } = useStore(app.settings);
  useStore(app.moving.count);
  const colours = MOVING_COLOURS[theme];
  const invented = [...app.moving.all.values()].some((thing) => thing.type === type && thing.invented);
  return (
    <ul className="legend-list layer-more">
      {type === 'Person' ? <li><svg className="legend-mark" viewBox="0 0 12 12" aria-hidden="true"><circle cx="6" cy="6" r="3.500" fill={colours.person} /></svg>{t('moving.person')}</li> : (
        <>
          <li><svg className="legend-mark" viewBox="0 0 12 12" aria-hidden="true"><path d="M6 1l4 10-4-3-4 3z" fill={colours.car} /></svg>{t('moving.car')}</li>
          <li><svg className="legend-mark" viewBox="0 0 12 12" aria-hidden="true"><path d="M6 0l3 3v9H3V3z" fill={colours.long} /></svg>{t('moving.long')}</li>
        </>
      )}
      {invented && <li><svg className="legend-mark" viewBox="0 0 12 12" aria-hidden="true"><path d="M6 1l4 10-4-3-4 3z" fill="none" stroke="currentcolor" /></svg>{t('moving.invented')}</li>}
      <li className="quiet">{t('moving.fades')}</li>
    </ul>
  );
}

/** Below the ground things are drawn only while one looks there. */
function UnderNote() {
  const app = useApp();
  const { t } = useWords();
  const { under } = useStore(app.address);
  return under ? null : <p><button type="button" className="link-button" onClick={() => toggleUnder(app)}>{t('action.underOn')}</button></p>;
}

/** The shape of the type's marks; lines and areas have its colour. */
function PlaceMark({ type }: { type: string }) {
  const { theme } = useStore(useApp().settings);
  const shape = type === 'TrafficSignal' ? 'M6 1l5 9H1z' : type === 'Crossing' ? 'M1 1h2v10H1zM5 1h2v10H5zM9 1h2v10H9z' : 'M2 2h8v8H2z';
  return <svg className="legend-mark" viewBox="0 0 12 12" aria-hidden="true"><path d={shape} fill={placeColour(type, theme)} /></svg>;
}

function Mark({ row }: { row: LayerRow }) {
  const { theme } = useStore(useApp().settings);
  if (row.kind === 'areas') return <span className="legend-swatch" style={{ background: row.type === 'Water' ? SCENE[theme].water : SCENE[theme].green }} />;
  if (row.kind === 'bodies') return <span className="legend-swatch" style={{ background: bodyColour(row.type, theme) }} />;
  return row.kind === 'places' ? <PlaceMark type={row.type} /> : null;
}

/** Says when there are too many to be drawn at once. */
function PartNote({ type, count }: { type: string; count: number }) {
  const words = useWords();
  const drawn = usePart(useApp().mapStatus, ({ partly }) => partly[type]);
  return drawn === undefined ? null : <p className="layer-more quiet" data-partly={type}>{words.t('layers.partly', { drawn: words.number(drawn), count: words.number(count) })}</p>;
}

function Layer({ row, count }: { row: LayerRow; count: number }) {
  const app = useApp();
  const words = useWords();
  const address = useStore(app.address);
  const shown = isShown(address, row.type);
  const painted = address.paints[row.type] !== undefined;
  const layer = words.type(row.type);
  return (
    <li className="layer" data-layer={row.type}>
      <div className="layer-row">
        <label>
          <input type="checkbox" checked={shown} onChange={() => app.go(switchLayer(app.address.get(), row.type))} />
          <Mark row={row} />
          <span className="layer-name">{layer}</span>
        </label>
        <span className="layer-count">{words.number(count)}</span>
        <IconButton icon="list" label={words.t('layers.list', { layer })} onClick={() => app.go({ panel: 'list', listType: row.type })} />
      </div>
      {shown && <PartNote type={row.type} count={count} />}
      {shown && row.kind === 'buildings' && !painted && <BuildingLegend />}
      {shown && row.kind === 'roads' && !painted && <RoadLegend />}
      {shown && row.kind === 'moving' && <MovingLegend type={row.type} />}
      {shown && row.type === 'TransitRoute' && !painted && <p className="layer-more quiet">{words.t('layers.ownColours')}</p>}
      {shown && <LookLegend type={row.type} />}
      {shown && row.kind === 'clouds' && <CloudLegend />}
      {shown && row.kind === 'raster' && <RasterLegend />}
      {shown && row.kind === 'sensors' && <SensorLegend type={row.type} count={count} />}
    </li>
  );
}

function LayerGroups() {
  const app = useApp();
  const { t } = useWords();
  const summary = useStore(app.summary).value;
  const sensorsFailure = useStore(app.sensors).error;
  const counts = new Map((summary?.types ?? []).map(({ type, count }) => [type, count]));
  useStore(app.places.editions);
  usePart(app.sensors, ({ value }) => value?.size);
  const open = [...counts.keys()].filter(maySense);
  const places = open.filter((type) => isPlaceOnly(app, type)).map((type): LayerRow => ({ ...layerOf(type), kind: 'places' }));
  const city = [...FIXED_LAYERS.filter(({ type }) => counts.has(type)), ...places];
  const sensors = open.filter((type) => !isPlaceOnly(app, type)).map(layerOf);
  const moving = [...counts.keys()].filter(isMoving).map(layerOf);
  const under = [...counts.keys()].filter(isUnderground).map(layerOf);
  if (counts.size === 0) return <EmptyNote text="city.none" />;
  return (
    <>
      <h3>{t('layers.sensors')}</h3>
      {sensorsFailure && <FailureNote failure={sensorsFailure} onRetry={() => void app.loadSensors()} />}
      {sensors.length === 0 && <p className="quiet">{t('layers.noSensors')}</p>}
      <ul className="layers-list">{sensors.map((row) => <Layer key={row.type} row={row} count={counts.get(row.type) ?? 0} />)}</ul>
      {moving.length > 0 && <><h3>{t('layers.moving')}</h3><ul className="layers-list">{moving.map((row) => <Layer key={row.type} row={row} count={counts.get(row.type) ?? 0} />)}</ul></>}
      {under.length > 0 && <><h3>{t('layers.under')}</h3><UnderNote /><ul className="layers-list">{under.map((row) => <Layer key={row.type} row={row} count={counts.get(row.type) ?? 0} />)}</ul></>}
      <h3>{t('layers.city')}</h3>
      <ul className="layers-list">{city.map((row) => <Layer key={row.type} row={row} count={counts.get(row.type) ?? 0} />)}</ul>
    </>
  );
}

export function LayersPanel() {
  const app = useApp();
  const { t } = useWords();
  return (
    <section className="panel panel-layers" aria-label={t('layers.title')} id="layers">
      <PanelHead title={<h2>{t('layers.title')}</h2>} onClose={() => toggleLayers(app)} closeLabel={t('layers.close')} />
      <div className="panel-body" tabIndex={-1}><OfCity><LayerGroups /></OfCity></div>
    </section>
  );
}
