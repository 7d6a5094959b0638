// The bare 3D scene: a plain ellipsoid in a calm colour, no imagery, no terrain, nothing fetched from elsewhere.
import { CameraEventType, CesiumWidget, Color, KeyboardEventModifier, type Scene } from 'cesium';
import { SCENE, type Theme } from '../math/paint';
import { QUALITIES } from '../math/quality';

/** As near as the eye comes to the ground: that of one who sits in the street. Cesium lifts the eye of a link too. */
const NEAREST_METRES = 1;

function controlsLikeOtherMaps(scene: Scene): void {
  const controller = scene.screenSpaceCameraController;
  controller.minimumZoomDistance = NEAREST_METRES;
  controller.maximumZoomDistance = 3_000_000;
  controller.zoomEventTypes = [CameraEventType.WHEEL, CameraEventType.PINCH];
  controller.tiltEventTypes = [
    CameraEventType.RIGHT_DRAG, CameraEventType.MIDDLE_DRAG, CameraEventType.PINCH,
    { eventType: CameraEventType.LEFT_DRAG, modifier: KeyboardEventModifier.CTRL },
  ];
  controller.inertiaSpin = 0.6;
  controller.inertiaZoom = 0.5;
}

/** Opens the scene in `container`. `light` saves work on machines without a graphics card. Throws when WebGL fails. */
export function openScene(container: HTMLElement, light: boolean): CesiumWidget {
  const widget = new CesiumWidget(container, {
    baseLayer: false,
    skyBox: false,
    skyAtmosphere: false,
    scene3DOnly: true,
    requestRenderMode: true,
    maximumRenderTimeChange: Infinity,
    msaaSamples: light ? 1 : 4,
    showRenderLoopErrors: false,
    creditContainer: document.createElement('div'),
    contextOptions: { webgl: { alpha: false, preserveDrawingBuffer: false } },
  });
  widget.resolutionScale = light ? 0.5 : Math.min(2, window.devicePixelRatio || 1);
  const { scene } = widget;
  scene.fog.enabled = false;
  scene.globe.showGroundAtmosphere = false;
  scene.globe.enableLighting = false;
  scene.globe.tileCacheSize = 50;
  scene.pickTranslucentDepth = false;
  if (scene.sun) scene.sun.show = false;
  if (scene.moon) scene.moon.show = false;
  scene.postProcessStages.fxaa.enabled = false;
  controlsLikeOtherMaps(scene);
  return widget;
}

/** Draws as finely as a level of quality says; tilesets follow it by `mapStatus.quality`. */
export function applyQuality(widget: CesiumWidget, level: number): void {
  const { resolution, samples, groundError } = QUALITIES[level] ?? QUALITIES[0];
  widget.resolutionScale = resolution * (resolution === 1 ? Math.min(2, window.devicePixelRatio || 1) : 1);
  widget.scene.msaaSamples = samples;
  widget.scene.globe.maximumScreenSpaceError = groundError;
  widget.scene.shadowMap.size = level === 0 ? 2048 : 1024;
  widget.scene.shadowMap.softShadows = level === 0;
  widget.scene.requestRender();
}

/** Colours the ground and the sky. */
export function colourScene(scene: Scene, theme: Theme): void {
  scene.backgroundColor = Color.fromCssColorString(SCENE[theme].sky);
  scene.globe.baseColor = Color.fromCssColorString(SCENE[theme].ground);
  scene.requestRender();
}
