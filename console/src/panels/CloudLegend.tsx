// What the colours of point clouds mean.
import { CLOUD_COLOURS } from '../math/clouds';
import { coloursOfClouds } from '../state/clouds';
import { useApp, useStore, useWords } from './hooks';
import { FailureNote } from './Parts';

export function CloudLegend() {
  const app = useApp();
  const { t } = useWords();
  const { value, error } = useStore(app.clouds.list);
  if (error) return <FailureNote failure={error} onRetry={() => void app.clouds.load(app.asOf)} />;
  const { pictured, classes } = coloursOfClouds(value ?? []);
  return (
    <div className="layer-more">
      {pictured && <p className="quiet">{t('clouds.pictured')}</p>}
      {classes.length > 0 && <ul className="legend-list">{classes.map((one) => <li key={one}><span className="legend-swatch" style={{ background: CLOUD_COLOURS[one] }} />{t(`clouds.${one}`)}</li>)}</ul>}
    </div>
  );
}
