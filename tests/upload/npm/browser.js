// The clients of a page. A file is chosen in the page's <input>; `window.send` sends it by one of them.
import "@mux/mux-uploader";
import { createUpload } from "@mux/upchunk";
import Uppy from "@uppy/core";
import UppyTus from "@uppy/tus";
import * as clients from "./clients.js";

const xhrPut = (file, { url }) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let seen = 0;
    request.upload.onprogress = ({ loaded }) => (seen = loaded);
    request.onload = () =>
      request.status === 200 && seen === file.size ? resolve() : reject(new Error(`${request.status} ${seen}`));
    request.onerror = () => reject(new Error("network"));
    request.open("PUT", url);
    request.setRequestHeader("Content-Type", "video/mp4");
    request.send(file);
  });

const upchunk = (file, options) =>
  new Promise((resolve, reject) => {
    const upload = createUpload({ file, ...options });
    upload.on("error", ({ detail }) => reject(new Error(detail.message)));
    upload.on("success", () => resolve());
  });

const muxUploader = (file, { endpoint, chunkSize }) =>
  new Promise((resolve, reject) => {
    const element = document.createElement("mux-uploader");
    element.endpoint = endpoint;
    element.chunkSize = chunkSize;
    element.addEventListener("success", () => resolve());
    element.addEventListener("uploaderror", ({ detail }) => reject(new Error(detail.message)));
    document.body.append(element);
    element.dispatchEvent(new CustomEvent("file-ready", { composed: true, bubbles: true, detail: file }));
  });

const uppyTus = async (file, options) => {
  const uppy = new Uppy().use(UppyTus, options);
  uppy.addFile({ name: file.name, type: file.type, data: file });
  const { failed } = await uppy.upload();
  if (failed.length) throw failed[0].error;
};

const all = { ...clients, xhrPut, upchunk, muxUploader, uppyTus };

/** Sends the chosen file by the client called `name`; null, or why that failed. */
window.send = async (name, options) => {
  const [file] = document.querySelector("input").files;
  try {
    await all[name](file, options);
    return null;
  } catch (error) {
    return String(error);
  }
};
