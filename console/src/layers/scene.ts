// The bare 3D scene: a plain ellipsoid in a calm colour, no imagery, no terrain, nothing fetched from elsewhere.
import { CameraEventType, CesiumWidget, Color, KeyboardEventModifier, type Scene } from 'cesium';
import { SCENE, type Theme } from '../math/paint';

const SOFTWARE_GL = /swiftshader|llvmpipe|software|basic render/i;

/** What the browser can draw: nothing, or by a graphics card, or by software only. */
export function graphicsPower(): 'none' | 'software' | 'hardware' {
  const context = document.createElement('canvas').getContext('webgl2');
  if (!context) return 'none';
  const info = context.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = info ? context.getParameter(info.UNMASKED_RENDERER_WEBGL) : context.getParameter(context.RENDERER);
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return SOFTWARE_GL.test(String(name)) ? 'software' : 'hardware';
}

function controlsLikeOtherMaps(scene: Scene): void {
  const controller = scene.screenSpaceCameraController;
  controller.minimumZoomDistance = 15;
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

/** Colours the ground and the sky. */
export function colourScene(scene: Scene, theme: Theme): void {
  scene.backgroundColor = Color.fromCssColorString(SCENE[theme].sky);
  scene.globe.baseColor = Color.fromCssColorString(SCENE[theme].ground);
  scene.requestRender();
}
