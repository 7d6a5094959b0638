// Builds the console into dist/, with Cesium's workers and assets beside it, so that nothing is fetched from elsewhere.
import { cpSync, createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const CESIUM_BUILD = fileURLToPath(new URL('node_modules/cesium/Build/Cesium', import.meta.url));
const CESIUM_FOLDERS = ['Workers', 'Assets', 'ThirdParty'];
const CESIUM_PATH = '/console/cesium/';

/** Serves Cesium's static files in development and copies them on build. */
function cesiumFiles(): Plugin {
  let outDir = 'dist';
  return {
    name: 'cesium-files',
    apply: () => process.env['VITEST'] === undefined,
    configResolved(config) {
      outDir = config.build.outDir;
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = request.url?.split('?')[0] ?? '';
        const file = join(CESIUM_BUILD, path.slice(CESIUM_PATH.length));
        if (!path.startsWith(CESIUM_PATH) || !existsSync(file)) return next();
        if (path.endsWith('.js')) response.setHeader('content-type', 'text/javascript');
        createReadStream(file).pipe(response);
      });
    },
    closeBundle() {
      for (const folder of CESIUM_FOLDERS) {
        cpSync(join(CESIUM_BUILD, folder), join(outDir, 'cesium', folder), { recursive: true });
      }
    },
  };
}

const SERVER = process.env['CITYLOOM_SERVER'] ?? 'http://127.0.0.1:8080';
const DOORS = ['/api', '/ngsi-ld', '/tiles', '/health', '/openapi.json'];

export default defineConfig({
  base: '/console/',
  plugins: [react(), cesiumFiles()],
  define: { CESIUM_BASE_URL: JSON.stringify(CESIUM_PATH) },
  build: { target: 'es2022', chunkSizeWarningLimit: 6000, sourcemap: false },
  server: { proxy: Object.fromEntries(DOORS.map((door) => [door, SERVER])) },
  test: { include: ['tests/unit/**/*.test.ts', 'src/**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0]);
