// What the colours of point clouds mean, and by what they are coloured.
import { useEffect } from 'react';
import { CLOUD_COLOURINGS, CLOUD_COLOURS, HEIGHT_RAMP, type CloudColouring, type HeightRange } from '../math/clouds';
import { coloursOfClouds, heightsOfClouds } from '../state/clouds';
import type { MapFeature } from '../state/ngsi';
import { useApp, usePart, useStore, useWords } from './hooks';
import { EmptyNote, FailureNote, LoadingNote } from './Parts';

/** The ramp with its ends and middle in metres. */
function Heights({ lowMetres, highMetres }: HeightRange) {
  const words = useWords();
  return (
    <>
      <span className="raster-scale" style={{ backgroundImage: `linear-gradient(to right, ${HEIGHT_RAMP.join(', ')})` }} />
      <span className="row raster-ends number">{[lowMetres, (lowMetres + highMetres) / 2, highMetres].map((metres) => <span key={metres}>{words.quantity(Math.round(metres), 'MTR')}</span>)}</span>
    </>
  );
}

function Own({ clouds }: { clouds: readonly MapFeature[] }) {
  const { t } = useWords();
  const { pictured, classes } = coloursOfClouds(clouds);
  return (
    <>
      {pictured && <p className="quiet">{t('clouds.pictured')}</p>}
      {classes.length > 0 && <ul className="legend-list">{classes.map((one) => <li key={one}><span className="legend-swatch" style={{ background: CLOUD_COLOURS[one] }} />{t(`clouds.${one}`)}</li>)}</ul>}
    </>
  );
}

export function CloudLegend() {
  const app = useApp();
  const { t } = useWords();
  const { state, value, error } = useStore(app.clouds.list);
  const colouring = usePart(app.address, ({ cloudColouring }) => cloudColouring);
  useEffect(() => {
    // The flat map draws none and does not ask.
    if (state === 'idle') void app.clouds.load(app.asOf);
  }, [app, state]);
  if (error) return <FailureNote failure={error} onRetry={() => void app.clouds.load(app.asOf)} />;
  if (!value) return <LoadingNote text="clouds.loading" />;
  if (value.length === 0) return <EmptyNote text="clouds.none" />;
  const heights = heightsOfClouds(value);
  return (
    <div className="layer-more">
      {heights && (
        <label className="field">
          <span>{t('clouds.by')}</span>
          <select id="cloud-colouring" value={colouring} onChange={(event) => app.go({ cloudColouring: event.target.value as CloudColouring })}>
            {CLOUD_COLOURINGS.map((by) => <option key={by} value={by}>{t(`clouds.by.${by}`)}</option>)}
          </select>
        </label>
      )}
      {heights && colouring === 'height' ? <Heights {...heights} /> : <Own clouds={value} />}
    </div>
  );
}
