import type { Message } from '../../src/release/notice.ts';

export const message: Message = {
  event: 'question',
  application: 'shop',
  environment: 'production',
  version: 'v2',
  release: 'a-run-id',
  workflowId: 'release/shop/production',
  subject: 'Go or no-go for shop v2?',
  body: 'Answer with `savepoint approve`.',
  to: ['product-owner'],
  question: { id: 'go-no-go' },
};
