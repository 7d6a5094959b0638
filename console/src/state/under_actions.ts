// Looking below the ground: on, off, how deep, how much ground.
import type { UnderSetting } from './address_parts';
import type { App } from './app';

const FIRST: UnderSetting = { depthMetres: 10, ground: 0.35, cut: false };

export function toggleUnder(app: App): void {
  app.go({ under: app.address.get().under ? null : FIRST });
}

export function changeUnder(app: App, change: Partial<UnderSetting>): void {
  app.go({ under: { ...(app.address.get().under ?? FIRST), ...change } }, false);
}
