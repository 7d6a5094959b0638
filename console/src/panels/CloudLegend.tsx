// What the colours of point clouds mean.
import { useEffect } from 'react';
import { CLOUD_COLOURS } from '../math/clouds';
import { coloursOfClouds } from '../state/clouds';
import { useApp, useStore, useWords } from './hooks';
import { EmptyNote, FailureNote, LoadingNote } from './Parts';

export function CloudLegend() {
  const app = useApp();
  const { t } = useWords();
  const { state, value, error } = useStore(app.clouds.list);
  useEffect(() => {
    // The flat map draws none and does not ask.
    if (state === 'idle') void app.clouds.load(app.asOf);
  }, [app, state]);
  if (error) return <FailureNote failure={error} onRetry={() => void app.clouds.load(app.asOf)} />;
  if (!value) return <LoadingNote text="clouds.loading" />;
  if (value.length === 0) return <EmptyNote text="clouds.none" />;
  const { pictured, classes } = coloursOfClouds(value);
  return (
    <div className="layer-more">
      {pictured && <p className="quiet">{t('clouds.pictured')}</p>}
      {classes.length > 0 && <ul className="legend-list">{classes.map((one) => <li key={one}><span className="legend-swatch" style={{ background: CLOUD_COLOURS[one] }} />{t(`clouds.${one}`)}</li>)}</ul>}
    </div>
  );
}
