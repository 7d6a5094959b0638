// What a building holds: look inside, choose a storey, its rooms, the way out of one.
import { buildingOf, roomsOf, type IndoorPlan } from '../state/indoors';
import type { EntityFacts } from '../state/ngsi';
import { useApp, usePart, useStore, useWords } from './hooks';
import { EmptyNote, FailureNote, Icon, LoadingNote } from './Parts';

/** From so near one sees rooms. */
const INSIDE_METRES = 60;

function Storeys({ plan }: { plan: IndoorPlan }) {
  const app = useApp();
  const { t } = useWords();
  const storey = usePart(app.address, ({ inside }) => inside?.storey ?? null);
  const fromAbove = [...plan.storeys].reverse();
  const choices: readonly { readonly id: string | null; readonly name: string }[] = [{ id: null, name: t('indoors.all') }, ...fromAbove];
  return (
    <fieldset className="indoors-storeys">
      <legend>{t('indoors.storeys')}</legend>
      {choices.map(({ id, name }) => (
        <label key={id ?? 'all'} className="check">
          <input type="radio" name="indoors-storey" checked={storey === id} onChange={() => app.indoors.enter(plan.building.id, id)} />
          {name}
        </label>
      ))}
    </fieldset>
  );
}

function Rooms({ plan }: { plan: IndoorPlan }) {
  const app = useApp();
  const words = useWords();
  const selected = usePart(app.address, (address) => address.selected);
  const rooms = roomsOf(plan);
  if (plan.storey === null) return <p className="quiet">{words.t('indoors.chooseStorey')}</p>;
  if (rooms.length === 0) return <EmptyNote text="indoors.noRooms" />;
  return (
    <ul className="indoors-rooms" aria-label={words.t('indoors.rooms')}>
      {rooms.map(({ id, properties: { name, number, area } }) => (
        <li key={id}>
          <button type="button" className="indoors-room" aria-current={selected === id ? 'true' : undefined} data-room={id} onClick={() => app.select(id)}>
            <span>{number && <b>{number} </b>}{name ?? words.t('indoors.unnamed')}</span>
            {area !== undefined && <span className="number-text">{words.quantity(area, 'MTK')}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}

function WayOut({ building, room }: { building: string; room: string }) {
  const app = useApp();
  const words = useWords();
  const { state, value, error } = useStore(app.indoors.way);
  const way = value?.from === room ? value : null;
  const find = (): void => void app.indoors.findWayOut(building, room);
  return (
    <div className="indoors-way">
      <button type="button" className="button" onClick={find}><Icon name="follow" />{words.t('indoors.wayOut')}</button>
      <div role="status">
        {state === 'loading' && <LoadingNote text="indoors.wayLoading" />}
        {way && <p>{words.t('indoors.wayFound', { length: words.quantity(Math.round(way.lengthMetres), 'MTR'), seconds: Math.round(way.seconds) })}</p>}
        {error?.kind === 'notFound' && <EmptyNote text="indoors.noWay" />}
      </div>
      {error && error.kind !== 'notFound' && <FailureNote failure={error} onRetry={find} />}
    </div>
  );
}

/** For a building with an inside, and for what stands in one. Nothing where there is no inside. */
export function Indoors({ entity }: { entity: EntityFacts }) {
  const app = useApp();
  const { t } = useWords();
  const inside = usePart(app.address, (address) => address.inside);
  const { state, value: plan, error } = useStore(app.indoors.plan);
  const building = buildingOf(entity);
  if (!building) return null;
  const isHere = inside?.building === building;
  const isRoom = entity.types.includes('Room');
  if (plan && plan.storeys.length === 0 && !isHere) return null;
  if (!plan && state === 'idle') return null;
  const look = (): void => {
    app.indoors.enter(building, plan?.storeys.find(({ rooms }) => rooms > 0)?.id ?? null);
    if (entity.geometry) app.map.get()?.flyToPlace(entity.geometry, INSIDE_METRES);
  };
  return (
    <section className="indoors" aria-label={t('indoors.title')} aria-busy={state === 'loading'}>
      {error && <FailureNote failure={error} onRetry={() => app.indoors.retry()} />}
      {!plan && state === 'loading' && <LoadingNote text="indoors.loading" />}
      {plan && !isHere && <button type="button" className="button" onClick={look}><Icon name="home" />{t('indoors.look')}</button>}
      {plan && isHere && (
        <>
          <button type="button" className="button" onClick={() => app.indoors.leave()}><Icon name="back" />{t('indoors.leave')}</button>
          {isRoom && <WayOut building={building} room={entity.id} />}
          <Storeys plan={plan} />
          <Rooms plan={plan} />
        </>
      )}
    </section>
  );
}
