// Marks at points: places of any kind, and sensors with their live values.
import { BillboardCollection, Cartesian2, Cartesian3, HeightReference, NearFarScalar, type Billboard, type Scene } from 'cesium';
import { linesOf, type Position } from '../math/geo';
import { freeOfOverlap, labelWidth, type LabelBox } from '../math/labels';
import type { Freshness } from '../math/freshness';
import { FRESHNESS_COLOUR, SCENE, type Theme } from '../math/paint';
import type { MapFeature } from '../state/ngsi';
import { markImage, shapeOfType, type MarkShape } from './marks';
import { cutOfScene } from './scene_cut';

const MARK_SCALE = 0.5;
/** Above the ground, whatever its height. */
const HEIGHT_M = 3;
const heightReference = HeightReference.RELATIVE_TO_GROUND;
/** Thousands of places would cover a city seen from afar. */
const SMALLER_FAR = new NearFarScalar(1500, 1, 25_000, 0.5);
const LABEL_NEAR_M = 2500;
const LABEL_HEIGHT_PIXELS = 22;
const SHAPES: Readonly<Record<Freshness, MarkShape>> = { fresh: 'circle', replayed: 'diamond', stale: 'ring' };

const scratch = new Cartesian2();

const at = ([longitude, latitude]: Position): Cartesian3 => Cartesian3.fromDegrees(longitude, latitude, HEIGHT_M);

function setMark(billboard: Billboard, shape: MarkShape, colour: string, halo: string): void {
  const { id, image } = markImage(shape, colour, halo);
  billboard.setImage(id, image);
}

/** Shows the marks that the cut plane keeps. */
function cutMarks(scene: Scene, marks: BillboardCollection): void {
  const cut = cutOfScene(scene);
  for (let i = 0; i < marks.length; i++) {
    const mark = marks.get(i);
    mark.show = !cut.takes(mark.position);
  }
}

/** The places of one type that are points; the selected one stands out. */
export class PlaceMarks {
  readonly #scene: Scene;
  readonly #marks: BillboardCollection;
  readonly #ofId = new Map<string, { readonly billboards: Billboard[]; readonly colour: string }>();
  readonly #type: string;
  readonly #theme: Theme;
  readonly #endCutting: () => void;
  #selected: string | null = null;

  constructor(scene: Scene, features: readonly MapFeature[], type: string, theme: Theme, colourOf: (feature: MapFeature) => string) {
    [this.#scene, this.#type, this.#theme] = [scene, type, theme];
    this.#marks = scene.primitives.add(new BillboardCollection({ scene })) as BillboardCollection;
    for (const feature of features) {
      const places = linesOf(feature.geometry).flat();
      const billboards = places.map((place) => this.#marks.add({ id: feature.id, position: at(place), disableDepthTestDistance: 300, heightReference, scaleByDistance: SMALLER_FAR }));
      this.#ofId.set(feature.id, { billboards, colour: colourOf(feature) });
      this.#draw(feature.id);
    }
    cutMarks(scene, this.#marks);
    this.#endCutting = cutOfScene(scene).watch(() => cutMarks(scene, this.#marks));
  }

  #draw(id: string | null): void {
    const { billboards, colour } = this.#ofId.get(id ?? '') ?? { billboards: [], colour: '' };
    const { accent, halo } = SCENE[this.#theme];
    const isSelected = id === this.#selected;
    for (const billboard of billboards) {
      setMark(billboard, shapeOfType(this.#type), isSelected ? accent : colour, halo);
      billboard.scale = MARK_SCALE * (isSelected ? 1.4 : 0.75);
    }
  }

  select(id: string | null): void {
    const before = this.#selected;
    if (id === before) return;
    this.#selected = id;
    this.#draw(before);
    this.#draw(id);
  }

  show(shown: boolean): void {
    this.#marks.show = shown;
  }

  destroy(): void {
    this.#endCutting();
    this.#scene.primitives.remove(this.#marks);
  }
}

/** The text of a sensor that has sent no value. */
export const NO_VALUE = '–';

/** What is drawn for one sensor. */
export interface SensorMark {
  readonly id: string;
  readonly position: Position;
  readonly text: string;
  readonly freshness: Freshness;
  readonly selected: boolean;
  /** By choice of the user; null: by how far it can be trusted. */
  readonly colour: string | null;
  readonly invented: boolean;
}

interface Drawn {
  readonly billboard: Billboard;
  /** Made when it is first seen: of thousands of sensors few are near. */
  label: HTMLElement | null;
  mark: SensorMark;
  look: string;
}

/** Above this number only selected sensors and those near the eye carry their value as text. */
const LABELS_MAX = 40;

/** Draws sensors and touches only those that changed. Values are text of the page, sharp on any machine. */
export class SensorMarks {
  readonly #scene: Scene;
  readonly #marks: BillboardCollection;
  readonly #labels = document.createElement('div');
  readonly #drawn = new Map<string, Drawn>();
  readonly #endFollowing: () => void;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#marks = scene.primitives.add(new BillboardCollection({ scene })) as BillboardCollection;
    this.#labels.className = 'sensor-labels';
    this.#labels.setAttribute('aria-hidden', 'true');
    scene.canvas.parentElement?.append(this.#labels);
    const stops = [scene.postRender.addEventListener(this.#followEye) as () => void, cutOfScene(scene).watch(() => cutMarks(scene, this.#marks))];
    this.#endFollowing = () => stops.forEach((stop) => stop());
  }

  draw(sensors: readonly SensorMark[], theme: Theme): void {
    const present = new Set(sensors.map(({ id }) => id));
    for (const [id, { billboard, label }] of this.#drawn) {
      if (present.has(id)) continue;
      this.#marks.remove(billboard);
      label?.remove();
      this.#drawn.delete(id);
    }
    for (const sensor of sensors) this.#drawOne(sensor, theme);
    this.#scene.requestRender();
  }

  #drawOne(sensor: SensorMark, theme: Theme): void {
    const look = [sensor.text, sensor.freshness, sensor.selected, theme, sensor.colour, sensor.position].join();
    const drawn = this.#drawn.get(sensor.id) ?? this.#add(sensor);
    if (drawn.look === look) return;
    drawn.look = look;
    const { accent, halo } = SCENE[theme];
    const colour = sensor.colour ?? FRESHNESS_COLOUR[theme][sensor.freshness];
    setMark(drawn.billboard, SHAPES[sensor.freshness], sensor.selected ? accent : colour, halo);
    drawn.billboard.scale = sensor.selected ? MARK_SCALE * 1.5 : MARK_SCALE;
    drawn.billboard.position = at(sensor.position);
    drawn.billboard.show = !cutOfScene(this.#scene).takes(drawn.billboard.position);
    drawn.mark = sensor;
    if (drawn.label) this.#write(drawn.label, sensor);
  }

  #write(label: HTMLElement, sensor: SensorMark): void {
    label.textContent = sensor.text;
    label.dataset['freshness'] = sensor.freshness;
    label.toggleAttribute('data-invented', sensor.invented);
    label.toggleAttribute('data-selected', sensor.selected);
  }

  #labelOf(drawn: Drawn): HTMLElement {
    if (drawn.label) return drawn.label;
    const label = (drawn.label = document.createElement('div'));
    label.className = 'sensor-label';
    this.#write(label, drawn.mark);
    this.#labels.append(label);
    return label;
  }

  #add(mark: SensorMark): Drawn {
    const { id, position } = mark;
    const billboard = this.#marks.add({ id, position: at(position), disableDepthTestDistance: Number.POSITIVE_INFINITY, heightReference });
    const drawn: Drawn = { billboard, label: null, mark, look: '' };
    this.#drawn.set(id, drawn);
    return drawn;
  }

  /** Moves the labels with the scene: the selected one, and the nearest when there are many, as far as they find room. */
  #followEye = (): void => {
    const { canvas, camera } = this.#scene;
    const crowded = this.#drawn.size > LABELS_MAX;
    const candidates: { readonly drawn: Drawn; readonly box: LabelBox; readonly rank: number }[] = [];
    for (const drawn of this.#drawn.values()) {
      const { billboard, mark: { selected, text } } = drawn;
      const distance = Cartesian3.distance(camera.positionWC, billboard.position);
      const near = billboard.show && (!crowded || selected || distance < LABEL_NEAR_M);
      const pixel = near ? billboard.computeScreenSpacePosition(this.#scene, scratch) : undefined;
      const seen = pixel !== undefined && pixel.x > 0 && pixel.y > 0 && pixel.x < canvas.clientWidth && pixel.y < canvas.clientHeight;
      if (!seen || !pixel) {
        if (drawn.label) drawn.label.hidden = true;
        continue;
      }
      const rank = selected ? 0 : distance + (text === NO_VALUE ? LABEL_NEAR_M : 0);
      candidates.push({ drawn, rank, box: { x: pixel.x, y: pixel.y, width: labelWidth(text), height: LABEL_HEIGHT_PIXELS } });
    }
    candidates.sort((a, b) => a.rank - b.rank);
    const free = freeOfOverlap(candidates.map(({ box }) => box));
    candidates.forEach(({ drawn, box }, i) => {
      if (!free[i]) {
        if (drawn.label) drawn.label.hidden = true;
        return;
      }
      const label = this.#labelOf(drawn);
      label.hidden = false;
      label.style.transform = `translate(${box.x.toFixed(1)}px, ${box.y.toFixed(1)}px) translate(-50%, calc(-100% - 12px))`;
    });
  };

  destroy(): void {
    this.#endFollowing();
    this.#labels.remove();
  }
}
