// Whether the picture is complete. It is told as what is still missing, so that nobody has to guess it by the clock.
import type { App } from '../state/app';
import type { Missing } from '../state/map_controls';

/** Between an answer and what follows from it a frame or two lack nothing: so many in a row must. */
const QUIET_FRAMES = 3;
/** Not all that gets ready asks for a frame. */
const LOOK_AGAIN_MS = 200;

/** Keeps `app.missing` for one map. */
export class Completeness {
  readonly #app: App;
  readonly #ask: () => void;
  readonly #missing: () => Missing | null;
  readonly #endFollowing: () => void;
  #quietFrames = 0;
  #timer = 0;
  #told: (() => void)[] = [];

  /** `ask` asks for a frame, `missing` says what of the picture itself is not there yet. */
  constructor(app: App, ask: () => void, missing: () => Missing | null = () => null) {
    [this.#app, this.#ask, this.#missing] = [app, ask, missing];
    this.#endFollowing = app.waits.count.subscribe(this.#waited);
    app.missing.set('frames');
  }

  /** To be called after every frame. */
  drawn = (): void => {
    const missing = this.#app.waits.count.get() > 0 ? 'answers' : this.#missing();
    this.#quietFrames = missing ? 0 : this.#quietFrames + 1;
    if (this.#quietFrames >= QUIET_FRAMES) return this.#tellComplete();
    if (!missing) return this.#ask();
    this.#app.missing.set(missing);
    window.clearTimeout(this.#timer);
    // Answers and the eye tell when they are there.
    if (missing !== 'answers' && missing !== 'eye') this.#timer = window.setTimeout(this.#ask, LOOK_AGAIN_MS);
  };

  /** Resolves once frames drawn from now on lack nothing. */
  reached = (): Promise<void> => new Promise((resolve) => {
    this.#told.push(resolve);
    this.#quietFrames = 0;
    this.#ask();
  });

  #waited = (): void => {
    this.#quietFrames = 0;
    if (this.#app.waits.count.get() === 0) this.#ask();
    else this.#app.missing.set('answers');
  };

  #tellComplete(): void {
    this.#app.missing.set(null);
    for (const tell of this.#told.splice(0)) tell();
  }

  destroy(): void {
    this.#endFollowing();
    window.clearTimeout(this.#timer);
  }
}
