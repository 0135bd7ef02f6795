// Passkeys. A button with data-passkey asks the server for a challenge at that
// address, lets the browser answer it, puts the answer into the form's field
// "credential" and sends the form.
(function () {
  "use strict";

  var works = window.PublicKeyCredential && PublicKeyCredential.parseCreationOptionsFromJSON && PublicKeyCredential.parseRequestOptionsFromJSON;

  function say(form, text) {
    var out = form.querySelector("[data-passkey-status]");
    if (out) out.textContent = text;
  }

  function reason(e, host) {
    if (e && e.name === "SecurityError" && host) {
      return "Passkeys of this Postern work only under " + host + ", and this page was opened under " + location.hostname +
        ". Open Postern there, or sign in another way.";
    }
    if (e && e.name === "NotAllowedError") return "The browser was not allowed to use a passkey, or it took too long. Try again.";
    if (e && e.name === "InvalidStateError") return "This device has a passkey for this account already.";
    if (e && e.message === "stale") return "You signed in a while ago. Load this page again and confirm that it is you.";
    return "That did not work. Try again, or use another way.";
  }

  function ask(button) {
    var form = button.closest("form"), host = "";
    say(form, "Follow your browser…");
    fetch(button.getAttribute("data-passkey"), { method: "POST", credentials: "same-origin", headers: { "Accept": "application/json" } })
      .then(function (res) {
        if (res.status === 401) throw new Error("stale");
        if (!res.ok) throw new Error("no challenge");
        return res.json();
      })
      .then(function (options) {
        host = options.publicKey.rpId || (options.publicKey.rp && options.publicKey.rp.id) || "";
        if (button.hasAttribute("data-passkey-new")) {
          return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey) });
        }
        return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey) });
      })
      .then(function (credential) {
        form.querySelector("[name=credential]").value = JSON.stringify(credential.toJSON());
        form.submit();
      })
      .catch(function (e) { say(form, reason(e, host)); });
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-passkey]").forEach(function (b) {
      if (works) {
        b.hidden = false;
      } else {
        say(b.closest("form"), "This browser cannot use passkeys here.");
      }
    });
  });
  document.addEventListener("click", function (e) {
    var b = e.target.closest("[data-passkey]");
    if (b) ask(b);
  });
})();
