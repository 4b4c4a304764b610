// The clients whose code runs in a browser and in Node alike. Each sends `file` and gives nothing, or throws.
import * as tus from "tus-js-client";

const CHUNK = 1024 * 1024;

/** tus-js-client; `options` are its own. */
export const tusJs = (file, options) =>
  new Promise((resolve, reject) => {
    const metadata = { filename: "film.mp4", filetype: "video/mp4" };
    const upload = new tus.Upload(file, {
      metadata,
      retryDelays: null,
      ...options,
      onSuccess: () => resolve(),
      onError: reject,
    });
    upload.start();
  });

/** fetch with the whole file as the body. */
export const fetchPut = async (file, { url }) => {
  const answer = await fetch(url, { method: "PUT", body: file, headers: { "Content-Type": "video/mp4" } });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
};

/** fetch in parts, asking where it stands before each. */
export const fetchRanges = async (file, { url }) => {
  const put = (range, body) =>
    fetch(url, { method: "PUT", body, headers: { "Content-Type": "video/mp4", "Content-Range": range } });
  for (;;) {
    const stands = await put(`bytes */${file.size}`);
    if (stands.ok) return;
    if (stands.status !== 308) throw new Error(`${stands.status} ${await stands.text()}`);
    const at = Number((stands.headers.get("Range") ?? "bytes=0--1").split("-").slice(1).join("-")) + 1;
    const stop = Math.min(at + CHUNK, file.size);
    await put(`bytes ${at}-${stop - 1}/${file.size}`, file.slice(at, stop));
  }
};

/** fetch with a form. */
export const fetchForm = async (file, { url }) => {
  const form = new FormData();
  form.append("file", file, "film.mp4");
  const answer = await fetch(url, { method: "POST", body: form });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
};
