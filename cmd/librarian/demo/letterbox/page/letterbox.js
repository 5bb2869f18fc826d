"use strict";

const shown = () => document.getElementById("letters");
const behind = () => Number(shown().dataset.newest) < newest;
const events = new EventSource(shown().dataset.events);
let newest = 0;
let asking = false; // one at a time: of two lists on their way the older could come last, and stay

events.addEventListener("letter", async (event) => {
  newest = Number(event.data);
  while (behind() && !asking) {
    asking = true;
    try {
      const answer = await fetch(location.pathname);
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      shown().replaceWith(document.adoptNode(page.getElementById("letters")));
    } finally {
      asking = false;
    }
  }
});
