// Debian's Chromium under playwright, with everything it asked for and complained about kept for the checks.
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

/** A browser; `extra` are further flags. */
export function openBrowser(extra = []) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: [...FLAGS, ...extra] });
}

/** In the page: says that the device smooths no edges, which costs more than all else where there is no graphics device. */
function oneSampleAPixel() {
  const { prototype } = WebGL2RenderingContext;
  const { getParameter } = prototype;
  prototype.getParameter = function limited(name) { return name === prototype.MAX_SAMPLES ? 1 : getParameter.call(this, name); };
}

/** For checks in which no pixel is looked for at a place of its own: a third less to draw. */
export const SMALL = { width: 1280, height: 720 };

/** A page of its own context. Requests and complaints of every page land in `journal`. */
export async function openPage(browser, journal, { width = 1440, height = 900, locale = 'ko-KR', phone = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale, timezoneId: 'Asia/Seoul', isMobile: phone, hasTouch: phone, reducedMotion: 'reduce' });
  await context.addInitScript(oneSampleAPixel);
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

const SETTLE_MS_MAX = 120_000;

/** Waits until there is a map, `phase` says of which kind, and it is complete. */
export async function mapReady(page, phase = 'ready') {
  await page.waitForFunction((wanted) => window.__cityloom?.map.get() && window.__cityloom.mapStatus.get().phase === wanted, phase);
  await settled(page);
}

/**
 * Waits until the map says that it is complete: no answer on its way, the eye still, all that is seen there, and frames drawn since this
 * call that show it. A map that compares another moment must be so too.
 */
export async function settled(page) {
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`in ${SETTLE_MS_MAX / 1000} s`)), SETTLE_MS_MAX); });
  try {
    await Promise.race([page.evaluate(() => window.__cityloom.map.get().complete()), late]);
    await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'), undefined, { timeout: SETTLE_MS_MAX });
  } catch (error) {
    const told = await page.evaluate(() => ({ missing: window.__cityloom.missing.get(), answers: window.__cityloom.waits.count.get(), ...window.__cityloom.mapStatus.get() }));
    throw new Error(`the map is not complete: ${JSON.stringify(told)} (${error.message})`);
  } finally {
    clearTimeout(timer);
  }
}

/** Pictures of a screen in both languages; it is Korean before and after. */
export async function inBoth(page, shoot, name) {
  await shoot(page, `${name}-ko`);
  await page.click('button[lang=en]');
  await page.waitForFunction(() => document.documentElement.lang === 'en');
  await settled(page);
  await shoot(page, `${name}-en`);
  await page.click('button[lang=ko]');
  await page.waitForFunction(() => document.documentElement.lang === 'ko');
}

const ASK_EVERY_MS = 250;

/** Asks again and again until a condition outside of the page, or one of its pixels, holds; fails by saying `what`. */
export async function until(condition, what, withinMs = 30_000) {
  const end = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, ASK_EVERY_MS); });
  }
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
