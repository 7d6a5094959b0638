// The legend of raster layers: name, colours with their values and unit, and which step is shown.
import { useEffect } from 'react';
import { parseInstant } from '../math/time';
import { rasterNames, stepAt } from '../state/rasters';
import type { RasterInfo } from '../state/types';
import { useApp, usePart, useStore, useWords } from './hooks';
import { EmptyNote, FailureNote, LoadingNote } from './Parts';

function Scale({ raster }: { raster: RasterInfo }) {
  const words = useWords();
  const [first, last] = [raster.legend[0], raster.legend.at(-1)];
  if (!first || !last) return null;
  const span = last.value - first.value || 1;
  const stops = raster.legend.map(({ value, colour }) => `${colour} ${(((value - first.value) / span) * 100).toFixed(1)}%`).join(', ');
  return (
    <>
      <span className="raster-scale" style={{ backgroundImage: `linear-gradient(to right, ${stops})` }} />
      <span className="row raster-ends number"><span>{words.quantity(first.value, raster.unitCode || undefined)}</span><span>{words.quantity(last.value, raster.unitCode || undefined)}</span></span>
    </>
  );
}

function Raster({ raster }: { raster: RasterInfo }) {
  const app = useApp();
  const words = useWords();
  const atMs = usePart(app.address, (address) => address.atMs);
  const minute = usePart(app.nowMs, (ms) => Math.floor(ms / 60_000));
  const step = parseInstant(stepAt(raster, atMs ?? minute * 60_000));
  return (
    <li data-raster={raster.id}>
      <p>{words.name(rasterNames(raster))}</p>
      <Scale raster={raster} />
      <p className="quiet">{step === null ? words.t('raster.noStep') : words.t('raster.step', { time: words.moment(step), count: raster.times.length })}</p>
    </li>
  );
}

export function RasterLegend() {
  const app = useApp();
  const { state, value, error } = useStore(app.rasters.list);
  useEffect(() => {
    // The flat map draws none and does not ask.
    if (state === 'idle') void app.rasters.load(app.asOf);
  }, [app, state]);
  if (error) return <FailureNote failure={error} onRetry={() => void app.rasters.load(app.asOf)} />;
  if (!value) return <LoadingNote text="raster.loading" />;
  if (value.length === 0) return <EmptyNote text="raster.none" />;
  return <ul className="layer-more">{value.map((raster) => <Raster key={raster.id} raster={raster} />)}</ul>;
}
