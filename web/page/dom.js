// el makes an element: el("button.quiet", { onclick }, "text", child …).
export function el(spec, properties = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag);
  node.classList.add(...classes);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("aria-") || name === "role") node.setAttribute(name, value);
    else if (name === "dataset" || name === "style") Object.assign(node[name], value);
    else node[name] = value;
  }
  node.append(...children.filter((c) => c != null && c !== false));
  return node;
}

export const $ = (id) => document.getElementById(id);

// keyed makes parent's children follow items: make(item) once for each new
// key, update(node, item) every time, and the order of items. Elements that
// stay are not touched, so a playing video keeps playing.
export function keyed(parent, items, key, make, update) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let previous = null;
  for (const item of items) {
    const k = String(key(item));
    let node = old.get(k);
    if (node) old.delete(k);
    else {
      node = make(item);
      node.dataset.key = k;
    }
    update(node, item);
    const next = previous ? previous.nextSibling : parent.firstChild;
    if (next !== node) parent.insertBefore(node, next);
    previous = node;
  }
  for (const node of old.values()) {
    node.dispose?.();
    node.remove();
  }
}

// text sets an element's text only when it changed.
export function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

// short abbreviates an identifier for people; the whole goes into a title.
export const short = (id) => (id.length > 9 ? id.slice(0, 4) + "…" + id.slice(-3) : id);
