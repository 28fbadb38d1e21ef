import { relative, sep } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders whose files take longest, longest first. */
const longest = ['e2e', 'crash', 'workflows', 'activities', 'cli', 'simulation', 'targets'];

function rankOf({ project, moduleId }: TestSpecification): number {
  const [folder = ''] = relative(`${project.config.root}/tests`, moduleId).split(sep);
  const found = longest.indexOf(folder);
  return found === -1 ? longest.length : found;
}

/**
 * What takes long begins first, so that at the end no worker waits for another one's long file. Within a folder vitest's
 * own order holds: by the last duration where one is known, else by size.
 */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const group = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;
    return sorted.sort((a, b) => group(a) - group(b) || rankOf(a) - rankOf(b));
  }
}
