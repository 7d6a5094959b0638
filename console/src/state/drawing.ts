// Drawing on the map: which shape is being drawn, its points so far, and the shapes kept in the address.
import type { Position } from '../math/geo';
import { POINTS, type Shape, type ShapeKind } from '../math/shape';
import type { Address } from './address';
import { Store, type Watched } from './store';
import type { UndoList } from './undo';

export interface Draft {
  readonly kind: ShapeKind;
  readonly points: readonly Position[];
  /** Where the pointer is, when it is over the map. */
  readonly pointer: Position | null;
}

interface Place {
  readonly address: Watched<Address>;
  go(change: Partial<Address>, push?: boolean): void;
}

/** Of sections, digs and cuts only one at a time is of use; of measurements as many as wanted. */
const isSingle = (kind: ShapeKind): boolean => kind === 'section' || kind === 'dig' || kind === 'cut';

export class Drawing {
  readonly draft = new Store<Draft | null>(null);
  /** The corners of a footprint that was just drawn: not kept in the address, since something is made of it. */
  readonly footprint = new Store<readonly Position[] | null>(null);
  readonly #place: Place;
  readonly #undo: UndoList;

  constructor(place: Place, undo: UndoList) {
    [this.#place, this.#undo] = [place, undo];
  }

  /** Starts drawing a shape; null stops. */
  start = (kind: ShapeKind | null): void => this.draft.set(kind && { kind, points: [], pointer: null });

  /** Adds a point; a shape that needs no more is finished and the next one begins. */
  addPoint = (point: Position): void => {
    const draft = this.draft.get();
    if (!draft) return;
    const points = [...draft.points, point];
    this.draft.set({ ...draft, points });
    if (points.length >= POINTS[draft.kind].most) this.finish();
  };

  point = (pointer: Position | null): void => this.draft.update((draft) => draft && { ...draft, pointer });

  /** Takes the last point back; without points drawing ends. */
  dropPoint = (): void => this.draft.update((draft) => (draft && draft.points.length > 0 ? { ...draft, points: draft.points.slice(0, -1) } : null));

  /** Keeps the shape when it has points enough. False when not. */
  finish = (): boolean => {
    const draft = this.draft.get();
    if (!draft || draft.points.length < POINTS[draft.kind].least) return false;
    if (draft.kind === 'footprint') {
      this.draft.set(null);
      this.footprint.set(draft.points);
      return true;
    }
    const before = this.#place.address.get().shapes;
    const others = isSingle(draft.kind) ? before.filter(({ kind }) => kind !== draft.kind) : before;
    this.#keep(before, [...others, { kind: draft.kind, points: draft.points }], 'undo.drawn');
    this.draft.set(isSingle(draft.kind) ? null : { kind: draft.kind, points: [], pointer: null });
    return true;
  };

  /** Puts another shape in the place of the one of its kind, without a step to take back: each step of a slider. */
  adjust = (shape: Shape): void => this.#place.go({ shapes: this.#place.address.get().shapes.map((one) => (one.kind === shape.kind ? shape : one)) }, false);

  remove = (shape: Shape): void => {
    const before = this.#place.address.get().shapes;
    this.#keep(before, before.filter((one) => one !== shape), 'undo.removedShape');
  };

  clear = (kinds: readonly ShapeKind[]): void => {
    const before = this.#place.address.get().shapes;
    this.#keep(before, before.filter(({ kind }) => !kinds.includes(kind)), 'undo.removedShape');
  };

  #keep(before: readonly Shape[], after: readonly Shape[], text: 'undo.drawn' | 'undo.removedShape'): void {
    const put = (shapes: readonly Shape[]) => (): void => this.#place.go({ shapes }, false);
    put(after)();
    this.#undo.did({ text, undo: put(before), redo: put(after) });
  }
}
