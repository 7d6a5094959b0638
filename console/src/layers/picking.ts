// Whose thing it is that Cesium finds at a pixel, where what is drawn does not carry the entity's id itself.

const owners = new WeakMap<object, string>();

/** Makes a primitive known as that of an entity. */
export function belongsTo(primitive: object, id: string): void {
  owners.set(primitive, id);
}

/** The entity of what was picked; null when nobody has claimed it. */
export function ownerOf(picked: unknown): string | null {
  const primitive = typeof picked === 'object' && picked !== null && 'primitive' in picked ? picked.primitive : null;
  return typeof primitive === 'object' && primitive !== null ? (owners.get(primitive) ?? null) : null;
}
