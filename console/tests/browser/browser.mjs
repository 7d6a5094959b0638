// Debian's Chromium under playwright, with everything it asked for and complained about kept for the checks.
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

/** A browser; `extra` are further flags. */
export function openBrowser(extra = []) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: [...FLAGS, ...extra] });
}

/** A page of its own context. Requests and complaints of every page land in `journal`. */
export async function openPage(browser, journal, { width = 1440, height = 900, locale = 'ko-KR', phone = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale, timezoneId: 'Asia/Seoul', isMobile: phone, hasTouch: phone, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('request', (request) => journal.requests.push(request.url()));
  page.on('websocket', (socket) => journal.requests.push(socket.url()));
  page.on('pageerror', (error) => journal.complaints.push(`${error.message} ${error.stack?.split('\n')[1] ?? ''}`));
  page.on('console', (message) => {
    // A lost server and a past before a record are met on purpose: the browser itself notes such answers.
    if (message.type() === 'error' && !/Failed to load resource|net::ERR_/.test(message.text())) journal.complaints.push(message.text());
  });
  return page;
}

/** Waits until the map has drawn its tiles, its layers and the ground. */
export async function mapReady(page) {
  const ready = () => page.waitForFunction(() => {
    const status = window.__cityloom?.mapStatus.get();
    return status?.phase === 'ready' && status.tiles === 'ready' && status.layersLoading === 0 && !status.groundLoading;
  }, undefined, { timeout: 240_000 });
  await ready();
  // What the last layer brought may ask for more of the ground.
  await settled(page);
  await ready();
}

/** Lets the map draw what was asked for. */
export async function settled(page, ms = 1200) {
  await page.waitForTimeout(ms);
}

/** Pixels of a screenshot as { width, height, data } (RGBA), decoded by the browser itself. */
export async function pixels(page, clip) {
  const png = (await page.screenshot({ clip })).toString('base64');
  const decoded = await page.evaluate(async (text) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${text}`)).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    let binary = '';
    for (let i = 0; i < data.length; i += 8192) binary += String.fromCharCode(...data.subarray(i, i + 8192));
    return { width: bitmap.width, height: bitmap.height, text: btoa(binary) };
  }, png);
  return { width: decoded.width, height: decoded.height, data: Buffer.from(decoded.text, 'base64') };
}

/** Part of the pixels (0 to 1) that differ clearly between two pictures of one size. */
export function difference(a, b) {
  if (a.data.length !== b.data.length) return 1;
  let differing = 0;
  for (let i = 0; i < a.data.length; i += 4) {
    if (Math.abs(a.data[i] - b.data[i]) + Math.abs(a.data[i + 1] - b.data[i + 1]) + Math.abs(a.data[i + 2] - b.data[i + 2]) > 24) differing++;
  }
  return differing / (a.data.length / 4);
}

/** How many clearly different colours a picture has. */
export function colours({ data }) {
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) seen.add(((data[i] >> 4) << 8) | ((data[i + 1] >> 4) << 4) | (data[i + 2] >> 4));
  return seen.size;
}
