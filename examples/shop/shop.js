// The shop: four pages that ask Braid for lists, and tell it what the visitor does. `CONFIG` comes from serve.py.
const braid = new Braid(CONFIG);
const INCLUDE = ["title", "price", "categories"];
const money = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });
const find = (selector) => document.querySelector(selector);
const asked = new URLSearchParams(location.search);

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// The lists ---------------------------------------------------------------------------------------------------------

function picture({ item_id, categories }) {
  const [category = "Tents"] = categories ?? [];
  return element("img", { src: `/images/${encodeURIComponent(category)}/${encodeURIComponent(item_id)}.svg`, alt: "" });
}

function card(item) {
  return element(
    "a",
    { className: "card", href: `/product.html?item=${encodeURIComponent(item.item_id)}` },
    picture(item),
    element("h3", { textContent: item.title ?? item.item_id }),
    element("p", { textContent: item.price == null ? "" : money.format(item.price) }),
  );
}

// Draw a list into a row, and hide its section where there is nothing to show.
function show(row, list) {
  braid.render(row, list, card);
  if (row.parentElement.localName === "section") row.parentElement.hidden = row.hidden;
}

// The cart: what is in it stays in the browser ------------------------------------------------------------------------

const readCart = () => JSON.parse(localStorage.getItem("cart") ?? "[]");

function writeCart(lines) {
  localStorage.setItem("cart", JSON.stringify(lines));
  find("#count").textContent = lines.reduce((sum, line) => sum + line.quantity, 0);
}

function addToCart(item) {
  const lines = readCart();
  const line = lines.find(({ item_id }) => item_id === item.item_id);
  if (line) line.quantity += 1;
  else lines.push({ ...item, quantity: 1 });
  writeCart(lines);
  return braid.post_interaction({ item_id: item.item_id, event_type: "cart" });
}

// The pages -----------------------------------------------------------------------------------------------------------

const PAGES = {
  async home() {
    const titles = { trending: "Trending", home: "Popular right now" };
    const { rows } = await braid.recommend_page({
      rows: [
        { scenario: "home", limit: 10 },
        { scenario: "trending", limit: 10 },
        { each: "category", rows: 2, limit: 10, at_least: 3 },
      ],
      include: INCLUDE,
    });
    find("#rows").replaceChildren(
      ...rows.map((list) => {
        const title = list.strategy === "personalized" && !list.each ? "For you" : (list.value ?? titles[list.scenario]);
        const row = element("div", { className: "row" });
        row.dataset.scenario = list.each ?? list.scenario;
        const section = element("section", {}, element("h2", { textContent: title }), row);
        show(row, list);
        return section;
      }),
    );
  },

  async product() {
    const item_id = asked.get("item");
    // A shop has its products itself; this one asks Braid for the one that is looked at.
    const { items } = await braid.recommend({
      candidates: [item_id],
      exclude_seen: false,
      include: [...INCLUDE, "description", "attributes"],
    });
    if (!items.length) {
      find("#product").append(element("h1", { textContent: "There is no such product" }));
      return;
    }
    const [item] = items;
    document.title = `${item.title} | Larch & Line`;
    const button = element("button", { textContent: "Add to cart" });
    button.addEventListener("click", async () => {
      await addToCart({ item_id, title: item.title, price: item.price, categories: item.categories });
      button.textContent = "Added to the cart";
    });
    const about = [
      element("p", { className: "kind", textContent: [item.attributes?.brand, ...(item.categories ?? [])].filter(Boolean).join(" · ") }),
      element("h1", { textContent: item.title }),
      element("p", { className: "price", textContent: money.format(item.price) }),
      element("p", { textContent: item.description }),
      button,
    ];
    find("#product").replaceChildren(picture(item), element("div", {}, ...about));
    await braid.post_interaction({ item_id, event_type: "view" });
    show(find("#similar"), await braid.recommend_in_scenario({ name: "product-page", item_id, limit: 10, include: INCLUDE }));
  },

  async cart() {
    const lines = readCart();
    find("#lines").replaceChildren(
      ...lines.map((line) => {
        const remove = element("button", { className: "quiet", textContent: "Remove" });
        remove.addEventListener("click", () => {
          writeCart(readCart().filter(({ item_id }) => item_id !== line.item_id));
          open();
        });
        const text = `${line.quantity} × ${money.format(line.price)}`;
        return element("li", {}, card(line), element("span", { textContent: text }), remove);
      }),
    );
    find("#total").textContent = money.format(lines.reduce((sum, line) => sum + line.quantity * line.price, 0));
    find("#buy").parentElement.hidden = !lines.length;
    find("#note").textContent ||= lines.length ? "" : "It is empty.";
    find("#buy").onclick = () => buy(lines);
    if (!lines.length) return;
    const session_items = lines.map(({ item_id }) => item_id);
    const wanted = { name: "cart", session_items, limit: 10, include: INCLUDE };
    show(find("#completes"), await braid.recommend_in_scenario_with_filters(wanted));
  },

  async search() {
    const q = asked.get("q")?.trim();
    find("[name=q]").value = q ?? "";
    if (!q) return;
    const found = await braid.search_items({ q, limit: 24, include: INCLUDE });
    find("#asked").textContent = `“${q}”`;
    find("#note").textContent = found.items.length ? "" : "Nothing has all these words.";
    show(find("#found"), found);
  },
};

// A shop that takes money posts purchases from its back end, where nobody can invent them.
async function buy(lines) {
  await Promise.all(
    lines.map(({ item_id, quantity, price }) =>
      braid.post_interaction({ item_id, event_type: "purchase", quantity, revenue: Number((quantity * price).toFixed(2)) }),
    ),
  );
  writeCart([]);
  find("#note").textContent = "Thank you. Your order is on its way.";
  find("#completes").parentElement.hidden = true;
  await open();
}

const open = () => PAGES[document.body.dataset.page]();

writeCart(readCart());
open();
// A page that the browser kept while the visitor was elsewhere is asked for anew.
addEventListener("pageshow", (event) => event.persisted && open());
