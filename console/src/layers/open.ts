// Opens the best map that the machine can draw. Only what is needed is loaded: the flat map does without Cesium.
import type { App } from '../state/app';

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

/** Opens the map in `container`; the answer closes it. Rejects when its code cannot be loaded. */
export async function openBest(container: HTMLElement, app: App): Promise<() => void> {
  const power = graphicsPower();
  if (power !== 'none' && !app.address.get().flat) {
    const { openMap } = await import('./map');
    const close = openMap(container, app, app.address.get().light ?? power === 'software');
    if (close) return close;
  }
  const { openPlane } = await import('./plane');
  const close = openPlane(container, app);
  if (!close) app.mapStatus.update((status) => ({ ...status, phase: 'noWebGl' }));
  return close ?? ((): void => undefined);
}
