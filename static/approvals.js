// Keys for the queue of drafts. Without them everything is done with links and buttons; the keys can be switched off.
"use strict";
(() => {
  const drafts = [...document.querySelectorAll(".draft")];
  const line = document.querySelector(".keys");
  if (!drafts.length || !line) return;
  let on = localStorage.getItem("keys") !== "off";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-link";
  const show = () => {
    button.textContent = on ? "Switch the keys off" : "Switch the keys on";
    line.hidden = false;
  };
  button.addEventListener("click", () => {
    on = !on;
    localStorage.setItem("keys", on ? "on" : "off");
    show();
  });
  line.append(" ", button);
  show();

  const here = () => drafts.findIndex((draft) => draft.contains(document.activeElement));
  const go = (place) => {
    const draft = drafts[Math.max(0, Math.min(place, drafts.length - 1))];
    draft.focus();
    draft.scrollIntoView({ block: "nearest" });
  };
  const keys = {
    j: () => go(here() + 1),
    k: () => go(here() - 1),
    a: (draft) => draft.querySelector("form.approve")?.requestSubmit(),
    e: (draft) => draft.querySelector(".draft-edit")?.click(),
    o: (draft) => draft.querySelector(".draft-account").click(),
    s: (draft) => {
      draft.querySelector(".draft-skip").open = true;
      draft.querySelector("input[name=because]").focus();
    },
  };
  addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (!on || typing || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
    const draft = drafts[here()];
    if (!draft && !"jk".includes(event.key)) return;
    event.preventDefault();
    keys[event.key](draft);
  });
})();
