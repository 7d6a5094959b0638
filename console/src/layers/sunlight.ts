// Sun and shadows: the scene's clock follows the moment shown (or the time of day chosen), and Cesium places the sun by it.
import { Color, JulianDate, type CesiumWidget } from 'cesium';
import { SCENE } from '../math/paint';
import { daylight, sunAt } from '../math/sun';
import type { App } from '../state/app';
import { sunMomentOf } from '../state/sun';
import { watch } from '../state/store';

const SHADOW_REACH_M = 4000;
const STEP_MS = 30_000;

/** Follows the state; the answers end that. */
export function followSun(app: App, widget: CesiumWidget): (() => void)[] {
  const { scene } = widget;
  scene.shadowMap.maximumDistance = SHADOW_REACH_M;
  scene.shadowMap.darkness = 0.45;
  scene.shadowMap.normalOffset = true;
  scene.shadowMap.softShadows = true;
  let last = '';
  const show = (): void => {
    const { sun, view } = app.address.get();
    const { theme } = app.settings.get();
    const ms = sunMomentOf(app);
    const key = `${sun?.shadows} ${sun === null} ${theme} ${Math.floor(ms / STEP_MS)} ${view?.longitude.toFixed(2)} ${view?.latitude.toFixed(2)}`;
    if (key === last) return;
    last = key;
    widget.clock.currentTime = JulianDate.fromDate(new Date(ms));
    scene.globe.enableLighting = sun !== null;
    scene.shadowMap.enabled = sun?.shadows ?? false;
    const day = sun ? daylight(sunAt([view?.longitude ?? 127, view?.latitude ?? 37.5], ms).elevation) : 1;
    const night = Color.fromCssColorString('#05070a');
    scene.backgroundColor = Color.lerp(night, Color.fromCssColorString(SCENE[theme].sky), 0.35 + 0.65 * day, new Color());
    scene.requestRender();
  };
  show();
  return [app.address.subscribe(show), app.settings.subscribe(show), watch(app.nowMs, (ms) => Math.floor(ms / STEP_MS), show)];
}
