// Runs before the page is painted, so that a dark page is never shown light first.
document.body.dataset.theme = localStorage.getItem("theme") || "auto";
