"use strict";

// Files that are too large are told of before they are sent: the form would come back without them.
const files = document.getElementById("files");

files?.addEventListener("change", () => {
  const size = [...files.files].reduce((sum, file) => sum + file.size, 0);
  files.setCustomValidity(size > Number(files.dataset.limit) ? files.dataset.tooLarge : "");
  files.reportValidity();
});
