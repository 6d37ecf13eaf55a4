// Against a live server: BRAID_URL says where, BRAID_KEY is an admin key.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as braid from "../dist/index.js";

const { BRAID_URL: url, BRAID_KEY: key } = process.env;
braid.connect({ url, key });

test("an interaction is posted, and changes the next list", async () => {
  const items = ["ts-1", "ts-2", "ts-3"].map((item_id) => ({ item_id, title: `Item ${item_id}`, categories: ["ts"] }));
  const stored = await braid.put_items({ body: items, throwOnError: true });
  assert.equal(stored.data.stored, 3);
  const interaction = { user_id: "ts-user", item_id: "ts-1", event_type: "view", event_id: crypto.randomUUID() };
  const first = await braid.post_interaction({ body: interaction, throwOnError: true });
  const again = await braid.post_interaction({ body: interaction, throwOnError: true });
  assert.equal(first.data.status, "stored");
  assert.deepEqual(again.data, { ...first.data, status: "repeat" });
  const wanted = { path: { user_id: "ts-user" }, query: { category: ["ts"], include: ["title", "price"], exclude_seen: ["view"] } };
  const { data } = await braid.recommend_for_user({ ...wanted, throwOnError: true });
  assert.deepEqual(data.items.map(({ title }) => title).sort(), ["Item ts-2", "Item ts-3"]);
});

test("a filter goes in the body, and an id is one segment of the path", async () => {
  const filter = { and: [{ field: "categories", eq: "ts" }, { field: "item_id", ne: "ts-2" }] };
  const { data } = await braid.recommend({ body: { filter, limit: 5 }, throwOnError: true });
  assert.deepEqual(data.items.map(({ item_id }) => item_id).sort(), ["ts-1", "ts-3"]);
  await braid.put_item({ path: { item_id: "a@b:c+d" }, body: { title: "An odd id" }, throwOnError: true });
  const found = await braid.get_item({ path: { item_id: "a@b:c+d" }, throwOnError: true });
  assert.equal(found.data.title, "An odd id");
});

test("an error is the problem document", async () => {
  const { data, error, response } = await braid.get_item({ path: { item_id: "ts-none" } });
  assert.equal(data, undefined);
  assert.equal(response.status, 404);
  assert.equal(error.code, "not_found");
  await assert.rejects(braid.post_interaction({ body: { user_id: "ts-user" }, throwOnError: true }), { code: "invalid_request" });
});

test("a wrong key is refused", async () => {
  const { client } = braid;
  client.setConfig({ auth: "braid_sk_wrong" });
  const { error } = await braid.list_items();
  assert.equal(error.code, "unauthorized");
  client.setConfig({ auth: key });
  const { data } = await braid.list_items({ throwOnError: true });
  assert.ok(data.items.length >= 3);
});
