// The object library: kinds by category with pictures, what is being placed with its parameters, and the selected object.
import { useEffect, useState } from 'react';
import { ObjectPictures } from '../../layers/object_picture';
import { changeObject, choosePlacing, removeObject, selectedObject, TURN_DEGREES, turnObject } from '../../state/object_actions';
import { modelPath, type ObjectValues, type ParameterValue, type PlacedObject } from '../../state/objects';
import type { ObjectKind, ObjectParameter } from '../../state/types';
import { useApp, usePart, useStore, useWords } from '../hooks';
import { EmptyNote, FailureNote, IconButton, LoadingNote, PanelHead } from '../Parts';
import { UndoButtons } from './MeasurePanel';

const PICTURE_PIXELS = 72;
let pictures: ObjectPictures | null = null;
const made = new Map<string, Promise<string | null>>();

/** The picture of a kind, drawn once. */
function pictureOf(path: string): Promise<string | null> {
  const known = made.get(path);
  if (known) return known;
  const drawn = fetch(path).then(async (answer) => {
    if (!answer.ok) return null;
    pictures ??= new ObjectPictures(PICTURE_PIXELS);
    return pictures.draw(await answer.arrayBuffer());
  }).catch(() => null);
  made.set(path, drawn);
  // One that failed is asked for again when it is next to be seen.
  void drawn.then((picture) => picture ?? made.delete(path));
  return drawn;
}

function Picture({ path }: { path: string }) {
  const [source, setSource] = useState<string | null>(null);
  useEffect(() => {
    let here = true;
    void pictureOf(path).then((drawn) => here && setSource(drawn));
    return () => {
      here = false;
    };
  }, [path]);
  return source ? <img src={source} alt="" width={PICTURE_PIXELS} height={PICTURE_PIXELS} /> : <span className="object-nopicture" aria-hidden="true" />;
}

function KindButton({ kind }: { kind: ObjectKind }) {
  const app = useApp();
  const { language } = useWords();
  const chosen = usePart(app.objects.placing, (placing) => placing?.moving === null && placing.kind === kind.kind);
  return (
    <li>
      <button type="button" className="object-kind" aria-pressed={chosen} data-kind={kind.kind} onClick={() => (chosen ? app.objects.choose(null) : choosePlacing(app, kind.kind))}>
        <Picture path={kind.model} /><span>{kind.name[language]}</span>
      </button>
    </li>
  );
}

interface FieldProps {
  readonly parameter: ObjectParameter;
  readonly value: ParameterValue;
  readonly onChange: (value: ParameterValue) => void;
}

function NumberField({ parameter, value, onChange }: FieldProps) {
  const words = useWords();
  const { min = 0, max = 1, step = 0.1, unitCode, name } = parameter;
  const number = Number(value);
  return (
    <label className="field object-number">
      <span>{name[words.language]}</span>
      <input type="range" min={min} max={max} step={step} value={number} aria-valuetext={words.quantity(number, unitCode)} onChange={(event) => onChange(Number(event.target.value))} />
      <output>{words.quantity(number, unitCode)}</output>
    </label>
  );
}

function Field(props: FieldProps) {
  const { language } = useWords();
  const { parameter, value, onChange } = props;
  const name = parameter.name[language];
  if (parameter.kind === 'number') return <NumberField {...props} />;
  if (parameter.kind === 'flag') return <label className="check"><input type="checkbox" checked={value === true || value === 'true'} onChange={(event) => onChange(event.target.checked)} />{name}</label>;
  if (parameter.kind === 'colour') return <label className="field object-number"><span>{name}</span><input type="color" value={String(value)} onChange={(event) => onChange(event.target.value)} /></label>;
  return (
    <label className="field">
      <span>{name}</span>
      <select value={String(value)} onChange={(event) => onChange(event.target.value)}>
        {parameter.choices?.map((choice) => <option key={choice.id} value={choice.id}>{choice.name[language]}</option>)}
      </select>
    </label>
  );
}

function Fields({ kind, values, onChange }: { kind: ObjectKind; values: ObjectValues; onChange: (id: string, value: ParameterValue) => void }) {
  return <>{kind.parameters.map((parameter) => <Field key={parameter.id} parameter={parameter} value={values[parameter.id] ?? parameter.default} onChange={(value) => onChange(parameter.id, value)} />)}</>;
}

function Heading({ degrees }: { degrees: number }) {
  const app = useApp();
  const { t } = useWords();
  return (
    <div className="row">
      <span className="quiet">{t('objects.heading', { degrees: Math.round(degrees) })}</span>
      <IconButton icon="undo" label={t('objects.turnLeft', { degrees: TURN_DEGREES })} onClick={() => turnObject(app, -TURN_DEGREES)} />
      <IconButton icon="redo" label={t('objects.turnRight', { degrees: TURN_DEGREES })} onClick={() => turnObject(app, TURN_DEGREES)} />
    </div>
  );
}

function KindAbout({ kind }: { kind: ObjectKind }) {
  const words = useWords();
  return (
    <>
      {kind.note && <p className="quiet">{kind.note[words.language]}</p>}
      {kind.size && <p className="quiet number">{words.t('objects.size', { width: words.quantity(kind.size.width_m, 'MTR'), depth: words.quantity(kind.size.depth_m, 'MTR'), height: words.quantity(kind.size.height_m, 'MTR') })}</p>}
      {kind.standard && words.language === 'en' && <p className="quiet">{kind.standard}</p>}
    </>
  );
}

/** What the next click on the map places, and how. */
function PlacingCard() {
  const app = useApp();
  const { t, language } = useWords();
  const placing = useStore(app.objects.placing);
  const kind = placing && app.objects.find(placing.kind);
  if (!placing || !kind) return null;
  return (
    <div className="note draft-note" data-placing={placing.kind}>
      <p className="note-title" role="status">{t(placing.moving === null ? 'objects.placing' : 'objects.moving', { name: kind.name[language] })}</p>
      <p>{t('objects.how')}</p>
      <KindAbout kind={kind} />
      {placing.moving === null && <Fields kind={kind} values={placing.values} onChange={(id, value) => app.objects.setValue(id, value)} />}
      <Heading degrees={placing.heading} />
      <button type="button" className="button" onClick={() => app.objects.choose(null)}>{t('objects.stop')}</button>
    </div>
  );
}

/** The selected object: its parameters change what stands on the map once they rest. */
function SelectedCard({ object, kind }: { object: PlacedObject; kind: ObjectKind }) {
  const app = useApp();
  const { t, language } = useWords();
  const [draft, setDraft] = useState<ObjectValues | null>(null);
  useEffect(() => {
    if (!draft) return undefined;
    const timer = window.setTimeout(() => {
      changeObject(app, object, { values: draft });
      setDraft(null);
    }, 500);
    return () => window.clearTimeout(timer);
    // Only a new draft starts the pause again.
  }, [draft]);
  const values = draft ?? object.values;
  return (
    <div className="card" data-object={object.id}>
      <h3><Picture path={modelPath(kind, object.values)} />{kind.name[language]}</h3>
      <Fields kind={kind} values={values} onChange={(id, value) => setDraft({ ...values, [id]: value })} />
      <Heading degrees={object.heading} />
      <div className="row">
        <button type="button" className="button" onClick={() => { app.objects.move(object); document.getElementById('map')?.focus(); }}>{t('objects.move')}</button>
        <button type="button" className="button" onClick={() => app.select(object.id)}>{t('objects.inspect')}</button>
        <button type="button" className="button" onClick={() => removeObject(app)}>{t('objects.remove')}</button>
      </div>
    </div>
  );
}

function Selected() {
  const app = useApp();
  useStore(app.entity);
  useStore(app.objects.catalogue);
  const placing = useStore(app.objects.placing);
  const object = selectedObject(app);
  const kind = object && app.objects.find(object.kind);
  return object && kind && !placing ? <SelectedCard key={object.id} object={object} kind={kind} /> : null;
}

function Kinds({ wanted }: { wanted: string }) {
  const app = useApp();
  const words = useWords();
  const { value, error } = useStore(app.objects.catalogue);
  if (!value) return error ? <FailureNote failure={error} onRetry={() => void app.objects.load()} /> : <LoadingNote text="objects.loading" />;
  if (value.kinds.length === 0) return <EmptyNote text="objects.none" />;
  const text = wanted.trim().toLowerCase();
  const found = value.kinds.filter(({ kind, name }) => [kind, name.ko, name.en].some((one) => one.toLowerCase().includes(text)));
  if (found.length === 0) return <EmptyNote text="objects.notFound" />;
  return (
    <>
      {value.categories.map(({ id, name }) => {
        const kinds = found.filter(({ category }) => category === id);
        return kinds.length > 0 && <Category key={id} name={name[words.language]} kinds={kinds} open={text !== ''} />;
      })}
    </>
  );
}

/** Pictures are drawn when a category is first opened. */
function Category({ name, kinds, open }: { name: string; kinds: readonly ObjectKind[]; open: boolean }) {
  const words = useWords();
  const [opened, setOpened] = useState(false);
  return (
    <details className="object-category" open={open || opened} onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary>{name} <span className="layer-count">{words.number(kinds.length)}</span></summary>
      {(open || opened) && <ul className="object-grid">{kinds.map((kind) => <KindButton key={kind.kind} kind={kind} />)}</ul>}
    </details>
  );
}

export default function ObjectLibrary() {
  const app = useApp();
  const { t } = useWords();
  const past = usePart(app.address, ({ atMs }) => atMs !== null);
  const [wanted, setWanted] = useState('');
  useEffect(() => {
    void app.objects.load();
    return () => app.objects.choose(null);
  }, [app]);
  return (
    <section className="panel panel-right" aria-label={t('tool.objects')}>
      <PanelHead title={<h2>{t('tool.objects')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body stack" tabIndex={-1}>
        {past ? <EmptyNote text="objects.past" /> : <><PlacingCard /><Selected /></>}
        <UndoButtons />
        <input id="object-search" type="search" value={wanted} aria-label={t('objects.search')} placeholder={t('objects.search')} onChange={(event) => setWanted(event.target.value)} />
        {!past && <Kinds wanted={wanted} />}
      </div>
    </section>
  );
}
