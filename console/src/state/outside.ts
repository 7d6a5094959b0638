// The browser as the console's outside world: address bar, storage, clock, requests, event streams.
import type { Outside } from './app';
import type { UploadAnswer } from './imports';
import type { EventSourceLike } from './stream';

const SETTINGS_KEY = 'cityloom.settings.1';

/** XMLHttpRequest, since fetch does not tell how much was sent. */
function uploadByRequest(path: string, file: File, onSent: (part: number) => void, signal: AbortSignal): Promise<UploadAnswer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.upload.onprogress = (event) => onSent(event.lengthComputable && event.total > 0 ? Math.min(0.999, event.loaded / event.total) : 0);
    request.upload.onload = () => onSent(1);
    request.onload = () => resolve({ status: request.status, text: request.responseText });
    request.onerror = () => reject(new Error(path));
    request.onabort = () => reject(new DOMException('given up', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

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
    newId: () => (typeof crypto.randomUUID === 'function' ? crypto.randomUUID() : `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`),
    upload: uploadByRequest,
    readSettings: () => window.localStorage.getItem(SETTINGS_KEY),
    writeSettings: (text) => window.localStorage.setItem(SETTINGS_KEY, text),
  };
}
