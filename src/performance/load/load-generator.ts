/**
 * The generator as a program: gets a `LoadOrder` over its channel, answers with what `Told` says, and ends. It is a process
 * of its own, so that it does not disturb whoever asked, and a busy worker does not make a service look slow. It ends
 * with whoever asked, too.
 */
import { generate } from './load-generating.ts';
import type { LoadOrder, Told } from './load-order.ts';

function tell(told: Told): void {
  process.send?.(told, () => process.disconnect());
}

process.once('disconnect', () => process.exit());
process.once('message', (order: LoadOrder) => {
  generate(order).then(
    (result) => tell({ result }),
    (error: unknown) => tell({ failure: error instanceof Error ? error.message : String(error) }),
  );
});
