"use strict";

const shown = () => document.getElementById("letters");
const events = new EventSource(shown().dataset.events);

events.addEventListener("letter", async (event) => {
  if (event.data === shown().dataset.newest) return;
  const answer = await fetch(location.pathname);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  shown().replaceWith(document.adoptNode(page.getElementById("letters")));
});
