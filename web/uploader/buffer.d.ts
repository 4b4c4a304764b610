/** Node's, which the types of tus-js-client name beside those of browsers. */
interface Buffer extends Uint8Array {}
