// How panels read the state: the app by context, stores as values, words of the language shown.
import { createContext, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import type { App } from '../state/app';
import type { Watched } from '../state/store';
import { sentencesKnown, wordsOf, type Words } from '../state/words';

export const AppContext = createContext<App | null>(null);

/** The app; panels live inside its provider. */
export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error('panels need an AppContext');
  return app;
}

/** The value of a store, renewed when it changes. */
export function useStore<T>(store: Watched<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}

/** A part of a store. `pick` must answer the same object while nothing relevant changed. */
export function usePart<T, P>(store: Watched<T>, pick: (value: T) => P): P {
  return useSyncExternalStore(store.subscribe, () => pick(store.get()));
}

/** The words of the language shown. */
export function useWords(): Words {
  const app = useApp();
  usePart(app.address, (address) => address.language);
  useStore(sentencesKnown);
  return wordsOf(app.language);
}

/** Whether a map is still being drawn: for readers of the screen as `aria-busy`. */
export function useMapBusy(app: App): boolean {
  const lacks = usePart(app.missing, (missing) => missing !== null);
  const opens = usePart(app.mapStatus, ({ phase }) => phase !== 'noWebGl' && phase !== 'failed');
  return lacks && opens;
}

/** `value` as it was `ms` ago, for input that comes faster than answers. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), ms);
    return () => window.clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

/** Browsers keep that a program did not come: only the page, opened again, asks anew. Its address holds all that is shown; it stays while the server is away. */
export async function openPageAgain(): Promise<void> {
  const there = await fetch(window.location.href, { cache: 'no-store' }).then(({ ok }) => ok, () => false);
  if (there) window.location.reload();
}

/** Whether the window is as narrow as a phone. */
export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => window.matchMedia('(max-width: 760px)').matches);
  useEffect(() => {
    const query = window.matchMedia('(max-width: 760px)');
    const told = (): void => setNarrow(query.matches);
    query.addEventListener('change', told);
    return () => query.removeEventListener('change', told);
  }, []);
  return narrow;
}
