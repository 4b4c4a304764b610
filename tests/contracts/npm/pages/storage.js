// Puts a file to storage with the published browser or React Native entry, and tells the test what happened.

import * as browser from "@hyperserve/hyperserve-js/browser";
import * as native from "@hyperserve/hyperserve-js/react-native";

/** Uploads the file chosen in the page; gives the progress it was told and how it ended. */
window.put = async ({ uploadUrl, contentType, entry, watch }) => {
  const [file] = document.querySelector("input").files;
  const percents = [];
  const onProgress = watch ? (percent) => percents.push(percent) : undefined;
  const { HyperserveUploadError, putVideoToStorage } = { browser, native }[entry];
  // React Native names a file by a URI that its fetch can read; an object URL is a browser's.
  const what = entry === "native" ? { uri: URL.createObjectURL(file) } : { file };
  try {
    await putVideoToStorage({ uploadUrl, contentType, onProgress, ...what });
    return { percents, error: null };
  } catch (error) {
    const { message, uploadStatus = null } = error;
    return { percents, error: { message, uploadStatus, named: error instanceof HyperserveUploadError } };
  }
};

const chooser = document.createElement("input");
chooser.type = "file";
document.querySelector("#app").append(chooser);
