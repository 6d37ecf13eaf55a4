// The TypeScript client of Braid: everything generated, and `connect`, which says where the service is.
import { client } from "./generated/client.gen.js";

export * from "./generated/index.js";
export { client };

/** Say where Braid serves, and with which key to ask it; for all calls that name no client of their own. */
export function connect({ url, key }: { url: string; key?: string }): typeof client {
  client.setConfig({ baseUrl: url, auth: key });
  return client;
}
