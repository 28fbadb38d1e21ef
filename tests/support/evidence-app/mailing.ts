import { createTransport } from 'nodemailer';
import type { App } from './request.ts';

/** Sends the link by a real mail server where there is one; a sign-up does not wait for it. */
export function sendVerification(
  mail: { to: string; link: string },
  { state, faults }: Pick<App, 'state' | 'faults'>,
): void {
  if (state.smtp === null || faults.noMail) return;
  const link = faults.wrongMailLink ? mail.link.replace(/^http:\/\/[^/]+/, 'http://phishing.test') : mail.link;
  void createTransport(state.smtp).sendMail({
    from: 'Shop <shop@shop.test>',
    to: mail.to,
    subject: 'Please confirm your address – Grüße',
    text: `Open ${link} to confirm.`,
    html: `<p>Welcome &amp; hello, <a href="${link.replace('?', '?lang=de&amp;')}"><b>Confirm</b> my address</a></p>`,
  });
}
