/** What the pages do beyond showing text: search, theme, menu and copy buttons. */
(() => {
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);

  // Browsers refuse storage to some pages that are opened from a folder.
  const stored = (key, value) => {
    try {
      if (value === undefined) return localStorage.getItem(key);
      localStorage.setItem(key, value);
    } catch {
      return null;
    }
  };

  const theme = stored("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const themeButton = find("theme");
  themeButton.hidden = false;
  themeButton.addEventListener("click", () => {
    const isDark = root.dataset.theme === undefined
      ? matchMedia("(prefers-color-scheme: dark)").matches
      : root.dataset.theme === "dark";
    root.dataset.theme = isDark ? "light" : "dark";
    stored("theme", root.dataset.theme);
  });

  const menu = find("menu");
  menu.hidden = false;
  root.classList.add("scripted");
  menu.addEventListener("click", () => {
    const isOpen = menu.getAttribute("aria-expanded") === "true";
    menu.setAttribute("aria-expanded", String(!isOpen));
    root.classList.toggle("menu-open", !isOpen);
  });

  for (const block of document.querySelectorAll(".code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const text = block.querySelector("code").textContent;
      const typed = [...block.querySelectorAll("b")].map((line) => line.textContent);
      const copied = typed.length > 0 ? typed.join("\n").replaceAll(/^\$ /gm, "") : text;
      try {
        await navigator.clipboard.writeText(copied);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not allowed";
      }
      setTimeout(() => button.textContent = "Copy", 2000);
    });
    block.append(button);
  }

  const query = find("query");
  const results = find("results");
  const found = find("found");
  document.querySelector(".search").hidden = false;

  const load = (name) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `${root.dataset.root}assets/${name}`;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
  let index;
  const loadIndex = () =>
    index ??= (async () => {
      await Promise.all([load("minisearch.js"), load("search.js")]);
      return globalThis.MiniSearch.loadJSON(globalThis.searchIndex, {
        fields: ["page", "heading", "text"],
        storeFields: ["page", "heading", "start"],
        searchOptions: {
          prefix: true,
          combineWith: "AND",
          fuzzy: (term) => term.length > 4 ? 0.2 : false,
          boost: { page: 3, heading: 4 },
          // What contributors read comes after what users do.
          boostDocument: (id) =>
            /^(?:decisions|conformance|architecture|development|dependencies|releases)\b/.test(id)
              ? 0.2
              : 1,
        },
      });
    })();
  query.addEventListener("focus", loadIndex);

  const close = () => {
    results.hidden = true;
    found.textContent = "";
  };
  const show = async () => {
    const text = query.value.trim();
    if (text === "") return close();
    const hits = (await loadIndex()).search(text).slice(0, 8);
    if (query.value.trim() !== text) return;
    results.replaceChildren(...hits.map((hit) => {
      const link = document.createElement("a");
      link.href = root.dataset.root + hit.id;
      const parts = { strong: hit.heading, em: hit.heading === hit.page ? "" : hit.page };
      for (const [tag, content] of Object.entries({ ...parts, span: hit.start })) {
        if (content === "") continue;
        const part = document.createElement(tag);
        part.textContent = content;
        link.append(part);
      }
      return link;
    }));
    found.textContent = hits.length === 1 ? "1 result" : `${hits.length} results`;
    if (hits.length === 0) results.textContent = `Nothing found for “${text}”`;
    results.hidden = false;
  };
  query.addEventListener("input", show);
  document.addEventListener("keydown", (event) => {
    const links = [...results.querySelectorAll("a")];
    const position = links.indexOf(document.activeElement);
    const isInside = position !== -1 || document.activeElement === query;
    if (event.key === "/" && !isInside) {
      event.preventDefault();
      query.focus();
    } else if (event.key === "Escape" && isInside) {
      close();
      query.focus();
    } else if (event.key === "Enter" && document.activeElement === query) {
      links[0]?.click();
    } else if (event.key === "ArrowDown" && isInside) {
      event.preventDefault();
      links[Math.min(position + 1, links.length - 1)]?.focus();
    } else if (event.key === "ArrowUp" && position !== -1) {
      event.preventDefault();
      (links[position - 1] ?? query).focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".search")) close();
    if (event.target.closest("#results a")) close();
  });
  find("navigation").querySelector("[aria-current]")?.scrollIntoView({ block: "center" });
  scrollTo(0, scrollY);
})();
