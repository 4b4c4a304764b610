// A React page as a customer would write it; the test type-checks it, bundles it and clicks on it.

import type { UploadState } from "@playhead/uploader";
import { PlayheadUploader } from "@playhead/uploader/react";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

const given = new URLSearchParams(location.search);

function Page() {
  const [sent, setSent] = useState<UploadState[]>([]);
  const [open, setOpen] = useState(true);
  const [limit, setLimit] = useState<number | undefined>(10);
  return (
    <main>
      <h1>Send us your videos</h1>
      {open && (
        <PlayheadUploader
          endpoint={given.get("endpoint") ?? undefined}
          multiple
          disabled={false}
          maxBytes={limit}
          className="mine"
          onFilesChosen={(event) => (event.detail.metadata["shelf"] = "seven")}
          // A new function each time, which sees the limit of its own rendering. Two may end before the next one.
          onUploadComplete={(state) => limit === undefined && setSent((before) => [...before, state])}
        >
          <h2 slot="heading">Films, please</h2>
        </PlayheadUploader>
      )}
      <button onClick={() => setLimit(undefined)}>Lift the limit</button>
      <button onClick={() => setOpen(false)}>Close</button>
      <ul aria-label="Sent">
        {sent.map((one) => (
          <li key={one.id}>{`${one.name}: ${one.size} bytes`}</li>
        ))}
      </ul>
    </main>
  );
}

const root = document.createElement("div");
document.body.append(root);
createRoot(root).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
