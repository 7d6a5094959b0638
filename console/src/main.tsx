// Starts the console.
import { createRoot } from 'react-dom/client';
import { Console } from './panels/Console';
import './panels/style/base.css';
import './panels/style/layout.css';
import './panels/style/panels.css';
import { App } from './state/app';
import { browserOutside } from './state/outside';

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
  createRoot(root).render(<Console app={app} />);
}
