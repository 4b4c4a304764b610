// Receives webhooks as the client's documentation says to: raw body, its own verifier.

import { verifyWebhookSignature } from "@hyperserve/hyperserve-js";

export class Receiver {
  #hooks = new Map();

  /** Know the secret of a webhook; answer its first `failures` deliveries with 500. */
  expect(name, { secret, failures = 0 }) {
    this.#hooks.set(name, { secret, failures, received: [] });
  }

  /** Every delivery so far, in order: `{verified, signature, contentType, body, answered}`. */
  received(name) {
    return this.#hooks.get(name)?.received ?? [];
  }

  /** Take one delivery; gives the status to answer with. */
  async take(name, headers, body) {
    const hook = this.#hooks.get(name);
    if (!hook) return 404;
    const signature = headers["x-hyperserve-signature"] ?? "";
    const verified = await verifyWebhookSignature({ signature, secret: hook.secret, body });
    const answered = !verified ? 401 : hook.received.length < hook.failures ? 500 : 200;
    hook.received.push({ verified, signature, contentType: headers["content-type"], body, answered });
    return answered;
  }
}
