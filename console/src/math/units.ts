// UN/CEFACT Recommendation 20 codes to the symbols people read, and numbers in the reader's language.

const SYMBOLS: Readonly<Record<string, string>> = {
  '2N': 'dB', '59': 'ppm', '61': 'ppb', '4L': 'MB', A97: 'hPa', AMP: 'A', BAR: 'bar', C62: '', CEL: '°C', CMT: 'cm', D54: 'W/m²', DAY: 'd',
  DD: '°', E34: 'GB', FAH: '°F', GP: 'mg/m³', GQ: 'µg/m³', GRM: 'g', H67: 'mm/h', HM: 'mph', HTZ: 'Hz', HUR: 'h',
  JOU: 'J', KEL: 'K', KGM: 'kg', KMH: 'km/h', KMK: 'km²', KMT: 'km', KPA: 'kPa', KWH: 'kWh', KWT: 'kW', LTR: 'L',
  LUX: 'lx', MIN: 'min', MMT: 'mm', MQH: 'm³/h', MQS: 'm³/s', MTK: 'm²', MTQ: 'm³', MTR: 'm', MTS: 'm/s', NEW: 'N', P1: '%',
  PAL: 'Pa', SEC: 's', SMI: 'mi', TNE: 't', VLT: 'V', WTT: 'W',
};

/** The symbol of a unit code; a code we do not know is shown as it is, none as nothing. */
export function unitSymbol(code: string | undefined): string {
  return code === undefined ? '' : (SYMBOLS[code] ?? code);
}

/** A number by locale with at most three decimals, small ones with three significant digits. */
export function formatNumber(value: number, locale: string): string {
  const small = value !== 0 && Math.abs(value) < 1;
  return new Intl.NumberFormat(locale, small ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 2 }).format(value);
}

/** "22.4 µg/m³" */
export function formatQuantity(value: number, code: string | undefined, locale: string): string {
  const symbol = unitSymbol(code);
  const space = symbol === '%' || symbol === '°' || symbol === '' ? '' : ' ';
  return formatNumber(value, locale) + space + symbol;
}
