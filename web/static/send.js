// A form with data-send-at-once is sent without waiting for a click.
(function () {
  "use strict";

  var form = document.querySelector("form[data-send-at-once]");
  if (form) form.submit();
})();
