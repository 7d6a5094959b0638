// An action of a person by name: a button, a shortcut and an entry of the command palette.
import type { TextKey, TextValues } from './words';

export interface Action {
  readonly id: string;
  readonly text: TextKey;
  readonly values?: TextValues;
  /** A single letter works only outside text fields and can be turned off. */
  readonly shortcut?: string;
  readonly run: () => void;
}
