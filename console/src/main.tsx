// Starts the console.
import { createRoot } from 'react-dom/client';
import { Console } from './panels/Console';
import './panels/style/base.css';
import './panels/style/layout.css';
import './panels/style/panels.css';
import { App } from './state/app';
import { browserOutside } from './state/outside';
import { loadSentences } from './state/words';

declare global {
  interface Window {
    /** For browser tests: asks the map what is drawn where. */
    __cityloom?: App;
  }
}

const root = document.getElementById('root');
if (root) {
  const app = new App(browserOutside());
  window.__cityloom = app;
  app.start();
  // Not before there is a picture, which they would hold up.
  const drawn = (): boolean => app.missing.get() === null || ['noWebGl', 'failed'].includes(app.mapStatus.get().phase);
  const ends = [app.missing, app.mapStatus].map((store) => store.subscribe(() => {
    if (!drawn()) return;
    for (const end of ends) end();
    void loadSentences();
  }));
  createRoot(root).render(<Console app={app} />);
}
