// The browser snippet of Braid: lists for the visitor of a page, and what the visitor saw and clicked.
//
//   const braid = new Braid({ url: "https://braid.example", key: "braid_pk_..." });
//   const row = await braid.recommend_in_scenario({ name: "home", include: ["title", "url", "image_url"] });
//   braid.render(document.querySelector("#for-you"), row);
//
// It sets no style and evaluates no text, so it runs under a strict content policy. Calls are operation ids of Braid.
(() => {
  const OPERATIONS = {
    recommend: "POST /recommend",
    recommend_for_user: "GET /recommend/{user_id}",
    recommend_in_scenario: "GET /scenarios/{name}/recommend",
    recommend_in_scenario_with_filters: "POST /scenarios/{name}/recommend",
    recommend_page: "POST /pages/recommend",
    list_popular_items: "GET /popular",
    list_popular_items_with_filters: "POST /popular",
    list_trending_items: "GET /trending",
    list_trending_items_with_filters: "POST /trending",
    list_similar_items: "GET /items/{item_id}/similar",
    list_similar_items_with_filters: "POST /items/{item_id}/similar",
    list_items_similar_to_several: "POST /items/similar",
    search_items: "GET /search",
    search_items_with_filters: "POST /search",
    post_interaction: "POST /interactions",
  };
  const STORE = "braid";
  const MOST_ORIGINS = 100;
  const HALF = 0.49; // browsers round the share of an element that is visible
  const SECOND = 1000;
  const LONGEST_USER = 90; // an event id has the user's id in it, and 128 characters at most

  const read = () => {
    try {
      return JSON.parse(localStorage.getItem(STORE)) || {};
    } catch {
      return {}; // the visitor does not let pages store anything
    }
  };
  const write = (changes) => {
    try {
      localStorage.setItem(STORE, JSON.stringify({ ...read(), ...changes }));
    } catch {}
  };
  // Unlike `randomUUID`, this works on http too.
  const random = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * SECOND));

  class Braid {
    #url;
    #headers;
    #watched = new Map();
    #observer = new IntersectionObserver((entries) => this.#moved(entries), { threshold: 0.5 });

    // `user_id` and `signature` are of a visitor who is signed in; otherwise the visitor is anonymous.
    constructor({ url, key, user_id, signature }) {
      this.#url = url.replace(/\/$/, "");
      this.#headers = { authorization: `Bearer ${key}` };
      if (signature) this.#headers["braid-user-signature"] = signature;
      this.user_id = user_id || read().user_id || `anon-${random()}`;
      if (!user_id) write({ user_id: this.user_id });
      document.addEventListener("visibilitychange", () => {
        for (const [element, seen] of this.#watched) {
          clearTimeout(seen.timer);
          this.#observer.unobserve(element);
          if (!document.hidden) this.#observer.observe(element);
        }
      });
    }

    // Store what the visitor did. What came from a click on a list is counted for that list.
    async post_interaction(given) {
      const event_id = this.user_id.length > LONGEST_USER ? undefined : `${this.user_id}:${random()}`;
      const origin = (read().origins || []).find(([item_id]) => item_id === given.item_id);
      const interaction = { request_id: origin?.[1], event_id, ...given };
      for (let wait = 1; ; wait *= 2) {
        try {
          return await this.#call("post_interaction", interaction);
        } catch (error) {
          if (wait > 16 || !event_id || (error.status < 500 && error.status !== 429)) throw error;
        }
        await pause(wait);
      }
    }

    // Put the items of a list into an element, each as `draw` makes it, and tell what is seen and clicked.
    render(element, list, draw = Braid.draw) {
      element.replaceChildren(
        ...list.items.map((item) => {
          const drawn = draw(item);
          this.watch(drawn, item, list);
          return drawn;
        }),
      );
      element.hidden = !list.items.length;
    }

    // Tell when an element that shows an item of a list is seen (half of it, for a second) and clicked.
    watch(element, item, list) {
      const about = { item_id: item.item_id, request_id: list.request_id, position: item.rank };
      const clicked = (event) => {
        if (event.button > 1) return;
        const others = (read().origins || []).filter(([item_id]) => item_id !== item.item_id);
        write({ origins: [[item.item_id, list.request_id], ...others].slice(0, MOST_ORIGINS) });
        this.#tell("click", about);
      };
      element.addEventListener("click", clicked);
      element.addEventListener("auxclick", clicked);
      this.#watched.set(element, { about });
      this.#observer.observe(element);
    }

    static draw(item) {
      const add = (parent, name, properties) => parent.appendChild(Object.assign(document.createElement(name), properties));
      const link = Object.assign(document.createElement("a"), { className: "braid-item" });
      if (item.url) link.href = item.url;
      if (item.image_url) add(link, "img", { className: "braid-image", src: item.image_url, alt: "" });
      add(link, "span", { className: "braid-title", textContent: item.title ?? item.item_id });
      return link;
    }

    #moved(entries) {
      for (const { target, intersectionRatio } of entries) {
        const seen = this.#watched.get(target);
        if (!seen) continue;
        clearTimeout(seen.timer);
        if (!target.isConnected) this.#forget(target);
        else if (intersectionRatio > HALF && !document.hidden) {
          seen.timer = setTimeout(() => {
            this.#forget(target);
            this.#tell("shown", seen.about);
          }, SECOND);
        }
      }
    }

    #forget(element) {
      this.#observer.unobserve(element);
      this.#watched.delete(element);
    }

    #tell(event_type, about) {
      this.post_interaction({ ...about, event_type }).catch(console.warn);
    }

    async #call(name, given) {
      const [method, path] = OPERATIONS[name].split(" ");
      const rest = { user_id: this.user_id, ...given };
      const filled = path.replace(/{(\w+)}/, (_, part) => {
        const value = encodeURIComponent(rest[part]);
        delete rest[part];
        return value;
      });
      const url = new URL(this.#url + filled);
      // `keepalive`: a click is told although its page is left.
      const request = { method, headers: this.#headers, cache: "no-store", keepalive: name === "post_interaction" };
      if (method === "POST") {
        request.headers = { ...this.#headers, "content-type": "application/json" };
        request.body = JSON.stringify(rest);
      } else {
        for (const [part, value] of Object.entries(rest)) {
          for (const one of [value ?? []].flat()) url.searchParams.append(part, one);
        }
      }
      const answer = await fetch(url, request);
      const found = await answer.json().catch(() => ({ detail: `no answer of Braid: ${answer.status}` }));
      if (answer.ok) return found;
      throw Object.assign(new Error(found.detail), found, { status: answer.status });
    }

    static {
      for (const name in OPERATIONS) {
        Braid.prototype[name] ??= function (given) {
          return this.#call(name, given);
        };
      }
    }
  }
  globalThis.Braid = Braid;
})();
