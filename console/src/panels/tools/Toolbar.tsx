// The tools over the map: a column of buttons on wide screens, a sheet with words on narrow ones.
import { openTool, TOOLS, type Tool } from '../../state/tools';
import { useApp, usePart, useStore, useWords } from '../hooks';
import { Icon, IconButton, PanelHead } from '../Parts';

function useIsOn(tool: Tool): boolean {
  const app = useApp();
  return usePart(app.address, (address) => address.panel === tool.panel || (tool.isOn?.(address) ?? false));
}

function ToolButton({ tool }: { tool: Tool }) {
  const app = useApp();
  const { t } = useWords();
  return <IconButton icon={tool.icon} label={tool.shortcut ? `${t(tool.text)} (${tool.shortcut})` : t(tool.text)} pressed={useIsOn(tool)} onClick={() => openTool(app, tool.panel)} />;
}

export function Toolbar() {
  const { t } = useWords();
  const ready = useStore(useApp().map) !== null;
  if (!ready) return null;
  return (
    <div className="map-actions only-wide" role="group" aria-label={t('tools.title')}>
      {TOOLS.map((tool) => <ToolButton key={tool.panel} tool={tool} />)}
    </div>
  );
}

function ToolRow({ tool }: { tool: Tool }) {
  const app = useApp();
  const { t } = useWords();
  return (
    <li>
      <button type="button" className="tool-row" aria-pressed={useIsOn(tool)} onClick={() => openTool(app, tool.panel)}>
        <Icon name={tool.icon} /><span>{t(tool.text)}</span>
      </button>
    </li>
  );
}

/** The sheet of tools on a phone. */
export default function ToolsPanel() {
  const app = useApp();
  const { t } = useWords();
  return (
    <section className="panel panel-right" aria-label={t('tools.title')}>
      <PanelHead title={<h2>{t('tools.title')}</h2>} onClose={() => app.closePanel()} closeLabel={t('inspector.close')} />
      <div className="panel-body" tabIndex={-1}><ul className="tool-list">{TOOLS.map((tool) => <ToolRow key={tool.panel} tool={tool} />)}</ul></div>
    </section>
  );
}
