// Small comforts. Every page works without them.
"use strict";

// Copy buttons show up only where copying works.
for (const button of document.querySelectorAll(".copy")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const from = button.dataset.copyFrom;
    await navigator.clipboard.writeText(from ? document.getElementById(from).value : button.dataset.copy);
    const before = button.innerHTML;
    button.textContent = "Copied";
    setTimeout(() => { button.innerHTML = before; }, 1500);
  });
}

// Shift-click on a tile is administrator mode, as in AWS.
for (const tile of document.querySelectorAll(".tile")) {
  tile.addEventListener("click", (event) => {
    if (!event.shiftKey) return;
    event.preventDefault();
    location.href = tile.dataset.admin;
  });
}

// The address of a tile, #/saml/default/<name>/<id>, opens the application,
// after the sign-in if that comes first: browsers keep it through a redirect.
function openDeepLink() {
  const match = location.hash.match(/^#\/saml\/default\/[^/]+\/(ins-[0-9a-f]{16})$/);
  if (!match) return;
  const path = "/start/open/" + match[1];
  if (location.pathname === "/start") location.replace(path);
  if (location.pathname === "/signin") document.querySelector("input[name=continue]").value = path;
}
addEventListener("hashchange", openDeepLink);
openDeepLink();

// Typing values or choosing a file also chooses how the metadata comes.
for (const [field, source] of [["acs", "manual"], ["audience", "manual"], ["metadata-file", "upload"]]) {
  document.getElementById(field)?.addEventListener("input", () => {
    document.querySelector(`input[name=source][value=${source}]`).checked = true;
  });
}
