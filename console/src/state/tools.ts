// The tools of the map: a row each, read by the toolbar, the palette, the shortcuts and the sheet on a phone.
import type { IconName } from './icons';
import type { Address, Panel } from './address';
import type { App } from './app';
import type { TextKey } from './words';

export interface Tool {
  readonly panel: Panel;
  readonly icon: IconName;
  readonly text: TextKey;
  readonly shortcut?: string;
  /** Whether what the tool does shows on the map though its panel is closed. */
  readonly isOn?: (address: Address) => boolean;
}

export const TOOLS: readonly Tool[] = [
  { panel: 'sun', icon: 'sun', text: 'tool.sun', shortcut: 'S', isOn: ({ sun }) => sun !== null },
  { panel: 'measure', icon: 'ruler', text: 'tool.measure', shortcut: 'M', isOn: ({ shapes }) => shapes.some(({ kind }) => kind !== 'section' && kind !== 'dig' && kind !== 'cut') },
  { panel: 'section', icon: 'section', text: 'tool.section', isOn: ({ shapes }) => shapes.some(({ kind }) => kind === 'section') },
  { panel: 'under', icon: 'under', text: 'tool.under', shortcut: 'U', isOn: ({ under, shapes }) => under !== null || shapes.some(({ kind }) => kind === 'dig' || kind === 'cut') },
  { panel: 'filters', icon: 'filter', text: 'tool.filters', shortcut: 'G', isOn: ({ filters, paints }) => Object.keys(filters).length + Object.keys(paints).length > 0 },
  { panel: 'charts', icon: 'charts', text: 'tool.charts', shortcut: 'C', isOn: ({ series }) => series.length > 0 },
  { panel: 'objects', icon: 'objects', text: 'tool.objects', shortcut: 'O' },
  { panel: 'compare', icon: 'compare', text: 'tool.compare', shortcut: 'B', isOn: ({ compare }) => compare !== null && compare.scenario === undefined },
  { panel: 'scenarios', icon: 'scenarios', text: 'tool.scenarios', shortcut: 'W', isOn: ({ scenario }) => scenario !== null },
  { panel: 'models', icon: 'models', text: 'tool.models', shortcut: 'J' },
  { panel: 'views', icon: 'views', text: 'tool.views', shortcut: 'V' },
  { panel: 'import', icon: 'import', text: 'tool.import', shortcut: 'I' },
  { panel: 'picture', icon: 'picture', text: 'tool.picture', shortcut: 'X' },
];

/** Opens the panel of a tool, or closes it when it is open. */
export function openTool(app: App, panel: Panel): void {
  app.drawing.start(null);
  app.objects.choose(null);
  app.go({ panel: app.address.get().panel === panel ? null : panel });
}
