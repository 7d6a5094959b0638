// Files dropped anywhere on the screen are imported.
import { useEffect, useState } from 'react';
import { useApp, useWords } from '../hooks';
import { Icon } from '../Parts';

/** Takes files dropped anywhere on the screen. */
export function DropZone() {
  const app = useApp();
  const { t } = useWords();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    const drag = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent): void => { if (event.relatedTarget === null) setOver(false); };
    const drop = (event: DragEvent): void => {
      setOver(false);
      if (!hasFiles(event)) return;
      event.preventDefault();
      app.imports.add(event.dataTransfer?.files ?? []);
      app.go({ panel: 'import' });
    };
    window.addEventListener('dragover', drag);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', drag);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, [app]);
  return over ? <div className="drop-over" aria-hidden="true"><Icon name="import" />{t('import.dropHere')}</div> : null;
}
