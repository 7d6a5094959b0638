// The texts of looking into a building (English). Keys as in texts.indoors.ko.ts.
import type { indoorsKo } from './texts.indoors.ko';

export const indoorsEn: Readonly<Record<keyof typeof indoorsKo, string>> = {
  'indoors.title': 'Inside of the building',
  'indoors.look': 'Look inside',
  'indoors.leave': 'Go back outside',
  'indoors.loading': 'Reading the inside of the building…',
  'indoors.storeys': 'Storeys',
  'indoors.all': 'All storeys',
  'indoors.rooms': 'Rooms of this storey',
  'indoors.chooseStorey': 'Choose a storey to see its rooms.',
  'indoors.unnamed': 'Room without a name',
  'indoors.wayOut': 'Way out of the building',
  'indoors.wayLoading': 'Finding the way…',
  'indoors.wayFound': '{{length}} to the street, about {{seconds}} s on foot',
};
