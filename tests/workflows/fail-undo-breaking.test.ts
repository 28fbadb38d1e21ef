import { describeFailUndo } from './fail-undo-cases.ts';

await describeFailUndo('breaking');
