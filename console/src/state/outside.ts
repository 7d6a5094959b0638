// The browser as the console's outside world: address bar, storage, clock, requests, event streams.
import type { Outside } from './app';
import type { EventSourceLike } from './stream';

const SETTINGS_KEY = 'cityloom.settings.1';

/** The real outside world. */
export function browserOutside(): Outside {
  return {
    fetch: window.fetch.bind(window),
    languages: navigator.languages,
    open: (url) => new EventSource(url) as EventSourceLike,
    nowMs: () => Date.now(),
    after: (ms, run) => {
      const timer = window.setTimeout(run, ms);
      return () => window.clearTimeout(timer);
    },
    readQuery: () => window.location.search,
    writeQuery: (query, push) => {
      const url = window.location.pathname + query;
      if (push) window.history.pushState(null, '', url);
      else window.history.replaceState(null, '', url);
    },
    readSettings: () => window.localStorage.getItem(SETTINGS_KEY),
    writeSettings: (text) => window.localStorage.setItem(SETTINGS_KEY, text),
  };
}
