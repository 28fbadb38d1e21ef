import { CancellationScope } from '@temporalio/workflow';
import type { NoticeEvent } from '../release/plan.ts';
import { drillMark } from './drilling.ts';
import { telling } from './proxies.ts';
import { record, type Story } from './state.ts';

type News = { subject: string; body: string; to?: string[] };

/** Tells everybody whom the plan names for this event. Does not wait: nothing in a release depends on a notice. */
export function tell(story: Story, event: NoticeEvent, news: News): void {
  story.sequence += 1;
  const { status, place, input } = story;
  const question = status.question === null ? null : { id: status.question.id, deadline: status.question.deadline };
  const { application, environment, version, release, workflowId } = status;
  const about = { application, environment, version, release, workflowId };
  const subject = `${drillMark(story)}${news.subject}`;
  const message = { event, ...about, subject, body: news.body, to: news.to ?? [], question };
  for (const notice of input.plan.notify.filter((each) => each.on.includes(event))) {
    const key = `${place.release}/${event}/${story.sequence}/${notice.name}`;
    const { tell: deliver } = telling(story, `tell ${notice.name}: ${news.subject}`);
    const delivery = CancellationScope.nonCancellable(() => deliver({ place, notice, message, key }));
    story.telling.push(
      delivery.catch(() => record(story, `notice ${notice.name} could not be delivered: ${news.subject}`)),
    );
  }
}
