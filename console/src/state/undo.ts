// What was done and can be taken back, by name. One list for the whole console.
import { Store } from './store';
import type { TextKey } from './texts.ko';

export interface Done {
  /** What was done, for people. */
  readonly text: TextKey;
  readonly undo: () => void | Promise<void>;
  readonly redo: () => void | Promise<void>;
}

export interface UndoState {
  readonly done: readonly Done[];
  readonly undone: readonly Done[];
}

const KEPT = 100;

export class UndoList {
  readonly state = new Store<UndoState>({ done: [], undone: [] });

  /** Remembers what was just done; what had been taken back before is forgotten. */
  did(step: Done): void {
    this.state.update(({ done }) => ({ done: [...done, step].slice(-KEPT), undone: [] }));
  }

  /** Takes the last step back; null when there is none. */
  undo(): Done | null {
    const { done, undone } = this.state.get();
    const step = done.at(-1);
    if (!step) return null;
    this.state.set({ done: done.slice(0, -1), undone: [...undone, step] });
    void step.undo();
    return step;
  }

  /** Does again what was taken back last; null when there is none. */
  redo(): Done | null {
    const { done, undone } = this.state.get();
    const step = undone.at(-1);
    if (!step) return null;
    this.state.set({ done: [...done, step], undone: undone.slice(0, -1) });
    void step.redo();
    return step;
  }
}
