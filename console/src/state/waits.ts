// What is on its way: answers of the server, and pauses before they are asked for. So the map can say whether it is complete.
import { Store } from './store';

export class Waits {
  /** How much is on its way. */
  readonly count = new Store(0);

  /** Something is on its way until the answer is called. */
  begin(): () => void {
    let ended = false;
    this.count.update((count) => count + 1);
    return () => {
      if (!ended) this.count.update((count) => count - 1);
      ended = true;
    };
  }

  /** The work's own answer; it is on its way until then. */
  async during<T>(work: Promise<T>): Promise<T> {
    const end = this.begin();
    try {
      return await work;
    } finally {
      end();
    }
  }
}
