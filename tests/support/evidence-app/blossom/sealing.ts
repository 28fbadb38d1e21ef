import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';

/** ENCRYPTION_KEY and HASH_PEPPER. */
export type Keys = { encryption: string; pepper: string };

/** Phone numbers and addresses are stored like this, and found again by their hash. */
export function sealed(text: string, { encryption, pepper }: Keys): { encrypted: string; hash: string } {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', createHash('sha256').update(encryption).digest(), nonce);
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return {
    encrypted: Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64'),
    hash: createHmac('sha256', pepper).update(text).digest('hex'),
  };
}
