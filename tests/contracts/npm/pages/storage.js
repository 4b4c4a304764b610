// Puts a file to storage with the published browser entry, and keeps what happened for the test to read.

import { HyperserveUploadError, putVideoToStorage } from "@hyperserve/hyperserve-js/browser";

/** Uploads the file chosen in the page; gives the progress it was told and how it ended. */
window.put = async ({ uploadUrl, contentType, watch }) => {
  const [file] = document.querySelector("input").files;
  const percents = [];
  const onProgress = watch ? (percent) => percents.push(percent) : undefined;
  try {
    await putVideoToStorage({ uploadUrl, contentType, file, onProgress });
    return { percents, error: null };
  } catch (error) {
    const { message, uploadStatus = null } = error;
    return { percents, error: { message, uploadStatus, named: error instanceof HyperserveUploadError } };
  }
};

const chooser = document.createElement("input");
chooser.type = "file";
document.querySelector("#app").append(chooser);
