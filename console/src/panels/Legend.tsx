// The classes by which buildings are coloured.
import { buildingClasses, type ColourBy, type PaintClass } from '../math/paint';
import type { TextKey, Words } from '../state/words';
import { useApp, useStore, useWords } from './hooks';

/** "10–20 m", "Housing", "Unknown" */
export function classLabel(words: Words, by: ColourBy, one: PaintClass): string {
  const unit = by === 'height' ? 'm' : words.t('legend.levels');
  if (one.key === 'unknown') return words.t('legend.unknown');
  if (one.values) return words.t(`class.${one.key}` as TextKey);
  if (one.to === undefined) return words.t('legend.andMore', { from: one.from ?? 0, unit });
  if ((one.from ?? 0) < 1) return words.t('legend.below', { to: one.to, unit });
  const last = by === 'levels' ? one.to - 1 : one.to;
  return words.t('legend.range', { from: one.from ?? 0, to: last, unit });
}

export function BuildingClasses() {
  const app = useApp();
  const words = useWords();
  const { colourBy } = useStore(app.address);
  const { theme } = useStore(app.settings);
  return (
    <ul className="legend-list">
      {buildingClasses(colourBy, theme).map((one) => (
        <li key={one.key}><span className="legend-swatch" style={{ background: one.colour }} />{classLabel(words, colourBy, one)}</li>
      ))}
    </ul>
  );
}
