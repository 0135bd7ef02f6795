// What pages do beyond HTML: copy buttons, times as people say them, focus
// on the list of problems. Everything else works without scripts.
(function () {
  "use strict";

  function copyButtons(root) {
    if (!navigator.clipboard) return; // plain http beyond localhost: select by hand
    root.querySelectorAll("[data-copy]").forEach(function (b) { b.hidden = false; });
  }

  // As the server writes them, "26 November 2031, 14:05", in the viewer's own zone.
  var date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });
  var clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

  function exact(d) { return date.format(d) + ", " + clock.format(d); }

  // "2 min ago", "in 3 h"; what is more than a week away is a date.
  function relative(d) {
    var seconds = Math.round((d - Date.now()) / 1000), far = Math.abs(seconds);
    var text;
    if (far < 45) return seconds > 0 ? "in a moment" : "just now";
    if (far < 3570) text = Math.round(far / 60) + " min";
    else if (far < 84600) text = Math.round(far / 3600) + " h";
    else if (far < 129600) text = "1 day";
    else if (far < 7 * 86400) text = Math.round(far / 86400) + " days";
    else return date.format(d);
    return seconds > 0 ? "in " + text : text + " ago";
  }

  function times(root) {
    root.querySelectorAll("time[data-time]").forEach(function (t) {
      var d = new Date(t.getAttribute("datetime"));
      if (isNaN(d)) return;
      var text = t.getAttribute("data-time") === "ago" ? relative(d) : exact(d);
      if (t.textContent !== text) t.textContent = text;
    });
  }

  function focusProblems(root) {
    var el = root.querySelector("[data-focus]");
    if (el) el.focus();
  }

  var live = document.createElement("div");
  live.className = "visually-hidden";
  live.setAttribute("role", "status");

  document.addEventListener("click", function (e) {
    var b = e.target.closest("[data-copy]");
    if (!b) return;
    navigator.clipboard.writeText(b.getAttribute("data-copy")).then(function () {
      var was = b.textContent, words = !b.classList.contains("icon-btn");
      if (words) b.textContent = "Copied";
      b.setAttribute("data-copied", "");
      live.textContent = b.getAttribute("aria-label") + ": done";
      setTimeout(function () {
        if (words) b.textContent = was;
        b.removeAttribute("data-copied");
        live.textContent = "";
      }, 1500);
    });
  });

  document.addEventListener("DOMContentLoaded", function () {
    document.body.appendChild(live);
    copyButtons(document);
    times(document);
    setInterval(function () { times(document); }, 20000);
    focusProblems(document);
    var follow = document.querySelector("a[data-follow]");
    if (follow) setTimeout(function () { location.assign(follow.href); }, 2000);
  });
  // What was searched for in a picker is done with once something is ticked.
  document.addEventListener("change", function (e) {
    var picker = e.target.closest(".picker");
    var typed = picker && picker.querySelector("[data-picker]");
    if (typed && e.target.type === "checkbox" && e.target.checked) typed.value = "";
  });

  // A button whose answer may take seconds says so.
  document.addEventListener("submit", function (e) {
    var b = e.submitter;
    if (!b || !b.hasAttribute("data-busy")) return;
    setTimeout(function () { // after the browser has read the form
      b.setAttribute("aria-disabled", "true");
      live.textContent = b.textContent = b.getAttribute("data-busy");
    });
  });

  // A form that is autosaved while it is typed says whether it was.
  function sayAutosaved(e, text) {
    var form = e.detail.elt;
    var said = form.matches("[data-autosave]") && form.querySelector("[data-autosave-status]");
    if (said && said.textContent !== text) said.textContent = text;
  }
  document.addEventListener("htmx:afterRequest", function (e) {
    if (!e.detail.xhr) return;
    var status = e.detail.xhr.status;
    if (status === 204) sayAutosaved(e, "What you type is kept. It counts once you save it.");
    else if (status === 401) sayAutosaved(e, "You are signed out, so what you type is not kept any more. Save it: you can sign in, and nothing is lost.");
    else sayAutosaved(e, "What you typed could not be kept just now. It still is on this page.");
  });

  document.addEventListener("htmx:afterSettle", function (e) {
    copyButtons(e.target);
    times(e.target);
  });
})();
