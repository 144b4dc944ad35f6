// Small comforts; every page works without them. Nothing here is needed to pay, promise or complain.
"use strict";

// The sum of the ticked invoices, on the button that pays them.
for (const form of document.querySelectorAll(".pay-form")) {
  const output = form.querySelector("output[data-total]");
  const boxes = [...form.querySelectorAll("input[data-amount]")];
  if (!output) continue;
  // Grouped as the sums on the page are, also where a language leaves out the mark of four digits.
  const written = { style: "currency", currency: output.dataset.total, useGrouping: "always" };
  let money;
  try {
    money = new Intl.NumberFormat(output.dataset.locale, written);
  } catch {
    money = new Intl.NumberFormat("en", written);
  }
  const update = () => {
    const chosen = boxes.filter((box) => box.checked);
    const sum = chosen.reduce((total, box) => total + Number(box.dataset.amount), 0);
    output.textContent = chosen.length ? money.format(sum) : "";
    form.querySelector(".ways .btn-primary").disabled = chosen.length === 0;
  };
  form.addEventListener("change", update);
  update();
}

// A second press of the same button sends nothing twice. The page is usable again when somebody comes back to it.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const one of document.querySelectorAll(".working")) one.textContent = "";
});

// What takes longer than a moment says so.
for (const one of document.querySelectorAll("[data-long]")) {
  one.addEventListener(one.localName === "form" ? "submit" : "click", () => {
    setTimeout(() => {
      document.querySelector(".working").textContent = one.dataset.long;
    }, 400);
  });
}
