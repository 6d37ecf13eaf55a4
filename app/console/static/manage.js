// Files can be dropped where they are chosen, and a log that grows stays at its end.
(() => {
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".drop").forEach((zone) => {
      const input = zone.querySelector('input[type="file"]');
      const over = (event) => { event.preventDefault(); zone.classList.add("over"); };
      zone.addEventListener("dragover", over);
      zone.addEventListener("dragleave", () => zone.classList.remove("over"));
      zone.addEventListener("drop", (event) => {
        event.preventDefault();
        zone.classList.remove("over");
        if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
      });
    });
    const toEnd = (within) => within.querySelectorAll(".log").forEach((log) => { log.scrollTop = log.scrollHeight; });
    toEnd(document);
    document.body.addEventListener("htmx:afterSettle", () => toEnd(document));
  });
})();
